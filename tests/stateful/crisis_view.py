"""What the crisis contracts say in a look, and what the model makes of it."""

from collections.abc import Sequence
from typing import Any, Final

from ballast.keeper.snapshot import EmergencyView, Phase
from ballast.model import emergency
from ballast.model.crisis import CrisisParams, Record, State, steps_done
from ballast.model.emergency import EmergencyParams, Situation
from ballast.model.prices import Status
from ballast.model.rebalance import values_of
from ballast.units import BPS
from tests.stateful.world import World

PLAN: Final = "(address,uint256)[]"
PROBES: Final = "(address,bytes)[]"
WORDS: Final = "words"  # static values only: taken apart without the general decoder
Calls = dict[tuple[Any, ...], tuple[str, str, tuple[Any, ...], str]]


def crisis_calls(world: World) -> Calls:
    """Of detector, emergency index and kill switch, and of the Rebalancer what concerns them."""
    index, detector, switch, brain = world.index, world.detector, world.switch, world.brain
    calls: Calls = {
        ("all sound",): (detector, "allSound()", (), "bool"),
        ("worsened",): (detector, "lastWorsenedAt()", (), "uint256"),
        ("due",): (index, "emergencyDue()", (), "address"),
        ("changed",): (index, "changedAt()", (), "uint256"),
        ("loss",): (brain, "emergencyLoss()", (), WORDS),
        ("switch",): (switch, "getSettings()", (), WORDS),
        ("setting", "detector"): (detector, "getParams()", (), WORDS),
        ("setting", "emergency"): (index, "emergencyParams()", (), WORDS),
        ("setting", "halted"): (brain, "halted()", (), "bool"),
    }
    for i, token in enumerate(world.tokens):
        calls["record", i] = (detector, "recordOf(address)", (token,), WORDS)
        calls["track", i] = (detector, "trackOf(address)", (token,), WORDS)
        calls["setting", "mark", "forced", i] = (index, "isForced(address)", (token,), "bool")
        calls["setting", "mark", "released", i] = (index, "releasedAt(address)", (token,), "uint256")
        calls["setting", "plan", i] = (index, "emergencyWeightsOf(address)", (token,), PLAN)
        calls["setting", "group", i] = (index, "riskGroupOf(address)", (token,), "address[]")
        calls["setting", "probes", i] = (detector, "issuerProbesOf(address)", (token,), PROBES)
    for name, contract in (("detector", detector), ("index", index), ("switch", switch)):
        calls["setting", "authority", name] = (contract, "authority()", (), "address")
    return calls


def signed(word: int) -> int:
    """A word as int256."""
    return word - 2**256 if word >> 255 else word


class CrisisSeen:
    """The part of a look that is about crises; mixed into `observe.Seen`."""

    world: World

    @property
    def crisis_params(self) -> CrisisParams:
        return CrisisParams(*self["setting", "detector"])

    @property
    def emergency_params(self) -> EmergencyParams:
        return EmergencyParams(*self["setting", "emergency"])

    def record(self, coin: int) -> Record:
        """The detector's record of a coin."""
        state, at, since, deviation, confirmed, was_calm, *rest = self["record", coin]
        return Record(State(state), at, since, signed(deviation), bool(confirmed), bool(was_calm), *rest)

    @property
    def states(self) -> list[State]:
        return [State(self["record", coin][0]) for coin in self.coins]

    def is_forced(self, coin: int) -> bool:
        return self["setting", "mark", "forced", coin]

    def is_cut(self, coin: int) -> bool:
        """In crisis, or by a guardian's word."""
        return self.states[coin] is State.CRISIS or self.is_forced(coin)

    @property
    def is_emergency(self) -> bool:
        """Whether the session, open or not any more, is an emergency's."""
        return self.snapshot.session.is_emergency

    @property
    def in_emergency(self) -> bool:
        """Whether an emergency session is open."""
        return self.is_emergency and self.snapshot.session.phase is Phase.OPEN

    @property
    def due(self) -> int | None:
        """The coin that the emergency index says to flee."""
        tokens = [token.lower() for token in self.world.tokens]
        return tokens.index(self["due"]) if self["due"] in tokens else None

    @property
    def emergency_view(self) -> EmergencyView:
        """For the model's verdict; what a look at each coin would show is left out."""
        loss_used, last_fill_at = self["loss"]
        return EmergencyView(
            params=self.emergency_params,
            due=None if self.due is None else self.world.tokens[self.due],
            changed_at=self["changed"],
            loss_used=loss_used,
            last_fill_at=last_fill_at,
            pegs=(),
            detector=self.crisis_params,
            worsened_at=self["worsened"],
        )

    # -- prices as an emergency takes them

    def lenient(self, coin: int) -> tuple[int, int]:
        """Low and high; bounds that diverged as they are, 0 for a coin without a price."""
        quote = self.quotes[coin]
        usable = quote.status in (Status.GOOD, Status.DIVERGED)
        return (quote.low, quote.high) if usable else (0, 0)

    @property
    def lenient_mids(self) -> list[int]:
        return [sum(self.lenient(coin)) // 2 for coin in self.coins]

    # -- the composition

    def situations(self, reserves: Sequence[int]) -> list[Situation]:
        """The coins as the emergency index finds them when the fund holds `reserves`."""
        values, total = values_of(reserves, self.world.scales, self.lenient_mids)
        return [self._situation(coin, values[coin] * BPS // total if total else 0) for coin in self.coins]

    def composed(self, reserves: Sequence[int]) -> list[int]:
        """The model's targets."""
        return emergency.targets(self.situations(reserves), self.emergency_params.cap_bps)

    def _situation(self, coin: int, share: int) -> Situation:
        params, record = self.crisis_params, self.record(coin)
        weights = dict(self["setting", "plan", coin])
        tokens = [token.lower() for token in self.world.tokens]
        released_at = self["setting", "mark", "released", coin]
        since = (self["time"] - released_at) // params.step_interval if released_at else 0
        return Situation(
            weight=self["ordinary"][1][coin],
            share=share,
            state=record.state,
            recovered=(steps_done(record, params), params.steps),
            forced=self.is_forced(coin),
            released=(min(since, params.steps), params.steps) if released_at else (0, 0),
            plan=tuple(weights.get(token, 0) for token in tokens) if weights else None,
            leaning=frozenset(tokens.index(token) for token in self["setting", "group", coin]),
        )
