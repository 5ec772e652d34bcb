"""Plays a history on the replica: market, reporter, detector and keeper by turns, in the backtest's order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ape.api import AccountAPI

from ballast.backtest.engine import BLOCK
from ballast.backtest.inputs import Inputs
from ballast.backtest.reporter import MarketData, first_report, report
from ballast.chain.deployer import Outcome, deploy_index
from ballast.chain.keeper_loop import Keeper, calls_of
from ballast.chain.snapshot import take_snapshot
from ballast.index_file import IndexFile
from ballast.keeper.decide import Action, Cause
from ballast.keeper.snapshot import Snapshot
from ballast.replay.hands import RefusedError, send
from ballast.replay.scribe import Scribe
from ballast.replay.stage import Stage
from ballast.replica import Replica
from ballast.units import BPS, WAD

ACTIONS: Final = 96  # of the keeper between two steps of the clock

Progress = Callable[[int, int], None]  # steps done, steps in all


@dataclass(frozen=True)
class Players:
    """Who acts: test accounts of the local chain, one a role; only the deployer signs."""

    deployer: AccountAPI
    keeper: str
    reporter: str
    investor: str


class Replay:
    """One run of one index over one history on one replica."""

    def __init__(self, replica: Replica, inputs: Inputs, players: Players, folder: Path) -> None:
        """`folder` takes the deployment's record."""
        self._replica, self._inputs = replica, inputs
        self._players, self._folder = players, folder
        self._symbols = tuple(coin.symbol for coin in inputs.coins)

    def run(self, start: int | None, end: int | None, progress: Progress) -> Scribe:
        """The whole history between two times (s). BallastError when it cannot be played."""
        clock = self._inputs.clock(start, end)
        self._stage = Stage(self._replica, self._inputs, clock[0])
        self._index = with_players(self._stage.index, self._players)
        self._data = first_report(self._inputs, clock[0])
        self._deploy()
        self._scribe = Scribe(
            self._inputs,
            self._system,
            {coin.token: coin.symbol for coin in self._index.coins},
            self._fund(clock[0]),
        )
        for at, now in enumerate(clock):
            progress(at, len(clock))
            if at:
                self._stage.step(now)
            self._report(now)
            traded = self._keep(now, clock[at + 1] if at + 1 < len(clock) else now + BLOCK + 1)
            if traded:
                self._stage.settle(now)
        progress(len(clock), len(clock))
        return self._scribe

    # -- the beginning

    def _deploy(self) -> None:
        outcome: Outcome = deploy_index(
            self._index, "the replay's index", self._players.deployer, self._folder, True, lambda _: None
        )
        self._system = outcome.system

    def _fund(self, now: int) -> dict[str, int]:
        """The first investor buys the basket at its targets and at the known prices; the reserves."""
        investor, vault = self._players.investor, str(self._system.vault.address)
        reserves = {}
        for coin in self._index.coins:
            price = self._inputs.mark(coin.symbol, now) or 0
            value = self._inputs.assumptions.deposit * self._data.weights[coin.symbol] // BPS
            amount = int(value * WAD // (price * 10 ** (18 - coin.decimals)))
            reserves[coin.symbol] = amount
            self._replica.mint(coin.symbol, investor, amount)
            args = [vault, amount]
            self._replica.rpc.send(coin.token, "approve(address,uint256)", args, sender=investor)
        tokens, _ = self._system.vault.getConstituents()
        amounts = [reserves[self._symbol(token)] for token in tokens]
        contribution = (self._system.vault, "contribute", (amounts, investor, 0))
        send(self._replica.rpc, investor, [contribution])
        return reserves

    def _symbol(self, token: str) -> str:
        return next(coin.symbol for coin in self._index.coins if coin.token == token)

    # -- one step of the clock

    def _report(self, now: int) -> None:
        """Caps and scores within the contract's bounds, and volumes where a history has them."""
        data = report(self._inputs, self._data, now)
        if data is not self._data:
            self._data = data
            self._send_market_data(data)
        volumes = {coin.token: self._inputs.volume(coin.symbol, now) for coin in self._index.coins}
        known = {token: volume for token, volume in volumes.items() if volume}
        if known:
            volumes_now = (self._system.detector, "reportVolumes", ([*known], [*known.values()]))
            send(self._replica.rpc, self._players.reporter, [volumes_now])

    def _send_market_data(self, data: MarketData) -> None:
        coins = self._index.coins
        nothing = [0] * len(coins)
        arguments = (
            [coin.token for coin in coins],
            [data.caps[coin.symbol] for coin in coins],
            [data.scores[coin.symbol] for coin in coins],
            nothing,
            nothing,
        )
        send(self._replica.rpc, self._players.reporter, [(self._system.calculator, "report", arguments)])

    def _keep(self, now: int, until: int) -> bool:
        """The keeper from one step of the clock to the next; whether the fund traded."""
        moment, traded = now, False
        for _ in range(ACTIONS):
            snapshot, plan = Keeper.preview(self._look, self._inputs.assumptions.policy)
            self._scribe.note(plan, moment)
            if plan.action is Action.WAIT:
                again = plan.look_again_at - self._stage.shift
                if plan.cause is not Cause.FILL_INTERVAL or again >= until:
                    break
                moment = again
                self._stage.wait_until(moment)
                continue
            try:
                sent = send(self._replica.rpc, self._players.keeper, calls_of(plan, self._system))
            except RefusedError as why:
                self._scribe.refused(plan, str(why), moment)
                break
            traded |= plan.action in (Action.OPEN_AND_FILL, Action.FILL)
            if self._scribe.done(snapshot, plan, sent, moment):
                # What is done about a change comes a block after the transaction that brought it.
                moment += BLOCK
                self._stage.wait_until(moment)
        self._scribe.record(now, {coin.symbol: coin.optimal_weight for coin in snapshot.coins})
        return traded

    def _look(self) -> Snapshot:
        return take_snapshot(self._system, self._index, lazily=True)


def with_players(index: IndexFile, players: Players) -> IndexFile:
    """The index with the players in their roles, as few delays as possible."""
    keeper = index.roles.keeper.model_copy(update={"account": players.keeper})
    reporter = index.roles.reporter.model_copy(update={"account": players.reporter})
    roles = index.roles.model_copy(update={"keeper": keeper, "reporter": reporter})
    return index.model_copy(update={"roles": roles})
