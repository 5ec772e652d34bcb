"""The lent part of a fund at one block: what each coin's strategies hold, pay and would take.

Amounts are in the coin's own decimals, values WAD{USD}, limits bps of the coin's reserve, scores per mille.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ballast.model.yields import Market
from ballast.units import BPS, WAD, ceil_div

Natural = Annotated[int, Field(ge=0)]
Bps = Annotated[int, Field(ge=0, le=10_000)]


@dataclass(frozen=True)
class PendingReward:
    """A reward that a harvest would claim and sell for the coin."""

    token: str
    symbol: str
    amount: Natural  # own decimals
    value: Natural  # WAD{USD} at its low price; 0 while it has none
    path: str  # hex of the venue's route; empty when the description knows no way to the coin


@dataclass(frozen=True)
class StrategyView:
    """One strategy of one coin."""

    address: str
    name: str
    shares: Natural  # of the strategy, that the manager holds
    value: Natural  # {coin} that they are worth; 0 when it does not say
    liquid: Natural  # {coin} that it would pay us now
    room: Natural  # {coin} that it would take from us now
    absolute_cap: Natural  # {coin}
    relative_cap_bps: Bps
    score: Natural  # per mille, the curator's; 0 when it has none
    paused: bool
    readable: bool
    market: Market | None  # what it pays at any size; None when that cannot be read
    rewards: tuple[PendingReward, ...] = ()
    recorder: str = ""  # the lens, where it learns the yield from looks at the share's price
    recorded_at: Natural = 0  # s, the last such look; 0 before the first

    def cap(self, reserve: int) -> int:
        """{coin} that may be in it while the coin's whole reserve is `reserve`."""
        return min(self.absolute_cap, reserve * self.relative_cap_bps // BPS)

    @property
    def is_open(self) -> bool:
        """Whether more may be put in."""
        return self.readable and not self.paused


@dataclass(frozen=True)
class LentCoin:
    """One coin with its strategies, in the manager's order."""

    token: str
    symbol: str
    decimals: Annotated[int, Field(ge=0, le=18)]
    idle: Natural  # {coin} in the vault
    reserve: Natural  # {coin} idle and lent, as leaving holders count it
    buffer_bps: Bps
    may_enter: bool  # the coin is not on watch
    price: Natural | None  # WAD{USD/coin}, the low one; None unless GOOD
    unsynced: int  # {coin} by which the strategies' value has changed since the last look; below 0 a loss
    strategies: tuple[StrategyView, ...]

    @property
    def blind(self) -> tuple[StrategyView, ...]:
        """Strategies that do not say what our shares are worth: only a guardian moves the coin meanwhile."""
        return tuple(s for s in self.strategies if s.shares and not s.readable)

    @property
    def lent(self) -> int:
        """{coin} that the strategies say they are worth."""
        return sum(strategy.value for strategy in self.strategies)

    @property
    def stuck(self) -> int:
        """{coin} lent that cannot be had now."""
        return sum(max(0, strategy.value - strategy.liquid) for strategy in self.strategies)

    @property
    def buffer(self) -> int:
        """{coin} that stays idle."""
        return ceil_div(max(self.reserve, self.idle + self.lent) * self.buffer_bps, BPS)

    @property
    def lendable(self) -> int:
        """{coin} that may be lent in all."""
        return max(0, self.idle + self.lent - self.buffer)

    def worth(self, amount: int) -> int:
        """WAD{USD} of an amount of the coin; 0 while it has no good price."""
        scale: int = 10 ** (18 - self.decimals)
        return amount * scale * (self.price or 0) // WAD

    def strategy(self, address: str) -> StrategyView:
        """The strategy of that address. KeyError when the coin has none such."""
        for strategy in self.strategies:
            if strategy.address == address:
                return strategy
        raise KeyError(address)


@dataclass(frozen=True)
class LendingView:
    """All coins that have strategies, and when moving pays."""

    coins: tuple[LentCoin, ...]
    differential_bps: Bps  # of risk-adjusted yield a year
    horizon: Natural  # s, within which a move must pay back its gas
    max_share_bps: Bps  # of a market's supply, our part included
    move_gas: Natural  # of one allocation or deallocation

    def coin(self, token: str) -> LentCoin:
        """The coin of that token. KeyError when it has no strategies."""
        for coin in self.coins:
            if coin.token == token:
                return coin
        raise KeyError(token)
