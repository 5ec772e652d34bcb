"""An emergency from the hand of one person: look or force, open, fill, until the fund is settled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ape.api import AccountAPI, ReceiptAPI
from ape.utils import ManagerAccessMixin

from ballast.chain.authority import Act, may_call
from ballast.chain.keeper_loop import trade_tuples
from ballast.chain.snapshot import take_snapshot
from ballast.chain.system import System
from ballast.chain.transactor import send_call
from ballast.errors import ChainError, ConfigError
from ballast.index_file import IndexFile
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Action, Cause, Plan, decide
from ballast.keeper.rules import in_emergency
from ballast.keeper.snapshot import Peg, Snapshot
from ballast.model.crisis import State

MAX_FILLS = 20  # of one run: a fund that needs more waits for something else than us

Say = Callable[[str], None]


@dataclass(frozen=True)
class Sent:
    """One transaction that went through."""

    act: Act
    sender: str
    receipt: ReceiptAPI


@dataclass
class Flight:
    """What one run did."""

    asset: str
    before: Snapshot
    sent: list[Sent] = field(default_factory=list)
    after: Snapshot | None = None
    left: str = ""  # why it is not settled, in words; empty when it is

    @property
    def gas_used(self) -> int:
        """Of all transactions."""
        return sum(int(item.receipt.gas_used) for item in self.sent)


@dataclass(frozen=True)
class Crew:
    """Who signs what; one person may be all three."""

    opener: AccountAPI
    filler: AccountAPI
    forced: bool  # the opener is a guardian who does not wait for the detector


class EmergencyRun:
    """One emergency of one coin, carried out transaction by transaction."""

    def __init__(
        self,
        system: System,
        index: IndexFile,
        crew: Crew,
        policy: Policy,
        say: Say,
        wait: Callable[[float], None],
    ) -> None:
        """`wait` lets the seconds between two fills go by."""
        self._system = system
        self._index = index
        self._crew = crew
        self._policy = policy
        self._say = say
        self._wait = wait

    def run(self, asset: str) -> Flight:
        """Opens the emergency of the coin of that symbol and fills it; a BallastError when it cannot."""
        token = coin_token(self._index, asset)
        flight = Flight(asset, self._look())
        refuse_paused(flight.before)
        if in_emergency(flight.before):
            self._say(f"emergency session {flight.before.session.id} is open already: going on with it")
        else:
            self._open(flight, token)
        self._fill(flight)
        flight.after = self._look()
        return flight

    def _look(self) -> Snapshot:
        return take_snapshot(self._system, self._index)

    def _open(self, flight: Flight, token: str) -> None:
        act = opening(self._system, flight.asset, token)
        opener = self._crew.opener
        if self._crew.forced:
            require_guardian(self._system, str(opener.address), act)
        else:
            self._confirm(flight, token)
        self._send(flight, opener, act)

    def _confirm(self, flight: Flight, token: str) -> None:
        """Lets the detector look once more where that may make the difference."""
        peg = peg_of(flight.before, token)
        if peg.state == State.CRISIS:
            return
        params = flight.before.emergency.detector if flight.before.emergency else None
        if params and flight.before.timestamp >= peg.observed_at + params.spacing:
            self._send(flight, self._crew.opener, observing(self._system, flight.asset, token))
            peg = peg_of(self._look(), token)
        if peg.state != State.CRISIS:
            raise ChainError(
                f"{flight.asset} is in {peg.state.name}, not in CRISIS: wait for the detector, or decide as "
                "a guardian with --as-guardian"
            )

    def _fill(self, flight: Flight) -> None:
        filler = self._crew.filler
        for _ in range(MAX_FILLS):
            snapshot = self._look()
            if not in_emergency(snapshot):
                return
            plan = decide(without_looks(snapshot), self._policy)
            if plan.action not in (Action.FILL, Action.CLOSE):
                if plan.cause != Cause.FILL_INTERVAL:
                    flight.left = plan.detail
                    return
                self._wait(max(1, plan.look_again_at - snapshot.timestamp))
                continue
            act = filling(self._system, plan)
            if not may_call(self._system, str(filler.address), act)[0] and plan.action == Action.FILL:
                flight.left = f"{filler.address} is no keeper: a keeper, or anyone by `fill`, does the rest"
                return
            self._send(flight, filler, act)
        flight.left = f"not settled after {MAX_FILLS} looks: run the command again"

    def _send(self, flight: Flight, account: AccountAPI, act: Act) -> None:
        receipt = send_call(account, act.what, act.contract, act.method, *act.arguments)
        flight.sent.append(Sent(act, str(account.address), receipt))
        self._say(f"{act.what}: {receipt.txn_hash}, {int(receipt.gas_used):,} gas")


def coin_token(index: IndexFile, asset: str) -> str:
    """The token of a coin that a person named. ConfigError when the index has none of that symbol."""
    for coin in index.coins:
        if coin.symbol.upper() == asset.upper():
            return coin.token
    known = ", ".join(coin.symbol for coin in index.coins)
    raise ConfigError(f"{asset} is not a coin of {index.symbol}: name one of {known}")


def peg_of(snapshot: Snapshot, token: str) -> Peg:
    """The detector's view of one coin."""
    assert snapshot.emergency is not None, "every deployed index has emergencies"
    return next(peg for peg in snapshot.emergency.pegs if peg.token == token)


def without_looks(snapshot: Snapshot) -> Snapshot:
    """The snapshot as if the detector had just looked: fills do not wait for coins that are due."""
    emergency = snapshot.emergency
    assert emergency is not None, "every deployed index has emergencies"
    pegs = tuple(replace(peg, observed_at=snapshot.timestamp) for peg in emergency.pegs)
    return replace(snapshot, emergency=replace(emergency, pegs=pegs))


def refuse_paused(snapshot: Snapshot) -> None:
    """ChainError when a guardian has stopped everything."""
    if snapshot.paused:
        raise ChainError("trading is paused, emergencies too: resume it first (`ape run emergency resume`)")


def require_guardian(system: System, sender: str, act: Act) -> None:
    """ChainError when the sender's word does not count as a guardian's."""
    if not may_call(system, sender, act)[0]:
        raise ChainError(
            f"{sender} does not hold the GUARDIAN role: name its --account, or leave --as-guardian out and "
            "wait for the detector"
        )


def opening(system: System, asset: str, token: str) -> Act:
    """The call that opens an emergency."""
    return Act(f"opening the emergency of {asset}", system.rebalancer, "executeEmergencyRebalance", (token,))


def observing(system: System, asset: str, token: str) -> Act:
    """The call that makes the detector look."""
    return Act(f"observing {asset}", system.detector, "observe", (token,))


def filling(system: System, plan: Plan) -> Act:
    """The call that a plan in an open session stands for."""
    if plan.action == Action.CLOSE:
        return Act("closing the session", system.rebalancer, "close")
    trades = trade_tuples(plan, str(system.venue.address))
    return Act(f"filling with {len(trades)} trades", system.rebalancer, "executeRebalance", (trades,))


def let_pass(seconds: float) -> None:
    """Waits; a local chain, whose clock stands still between blocks, mines one afterwards."""
    time.sleep(seconds)
    provider = ManagerAccessMixin.network_manager.provider
    if str(provider.web3.client_version).startswith("anvil"):
        provider.make_request("evm_mine", [])
