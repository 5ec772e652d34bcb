"""One consistent view of the whole system at one block: all that the keeper's decisions stand on.

Amounts are in a token's own decimals, prices WAD{USD/coin}, values WAD{USD}, weights bps, times seconds.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from ballast.errors import DataError
from ballast.keeper.lending_view import LendingView
from ballast.model.crisis import CrisisParams, Sight, State
from ballast.model.emergency import EmergencyParams
from ballast.model.prices import PriceQuote
from ballast.model.rebalance import Reason, TriggerParams

Natural = Annotated[int, Field(ge=0)]
Bps = Annotated[int, Field(ge=0, le=10_000)]


class Phase(IntEnum):
    """Where the Rebalancer's session stands."""

    IDLE = 0  # before the first session only
    OPEN = 1
    SETTLED = 2
    EXPIRED = 3


@dataclass(frozen=True)
class Coin:
    """One coin of the basket as the vault, the calculator and the oracle see it."""

    token: str
    symbol: str
    decimals: Annotated[int, Field(ge=0, le=18)]
    reserve: Natural  # own decimals
    vault_weight: Bps  # bps, the target the vault holds now
    optimal_weight: Bps  # bps, what the calculator says; 0 for a coin being dropped
    quote: PriceQuote
    held: bool = True  # a constituent of the vault now; False for one the calculator wants to add
    stuck: Natural = 0  # of the reserve, lent and not to be had now

    @property
    def scale(self) -> int:
        """10**(18 - decimals): reserve * scale is WAD{coin}."""
        return int(10 ** (18 - self.decimals))


@dataclass(frozen=True)
class SessionPrice:
    """A coin's price as the open session stored it, in the unit the Rebalancer keeps."""

    token: str
    price: Natural  # 1e-8 USD


@dataclass(frozen=True)
class Session:
    """The Rebalancer's session. Times are 0 for what never happened."""

    phase: Phase
    id: Natural  # of the open session, or of the last one; they count from 1
    opened_at: Natural = 0
    expires_at: Natural = 0
    last_fill_at: Natural = 0  # the last keeper fill of any session
    last_ended_at: Natural = 0  # when a session last settled or expired
    last_settled_at: Natural = 0  # when a session last settled
    loss_used: Natural = 0  # 1e-12 of the fund, spent of the loss budget as of `last_fill_at`
    prices: tuple[SessionPrice, ...] = ()
    is_emergency: bool = False  # opened by `executeEmergencyRebalance`


@dataclass(frozen=True)
class FillParams:
    """What a fill may do."""

    settle_band_bps: Bps
    slip_bps: Bps  # at rest
    slip_ceiling_bps: Bps
    loss_budget_bps: Bps  # of the fund, per `loss_period`
    loss_period: Annotated[int, Field(ge=1)]  # s
    fill_interval: Natural  # s between two keeper fills
    max_trades: Natural
    max_trade_value: Natural  # WAD{USD} per pair and fill


@dataclass(frozen=True)
class PairLimits:
    """A pair's own limits, either way round, in place of the general ones."""

    token_a: str
    token_b: str
    slip_bps: Bps
    max_trade_value: Natural  # WAD{USD} per fill


@dataclass(frozen=True)
class Params:
    """The Rebalancer's parameters as they are on chain."""

    trigger: TriggerParams
    fill: FillParams
    pairs: tuple[PairLimits, ...] = ()


@dataclass(frozen=True)
class Rung:
    """One quote: what a hop pays for an amount, both in own decimals, from the pool's present state."""

    amount_in: Natural
    amount_out: Natural


@dataclass(frozen=True)
class Hop:
    """One pool in one direction and its ladder of quotes at increasing sizes."""

    pool: str
    fee: Natural  # hundredths of a bp
    token_in: str
    token_out: str
    ladder: tuple[Rung, ...]

    @property
    def is_usable(self) -> bool:
        """Whether there are quotes, and every larger amount is paid more."""
        pairs = pairwise((Rung(0, 0), *self.ladder))
        return bool(self.ladder) and all(
            a.amount_in < b.amount_in and a.amount_out < b.amount_out for a, b in pairs
        )


@dataclass(frozen=True)
class Peg:
    """One coin as the detector has it."""

    token: str
    state: State
    since: Natural  # s, since when; 0 before the first change
    observed_at: Natural  # s, the last look; 0 before the first
    deviation: int  # bps{$1}, signed, of the last look
    now: Sight  # what a look would show now
    stopped: bool = False  # the issuer has paused the coin or blocked the fund
    done: Natural = 0  # steps back that a recovering coin has taken


@dataclass(frozen=True)
class EmergencyView:
    """What the EmergencyIndex and its detector say."""

    params: EmergencyParams
    due: str | None  # the coin to flee from now
    changed_at: Natural  # s, since when an emergency's older targets no longer hold
    loss_used: Natural  # 1e-12 of the fund, spent of the emergencies' loss budget as of `last_fill_at`
    last_fill_at: Natural  # s, the last keeper fill of an emergency session
    pegs: tuple[Peg, ...]  # in the index's order
    detector: CrisisParams
    worsened_at: Natural  # s, since when an ordinary session's do not: a coin's state worsened


@dataclass(frozen=True)
class KillSwitch:
    """The switch that stops ordinary trading after a fall; values WAD{USD/share}."""

    drop_bps: Bps  # it may be tripped when the value is further than this below the highest checkpoint
    window: Natural  # s that a checkpoint counts
    spacing: Natural  # s between two checkpoints at least
    last_at: Natural  # s, the last checkpoint; 0 before the first
    highest: Natural  # checkpoint of the window; 0 when it holds none
    value: Natural | None  # now, as a trip takes it; None while a price is missing or there are no shares


@dataclass(frozen=True)
class Verdict:
    """What `shouldRebalance()` answered in the snapshot's block."""

    should: bool
    reason: Reason


@dataclass(frozen=True)
class Snapshot:
    """The system at one block."""

    chain_id: Natural
    block: Natural
    timestamp: Natural  # s
    coins: tuple[Coin, ...]
    total_supply: Natural  # WAD{share}
    data_stale: bool  # the calculator's inputs are older than allowed: its weights are frozen
    params: Params
    session: Session
    paused: bool  # by a guardian: nothing trades
    gas_price: (
        Natural  # wei{ETH/gas}, the higher of the base fee and the gas price the verdict was asked with
    )
    eth_quote: PriceQuote
    verdict: Verdict
    hops: tuple[Hop, ...]
    hubs: tuple[str, ...]  # tokens that a two-hop route may pass through
    halted: bool = False  # the kill switch stopped ordinary trading; emergencies go on
    emergency: EmergencyView | None = None  # None for a Rebalancer without emergencies
    kill_switch: KillSwitch | None = None
    lending: LendingView | None = None  # None for an index that never lends

    def coin(self, token: str) -> Coin:
        """The coin of that address. KeyError when there is none."""
        for coin in self.coins:
            if coin.token == token:
                return coin
        raise KeyError(token)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; integers stay integers, however large."""
        dumped: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return dumped

    @staticmethod
    def from_dict(raw: object) -> "Snapshot":
        """The snapshot that `to_dict` gave. DataError, one line, names the first key that does not fit."""
        try:
            return _ADAPTER.validate_python(raw)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"]) or "the document"
            raise DataError(f"snapshot: {key}: {first['msg']}; take a new one with `status --json`") from None


_ADAPTER = TypeAdapter(Snapshot)
