"""What the demo's lending act leaves behind: a frame a day, every move, and the way out of a full market."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ballast.chain.lending_status import apy_of
from ballast.demo.sent import Sent, usd
from ballast.keeper.lending_view import LendingView
from ballast.keeper.snapshot import Snapshot
from ballast.model.rebalance import value_of
from ballast.units import WAD, human


@dataclass(frozen=True)
class LentFrame:
    """The fund at one time of the act."""

    at: datetime
    snapshot: Snapshot

    @property
    def view(self) -> LendingView:
        """The lent part."""
        assert self.snapshot.lending is not None, "the act's index lends"
        return self.snapshot.lending

    @property
    def share_value(self) -> int:
        """WAD{USD/share} at the oracle's mid prices, as leaving holders count it."""
        nav = sum(value_of(c.reserve, c.scale, c.quote.mid) for c in self.snapshot.coins if c.held)
        return nav * WAD // self.snapshot.total_supply

    @property
    def places(self) -> dict[str, int]:
        """WAD{USD} by where it is: "USDC in aave_v3", and "idle"."""
        found = {"idle": 0}
        lent = {coin.token: coin for coin in self.view.coins}
        for coin in self.snapshot.coins:
            price, known = coin.quote.mid, lent.get(coin.token)
            idle = coin.reserve if known is None else known.idle
            found["idle"] += value_of(idle, coin.scale, price)
            for strategy in known.strategies if known is not None else ():
                found[f"{coin.symbol} in {strategy.name}"] = value_of(strategy.value, coin.scale, price)
        return found

    @property
    def yields(self) -> dict[str, float | None]:
        """What each market pays a year, by the same names."""
        rates = {
            f"{coin.symbol} in {strategy.name}": apy_of(strategy)
            for coin in self.view.coins
            for strategy in coin.strategies
        }
        return {name: None if rate is None else rate / WAD for name, rate in rates.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "at": self.at.isoformat(),
            "block": self.snapshot.block,
            "share_price_usd": self.share_value / WAD,
            "places_usd": {name: usd(value) for name, value in self.places.items()},
            "yields": self.yields,
        }


@dataclass(frozen=True)
class LentMove:
    """One transaction of the keeper on the lending side."""

    at: datetime
    kind: str
    why: str
    detail: str
    sent: Sent

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        told = {"at": self.at.isoformat(), "kind": self.kind, "why": self.why, "detail": self.detail}
        return told | self.sent.to_dict()


@dataclass(frozen=True)
class Harvest:
    """Rewards sold for the coin that earned them."""

    at: datetime
    where: str
    gain: int  # WAD{USD}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"at": self.at.isoformat(), "where": self.where, "gain_usd": usd(self.gain)}


@dataclass(frozen=True)
class FullExit:
    """A withdrawal while every market of a coin is lent out to the last unit. Values WAD{USD}."""

    at: datetime
    coin: str
    shares: int  # WAD{share}
    owed: Mapping[str, int]  # by coin
    paid: Mapping[str, int]  # in coins, by coin
    in_shares: Mapping[str, int]  # in a strategy's own shares, by its name
    redeemed: int = 0  # WAD{USD} that the strategies' shares brought later
    redeemed_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "at": self.at.isoformat(),
            "coin": self.coin,
            "shares": float(human(self.shares)),
            "owed_usd": {name: usd(value) for name, value in self.owed.items()},
            "paid_usd": {name: usd(value) for name, value in self.paid.items()},
            "in_strategy_shares_usd": {name: usd(value) for name, value in self.in_shares.items()},
            "redeemed_usd": usd(self.redeemed),
            "redeemed_at": self.redeemed_at.isoformat() if self.redeemed_at else None,
        }


@dataclass
class LentStory:
    """The whole act."""

    headline: str
    frames: list[LentFrame] = field(default_factory=list)
    moves: list[LentMove] = field(default_factory=list)
    harvests: list[Harvest] = field(default_factory=list)
    exit: FullExit | None = None

    @property
    def earned(self) -> float:
        """Fraction by which a share gained from the first frame to the last."""
        return self.frames[-1].share_value / self.frames[0].share_value - 1

    @property
    def per_year(self) -> float:
        """The same as a yield a year."""
        seconds = (self.frames[-1].at - self.frames[0].at).total_seconds()
        return self.earned * 365 * 86_400 / seconds

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "headline": self.headline,
            "from": self.frames[0].at.isoformat(),
            "to": self.frames[-1].at.isoformat(),
            "earned": self.earned,
            "per_year": self.per_year,
            "harvested_usd": usd(sum(harvest.gain for harvest in self.harvests)),
            "moves": [move.to_dict() for move in self.moves],
            "harvests": [harvest.to_dict() for harvest in self.harvests],
            "gas_used": sum(move.sent.gas_used for move in self.moves),
            "exit": self.exit.to_dict() if self.exit else None,
            "frames": [frame.to_dict() for frame in self.frames],
        }
