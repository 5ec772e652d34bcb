"""The section `lending:` of an index description: where each coin may be lent, and within which limits.

An index without it never lends. Amounts are whole coins, limits bps of the coin's reserve (idle and lent),
scores per mille, times seconds.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ballast.index_types import Address, Bps, ChainlinkSource, FeeTier, Seconds, Strict, Symbol, refuse_twice
from ballast.units import PER_MILLE, SECONDS_PER_DAY

MAX_STRATEGIES = 6  # of one coin, as StrategyManager allows
KINDS = ("aave_v3", "compound_v3", "curve", "convex", "erc4626")

Coins = Annotated[Decimal, Field(gt=0, max_digits=30, allow_inf_nan=False)]  # whole coins


class _Limited(Strict):
    """What every strategy has: a name within its coin, caps, and the curator's judgement."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,24}$")] = ""  # its kind, unless given
    cap: Coins  # never more than this is allocated to it
    cap_bps: Annotated[Bps, Field(ge=1)]  # nor more of the coin's reserve
    score: Annotated[int, Field(ge=1, le=PER_MILLE)]  # its yield counts so much: how far we trust it

    @model_validator(mode="before")
    @classmethod
    def _named(cls, raw: object) -> object:
        """Without a name it goes by its kind."""
        if isinstance(raw, dict) and not raw.get("name") and "kind" in raw:
            return {**raw, "name": raw["kind"]}
        return raw


class AaveV3(_Limited):
    """Supplied to an Aave V3 pool."""

    kind: Literal["aave_v3"]
    pool: Address
    rewards: Address | None = None  # the RewardsController, where it pays any


class CompoundV3(_Limited):
    """Supplied to a Comet as its base asset."""

    kind: Literal["compound_v3"]
    comet: Address
    rewards: Address  # CometRewards


class Curve(_Limited):
    """Liquidity of a StableSwap-NG pool, in and out with this coin alone."""

    kind: Literal["curve"]
    pool: Address


class Convex(_Limited):
    """The same, staked at Convex."""

    kind: Literal["convex"]
    pool: Address
    booster: Address
    pool_id: Annotated[int, Field(ge=0)]  # Convex's number of the pool
    extra_rewards: tuple[Address, ...] = ()  # that its reward pool pays besides CRV and CVX


class Erc4626(_Limited):
    """Somebody else's ERC-4626 vault as it is."""

    kind: Literal["erc4626"]
    vault: Address


Own = AaveV3 | CompoundV3 | Curve | Convex  # deployed with the index
Strategy = Annotated[AaveV3 | CompoundV3 | Curve | Convex | Erc4626, Field(discriminator="kind")]


class CoinLending(Strict):
    """One coin: what stays idle, how fast gains count, and where it may be lent, most preferred first."""

    buffer_bps: Bps = 1_000  # that `allocate` leaves idle
    unlock_seconds: Annotated[Seconds, Field(ge=3_600, le=30 * SECONDS_PER_DAY)] = SECONDS_PER_DAY
    strategies: Annotated[tuple[Strategy, ...], Field(min_length=1, max_length=MAX_STRATEGIES)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse_twice("strategy", [strategy.name for strategy in self.strategies])
        return self


class RewardHop(Strict):
    """One Uniswap V3 pool on a reward's way: its fee tier, and the token that comes out."""

    fee: FeeTier
    token: Address


class Reward(Strict):
    """A token that markets pay on top: its prices, and the way to each coin it is sold for."""

    token: Address
    decimals: Annotated[int, Field(ge=0, le=18)]
    oracle: Annotated[tuple[ChainlinkSource, ...], Field(min_length=1, max_length=4)]
    min_sources: Annotated[int, Field(ge=1)] = 1  # good answers needed for a GOOD quote
    max_deviation_bps: Bps = 200  # between the lowest and the highest good source
    routes: Annotated[
        dict[Symbol, Annotated[tuple[RewardHop, ...], Field(min_length=1, max_length=4)]], Field(min_length=1)
    ]

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.min_sources > len(self.oracle):
            raise ValueError(
                f"min_sources is {self.min_sources} but only {len(self.oracle)} sources are given"
            )
        return self


class OptimizerParams(Strict):
    """When moving between markets is worth it, and how large a part of one the fund may be."""

    differential_bps: Annotated[Bps, Field(ge=1, le=1_000)] = 50  # of risk-adjusted yield a year
    horizon_seconds: Annotated[int, Field(ge=3_600, le=365 * SECONDS_PER_DAY)] = 30 * SECONDS_PER_DAY
    max_share_bps: Annotated[Bps, Field(ge=1, le=5_000)] = 1_000  # of a market's supply, our part included
    move_gas: Annotated[int, Field(ge=50_000, le=5_000_000)] = 550_000  # of one allocation or deallocation


class Lending(Strict):
    """All of it."""

    jump_bps: Annotated[Bps, Field(ge=1, le=2_000)] = 100  # a share that moves more pauses its strategy
    loss_budget_bps: Annotated[Bps, Field(le=1_000)] = 10  # of a coin's reserve that moves may lose ...
    loss_period_seconds: Annotated[int, Field(ge=3_600)] = 7 * SECONDS_PER_DAY  # ... refilled over this long
    optimizer: OptimizerParams = OptimizerParams()
    coins: Annotated[dict[Symbol, CoinLending], Field(min_length=1)]
    rewards: dict[Symbol, Reward] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        vaults = [
            strategy.vault
            for coin in self.coins.values()
            for strategy in coin.strategies
            if isinstance(strategy, Erc4626)
        ]
        refuse_twice("erc4626 vault", vaults)
        refuse_twice("reward token", [reward.token for reward in self.rewards.values()])
        return self

    def check(self, tokens: Mapping[str, str]) -> None:
        """ValueError where the section does not fit the index's coins. `tokens`: address by symbol."""
        for symbol in self.coins:
            if symbol not in tokens:
                raise ValueError(f"lending.coins: {symbol} is not a coin of this index")
        for name, reward in self.rewards.items():
            if reward.token in tokens.values():
                raise ValueError(f"lending.rewards.{name}: a coin of the index is never sold as a reward")
            for symbol, hops in reward.routes.items():
                if symbol not in tokens:
                    raise ValueError(f"lending.rewards.{name}: {symbol} is not a coin of this index")
                if hops[-1].token != tokens[symbol]:
                    raise ValueError(
                        f"lending.rewards.{name}.routes.{symbol}: the last hop must end at {symbol}, "
                        f"{tokens[symbol]}"
                    )
