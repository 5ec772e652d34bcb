"""The keeper's loop: resume what an earlier run began, look, decide, send one transaction, repeat.

Every transaction is signed first, written to the journal, then sent; so a keeper killed at any moment finds
on its next start what it may have sent, and sends nothing twice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

import structlog
from ape.api import AccountAPI, ReceiptAPI, TransactionAPI
from ape.exceptions import ApeException, ContractLogicError
from ape.utils import ManagerAccessMixin
from eth_utils.crypto import keccak
from requests import RequestException
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    wait_exponential,
)
from web3.exceptions import TimeExhausted, TransactionNotFound, Web3Exception

from ballast.chain.connect import chain_identity
from ballast.chain.deployment import Deployment
from ballast.chain.explain import explain
from ballast.chain.lending_run import move_call
from ballast.chain.multicall import ContractCall, all_or_none
from ballast.chain.system import System
from ballast.chain.transactor import send, signed
from ballast.errors import ChainError
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Action, Plan, decide
from ballast.keeper.journal import Entry, Fate, Identity, Journal, Next, Seen, resume
from ballast.keeper.lender import Refusals, lent
from ballast.keeper.planning import PlannedTrade
from ballast.keeper.snapshot import Snapshot
from ballast.keeper.watchdog import guarded

# Most faults of a node reach us as ChainError, with a line that says what was asked.
_TRANSIENT = (ChainError, ApeException, RequestException, Web3Exception, OSError)
_ATTEMPTS = 20
_LOOKS_AT_A_RECEIPT = 0.2  # s between two


@dataclass(frozen=True)
class Step:
    """One pass of the loop: what was decided, on which view of the chain, and what became of it."""

    snapshot: Snapshot
    plan: Plan
    tx_hash: str | None = None
    fate: Fate | None = None
    receipt: ReceiptAPI | None = None
    refusal: str | None = None  # why the chain would not take it, in one line


def journal_identity(deployment: Deployment) -> Identity:
    """Which chain and deployment a journal belongs to."""
    chain = chain_identity()
    addresses = tuple(sorted((name, item.address) for name, item in deployment.contracts.items()))
    return Identity(chain.chain_id, chain.first_hash, addresses)


def route_data(trade: PlannedTrade) -> bytes:
    """A planned trade's route in the form of `UniswapV3Venue`: token, then fee and token a hop."""
    route = bytes.fromhex(trade.hops[0].token_in[2:])
    for hop in trade.hops:
        route += hop.fee.to_bytes(3, "big") + bytes.fromhex(hop.token_out[2:])
    return route


def trade_tuples(plan: Plan, venue: str) -> list[tuple[str, str, int, int, str, bytes]]:
    """The plan's trades as `executeRebalance` takes them."""
    trades = plan.fill.trades if plan.fill is not None else ()
    return [(t.token_in, t.token_out, t.amount_in, t.min_amount_out, venue, route_data(t)) for t in trades]


def calls_of(plan: Plan, system: System) -> list[ContractCall]:
    """What carries a plan out; nothing for a wait."""
    brain = system.rebalancer
    match plan.action:
        case Action.WAIT:
            return []
        case Action.CLOSE:
            return [(brain, "close", ())]
        case Action.OPEN_EMERGENCY:
            return [(brain, "executeEmergencyRebalance", plan.assets)]
        case Action.OBSERVE:
            return [(system.detector, "observe", (asset,)) for asset in plan.assets]
        case Action.CHECKPOINT:
            return [(system.kill_switch, "checkpoint", ())]
        case Action.TRIP:
            return [(system.kill_switch, "trip", ())]
        case Action.FILL | Action.OPEN_AND_FILL:
            return [(brain, "executeRebalance", (trade_tuples(plan, str(system.venue.address)),))]
        case Action.ALLOCATE | Action.DEALLOCATE | Action.HARVEST | Action.SYNC | Action.RECORD:
            assert plan.move is not None, "the action is the move's"
            return [move_call(plan.move, system)]


