"""What a run remembers of its crises: the looks as they were, the model's records, what fills lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from eth_abi import decode
from eth_utils import to_checksum_address

from ballast.model.crisis import CrisisParams, Record, State, look, sight
from ballast.model.prices import AssetSettings, RawAnswer, SourceLimits, good_prices
from ballast.model.volumes import RING_SIZE, Volumes
from ballast.replica.rpc import encode_call, hex0x
from ballast.units import BPS, WAD
from tests.stateful.crisis_view import signed
from tests.stateful.observe import Seen, split

ROUND = encode_call("latestRoundData()")
AGGREGATE = "aggregate3((address,bool,bytes)[])"
OBSERVATIONS = "(uint256,int256,uint256,uint256,uint256,bool,bool,bool,bool)[]"
STOPPING = {"USDC": "USDC", "USDT": "USDT"}  # coins whose issuers the detector asks


@dataclass(frozen=True)
class Shown:
    """What one look could see, source by source; nothing of it comes from the detector or its model."""

    time: int  # s
    depths: tuple[int, ...]  # bps below $1 of every source that answers, the deepest first; 0 above
    volume: int  # USD an hour, as the reporter last said

    def depth(self, sources: int) -> int:
        """How far below $1 at least so many sources are."""
        return self.depths[sources - 1] if len(self.depths) >= sources else 0


@dataclass
class Peg:
    """One coin."""

    record: Record  # the model's
    volumes: Volumes  # the model's
    shown: list[Shown] = field(default_factory=list)  # since it was last SOUND or RECOVERING


@dataclass(frozen=True)
class Checkpoint:
    """One of the kill switch's."""

    time: int  # s
    value: int  # WAD{USD/share}, the model's


@dataclass(frozen=True)
class Loss:
    """What a fill lost."""

    time: int  # s
    share: int  # 1e-12 of the fund, rounded down


@dataclass
class CrisisMemory:
    """Of one run."""

    pegs: list[Peg]
    checkpoints: list[Checkpoint] = field(default_factory=list)
    emergency_losses: list[Loss] = field(default_factory=list)  # at the worst prices, as the budget counts
    losses: list[Loss] = field(default_factory=list)  # of all fills, at mid prices

    @classmethod
    def begin(cls, seen: Seen) -> "CrisisMemory":
        """As the detector stands."""
        return cls([_peg(seen, coin) for coin in seen.coins])


def _peg(seen: Seen, coin: int) -> Peg:
    world = seen.world
    if coin not in world.past:  # every run begins with the same one
        listed = world.ask(
            world.detector, "observationsOf(address)", [world.tokens[coin]], OBSERVATIONS, world.deployer
        )
        world.past[coin] = tuple(entry[4] for entry in listed)[-RING_SIZE:]
    volume, reported_at, *_ = seen["track", coin]
    return Peg(seen.record(coin), Volumes(volume, reported_at, world.past[coin]))


def look_at(seen: Seen, coin: int, peg: Peg) -> Shown:
    """Plays a look at `seen`'s block into the peg by the model, from the sources' own answers."""
    params, now = seen.crisis_params, seen["time"]
    prices, sources = good_prices(raw_answers(seen, coin), settings_of(seen, coin), now)
    volume = peg.volumes.known(now)
    surge = peg.volumes.surges(now, params.surge_tenths)
    shown = sight(prices, sources, params.confirmations)
    before = peg.record.state
    peg.record = look(peg.record, shown, is_stopped(seen, coin), surge, now, params)
    peg.volumes = peg.volumes.looked(now)
    depths = sorted((max(0, WAD - price) * BPS // WAD for price in prices), reverse=True)
    view = Shown(now, tuple(depths), volume)
    if peg.record.state is not before and peg.record.state in (State.SOUND, State.RECOVERING):
        peg.shown.clear()
    peg.shown.append(view)
    return view


def is_stopped(seen: Seen, coin: int) -> bool:
    """Whether the issuer has paused the coin or blocked the fund."""
    symbol = seen.world.symbols[coin]
    if symbol not in STOPPING:
        return False
    return seen[f"paused {symbol}",] or seen[f"frozen {symbol}", seen.world.vault]


def settings_of(seen: Seen, coin: int) -> AssetSettings:
    """The oracle's settings of a coin, for the model of prices."""
    sources, quorum, spread, frozen = seen["setting", "sources", seen.world.tokens[coin]]
    limits = tuple(
        SourceLimits(heartbeat, decimals, low, high) for _, heartbeat, decimals, low, high in sources
    )
    return AssetSettings(limits, quorum, spread, frozen)


def raw_answers(seen: Seen, coin: int) -> list[RawAnswer | None]:
    """What each of the coin's sources answers in the newest block, which is `seen`'s."""
    world = seen.world
    feeds = [source[0] for source in seen["setting", "sources", world.tokens[coin]][0]]
    asked = encode_call(AGGREGATE, ([(to_checksum_address(feed), True, ROUND) for feed in feeds],))
    multicall = world.replica.book.contracts["multicall3"]
    call = {"from": world.deployer, "to": multicall, "data": hex0x(asked), "gas": hex(30_000_000)}
    returned = bytes.fromhex(world.rpc.call("eth_call", call, "latest")[2:])
    return [_round(data) if success else None for success, data in split(returned)]


def _round(data: bytes) -> RawAnswer | None:
    if len(data) < 160:
        return None
    words = [int.from_bytes(data[at : at + 32], "big") for at in range(0, 160, 32)]
    return RawAnswer(words[0], signed(words[1]), words[2], words[3], words[4])


def confirmed_area(shown: Sequence[Shown], params: CrisisParams) -> int:
    """bps * s that two sources showed below the allowance at both ends of an interval; nothing runs back."""
    area = 0
    for earlier, later in pairwise(shown):
        both = min(earlier.depth(params.confirmations), later.depth(params.confirmations))
        area += max(0, both - params.allowance_bps) * min(later.time - earlier.time, params.max_gap)
    return area


def confirmed_surge(shown: Sequence[Shown], params: CrisisParams) -> bool:
    """Whether the last looks show two sources deep down, with a volume that the reporter had told."""
    last = shown[-params.surge_looks :]
    deep = [view.depth(params.confirmations) >= params.surge_bps and view.volume > 0 for view in last]
    return len(deep) == params.surge_looks and all(deep)


def decoded(log: dict[str, Any], types: list[str]) -> tuple[Any, ...]:
    """An event's data."""
    return decode(types, bytes.fromhex(log["data"][2:]))