class Keeper:
    """One keeper account on one deployment."""

    def __init__(
        self,
        account: AccountAPI,
        system: System,
        look: Callable[[], Snapshot],
        journal: Journal,
        policy: Policy,
        receipt_timeout: float = 300,
    ) -> None:
        """`look` takes a fresh snapshot; `receipt_timeout` is in seconds."""
        self._account = account
        self._system = system
        self._look = look
        self._journal = journal
        self._policy = policy
        self._timeout = receipt_timeout
        self._refusals = Refusals()
        self._log = structlog.get_logger("keeper").bind(keeper=str(account.address))

    def recover(self) -> None:
        """Finds out what became of what an earlier run may have sent. ChainError: it is still open."""
        deadline = time.monotonic() + self._timeout
        while True:
            first = resume(self._journal, self._mined_nonce(), self._seen)
            if first.next == Next.NOTHING_PENDING:
                return
            entry = first.entry
            assert entry is not None
            if first.next == Next.KNOWN:
                assert first.fate is not None
                self._journal.done(first.fate)
                self._log.info("resumed", tx=entry.tx_hash, purpose=entry.purpose, fate=first.fate.value)
                return
            if time.monotonic() > deadline:
                raise ChainError(
                    f"transaction {entry.tx_hash} (nonce {entry.nonce}) is still waiting to be mined: "
                    "raise its fee from the keeper's wallet or wait, then start the keeper again"
                )
            time.sleep(_LOOKS_AT_A_RECEIPT)

    @staticmethod
    def preview(
        look: Callable[[], Snapshot], policy: Policy, refusals: Refusals | None = None
    ) -> tuple[Snapshot, Plan]:
        """What a keeper would do now; needs no account and no journal."""
        snapshot = look()
        plan = guarded(snapshot, decide(snapshot, policy))
        refused = refusals.at(snapshot.timestamp) if refusals is not None else frozenset()
        return snapshot, lent(snapshot, plan, refused)

    def step(self) -> Step:
        """Resumes, looks, decides and carries out at most one transaction."""
        self.recover()
        snapshot, plan = self.preview(self._look, self._policy, self._refusals)
        self._log.info("decided", block=snapshot.block, action=plan.action.value, cause=plan.cause.value,
                       detail=plan.detail)  # fmt: skip
        if plan.action == Action.WAIT:
            return Step(snapshot, plan)
        try:
            transaction = signed(self._account, self._build(plan))
        except ContractLogicError as error:  # refused in simulation: nothing was sent, the next look decides
            self._log.warning("refused", why=explain(error))
            self._remember(snapshot, plan)
            return Step(snapshot, plan, refusal=explain(error))
        return self._carry_out(snapshot, plan, transaction)

    def watch(self, poll_seconds: float, stop: Event) -> None:
        """Steps until `stop` is set, which never breaks a step off.

        A silent node is asked again, more patiently each time; after `_ATTEMPTS` it is an error.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(_TRANSIENT),
            wait=wait_exponential(multiplier=1, max=60),
            stop=stop_after_attempt(_ATTEMPTS),
            sleep=sleep_using_event(stop),
            before_sleep=self._tell_trouble,
            reraise=True,
        )
        while not stop.is_set():
            done = retrying(self.step)
            if done.plan.action == Action.WAIT or done.refusal is not None:
                stop.wait(poll_seconds)

    def _tell_trouble(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        self._log.warning("trouble", why=explain(error) if error else "", attempt=state.attempt_number)

    def _remember(self, snapshot: Snapshot, plan: Plan) -> None:
        """A move that one strategy refuses waits, so that it holds up no other's."""
        if plan.move is not None:
            self._refusals.add(plan.move.key, snapshot.timestamp)

    def _build(self, plan: Plan) -> TransactionAPI:
        calls = calls_of(plan, self._system)
        if len(calls) > 1:  # looks, which anybody may take: a crisis must not wait for a block a coin
            return all_or_none(calls, self._account.address)
        ((contract, method, arguments),) = calls
        transaction: TransactionAPI = getattr(contract, method).as_transaction(
            *arguments, sender=self._account.address
        )
        return transaction

    def _carry_out(self, snapshot: Snapshot, plan: Plan, transaction: TransactionAPI) -> Step:
        """Journals, sends, marks."""
        wire = bytes(transaction.serialize_transaction())
        tx_hash, raw = "0x" + keccak(wire).hex(), "0x" + wire.hex()
        nonce = transaction.nonce
        assert nonce is not None
        self._journal.sending(Entry(nonce, tx_hash, raw, plan.action.value, snapshot.session.id))
        receipt, refusal = None, None
        try:
            receipt = send(transaction)
        except ContractLogicError as error:
            refusal = explain(error)
            self._remember(snapshot, plan)
        except (ApeException, TimeExhausted) as error:  # it may be on its way: the journal finds out
            self._log.warning("unsure", tx=tx_hash, why=explain(error))
        known = resume(self._journal, self._mined_nonce(), self._seen)
        if known.next == Next.WAIT:
            self.recover()
            return Step(snapshot, plan, tx_hash, refusal=refusal)
        assert known.fate is not None
        self._journal.done(known.fate, receipt.block_number if receipt is not None else None)
        self._log.info("sent", tx=tx_hash, action=plan.action.value, fate=known.fate.value, refusal=refusal)
        return Step(snapshot, plan, tx_hash, known.fate, receipt, refusal)

    def _mined_nonce(self) -> int:
        web3 = ManagerAccessMixin.network_manager.provider.web3
        return int(web3.eth.get_transaction_count(self._account.address, "latest"))

    @staticmethod
    def _seen(tx_hash: str) -> Seen:
        web3 = ManagerAccessMixin.network_manager.provider.web3
        try:
            receipt = web3.eth.get_transaction_receipt(tx_hash)
            return Seen.SUCCEEDED if receipt["status"] == 1 else Seen.REVERTED
        except TransactionNotFound:
            pass
        try:
            web3.eth.get_transaction(tx_hash)
            return Seen.PENDING
        except TransactionNotFound:
            return Seen.UNKNOWN
