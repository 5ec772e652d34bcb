"""Runs an index through acts on the replica: deploy, fund, then market, reporter, keeper by turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ape.api import AccountAPI

from ballast.chain.deployer import deploy_index
from ballast.chain.keeper_loop import Keeper, Step, journal_identity
from ballast.chain.snapshot import take_snapshot
from ballast.demo import tell
from ballast.demo.acts import Act
from ballast.demo.lend import HEADLINE, LendingAct, Stage
from ballast.demo.market import Market
from ballast.demo.notes import Notes
from ballast.demo.people import DEPOSIT, KNOCK, People
from ballast.demo.record import Chapter, Frame, Rebalance, Run
from ballast.demo.reporter import Reporter, month_score
from ballast.index_file import IndexFile, MarketCap
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Action, Cause
from ballast.keeper.journal import Journal
from ballast.keeper.rules import is_open
from ballast.keeper.snapshot import EmergencyView, Peg, Snapshot
from ballast.keeper.storage import FileStorage
from ballast.model.crisis import CrisisParams, State
from ballast.replica import Replica
from ballast.scenario import Scenario, ScenarioStep
from ballast.units import human, wad_of

MAX_PASSES: Final = 60  # looks of the keeper at one time of the path
QUIET_WEEK: Final = timedelta(days=7, hours=1)  # after the first act: the calendar's turn
HOUR: Final = timedelta(hours=1)
MAX_WAITS: Final = 120  # hours between two steps through which the keeper goes on looking
CALM_MONTH: Final = timedelta(days=30)  # before the lending act
CHEAP: Final = Decimal("0.92")  # USD: at this price somebody tries to bring in a coin on watch
_OFF: Final = (State.WATCH, State.CRISIS, State.DARK)


@dataclass(frozen=True)
class Cast:
    """Who acts: test accounts of the local chain, one a role."""

    deployer: AccountAPI
    keeper: AccountAPI
    reporter: AccountAPI
    investor: AccountAPI
    guest: AccountAPI


def starting_index(index: IndexFile, scenario: Scenario, cast: Cast) -> IndexFile:
    """The index with the path's first caps and scores, and the cast in its roles."""
    first = scenario.steps[0]
    coins = tuple(coin.model_copy(update={"market_cap": _first_cap(coin, first)}) for coin in index.coins)
    keeper = index.roles.keeper.model_copy(update={"account": str(cast.keeper.address)})
    reporter = index.roles.reporter.model_copy(update={"account": str(cast.reporter.address)})
    roles = index.roles.model_copy(update={"keeper": keeper, "reporter": reporter})
    return index.model_copy(update={"coins": coins, "roles": roles})


def _first_cap(coin: Any, first: ScenarioStep) -> MarketCap:
    known: MarketCap = coin.market_cap
    cap = first.market_caps.get(coin.symbol, known.initial_usd)
    price = first.prices.get(coin.symbol)
    score = month_score([wad_of(price)]) if price is not None else known.score
    return known.model_copy(update={"initial_usd": Decimal(cap), "score": score})


class Demo:
    """One run on one replica."""

    def __init__(
        self,
        replica: Replica,
        index: IndexFile,
        acts: tuple[Act, ...],
        cast: Cast,
        folder: Path,
        say: tell.Say,
        lends: bool = False,
    ) -> None:
        """`lends`: whether the lending act follows the others; until then the fund keeps its coins idle."""
        self._replica, self._acts, self._cast, self._folder = replica, acts, cast, folder
        self._teller = tell.Teller(say)
        self._lends = lends and index.lending is not None
        index = index if self._lends else index.model_copy(update={"lending": None})
        self._index = starting_index(index, acts[0].scenario, cast)
        self._seen = self._index.model_copy(update={"lending": None})  # what the keeper goes by
        self._market = Market(replica, tuple(coin.symbol for coin in index.coins))
        self._reporter = Reporter(replica, self._index)
        self._names = {coin.token: coin.symbol for coin in index.coins}
        self._now = acts[0].scenario.steps[0].at  # the path's time

    def play(self) -> Run:
        """All acts. BallastError when something cannot be done; a target missed is told, not raised."""
        opening = self._acts[0].scenario.steps[0]
        self._market.move(opening.prices, 0)
        self._reporter.remember(self._now, self._market.prices)
        self._run = self._deploy()
        self._fund()
        for number, act in enumerate(self._acts):
            self._play(act, is_first=number == 0)
        self._exit()
        if self._lends:
            self._lend()
        return self._run

    # -- the beginning

    def _deploy(self) -> Run:
        folder = self._folder / "deployments"
        outcome = deploy_index(
            self._index, "the demo's index", self._cast.deployer, folder, True, lambda _: None
        )
        self._system = outcome.system
        self._people = People(self._replica, self._system)
        journal = self._folder / "keeper.journal"
        journal.unlink(missing_ok=True)
        self._keeper = Keeper(
            self._cast.keeper,
            self._system,
            self._look,
            Journal(FileStorage(journal), journal_identity(outcome.deployment)),
            Policy(),
        )
        addresses = {name: item.address for name, item in outcome.deployment.contracts.items()}
        self._teller.line(
            f"deployed {len(addresses)} contracts, {len(outcome.results)} settings proved on chain"
        )
        run = Run(addresses, self._look().params.fill.settle_band_bps)
        self._notes = Notes(run, self._system, self._names)
        return run

    def _fund(self) -> None:
        self._people.fund(self._cast.investor, self._look())
        fund = self._look()
        self._frame("funded", fund)
        self._teller.line(
            f"an investor contributes {human(DEPOSIT):,.0f} USD, gets {human(fund.total_supply):,.2f} shares"
        )

    # -- an act

    def _play(self, act: Act, is_first: bool) -> None:
        """One price path. What is compared begins with the funding, or after an overture."""
        self._notes.areas.clear()
        before: ScenarioStep | None = None
        chapter = Chapter(act.scenario.name, act.headline, act.scenario.source, act.is_drawn)
        self._run.chapters.append(chapter)
        if act.headline:
            self._teller.line(f"\n[bold]{act.headline}[/bold]")
        begins_at = 0 if is_first else len(self._run.frames)
        for step in act.scenario.steps:
            self._notes.is_overture = act.is_overture and before is None
            if not (is_first and before is None):
                self._wait(step.at)
                self._teller.heading(
                    f"[bold]{step.at:%Y-%m-%d %H:%M}[/bold]  {tell.moves(before, step)}", wait=act.is_brief
                )
                self._market.move(step.prices, int((step.at - self._now).total_seconds()))
                self._now = step.at
                self._pass(step, act)
            if self._notes.is_overture:
                begins_at = len(self._run.frames) - 1
            before = step
        if not act.is_brief:
            self._quiet_week(act)
        chapter.frames.extend(self._run.frames[begins_at:])
        self._sum_up(act, chapter)

    def _quiet_week(self, act: Act) -> None:
        until = self._now + QUIET_WEEK
        self._wait(until)
        self._teller.heading(f"[bold]{until:%Y-%m-%d %H:%M}[/bold]  a quiet week goes by")
        self._market.move({}, int((until - self._now).total_seconds()))
        self._now = until
        self._pass(ScenarioStep(until, {}, {}), act)

    def _pass(self, step: ScenarioStep, act: Act) -> None:
        """Reporter and keeper at a step of the path."""
        if self._reporter.remember(self._now, self._market.prices) or step.market_caps:
            self._reporter.report(self._system, self._cast.reporter, step.market_caps)
        self._keep(None if act.is_brief else "market moved")
        self._knock()

    def _wait(self, until: datetime) -> None:
        """The hours to the next step, as long as looking at the same prices may still change a state."""
        for _ in range(MAX_WAITS):
            emergency = self._emergency()
            if self._now + HOUR >= until or not is_restless(emergency.pegs, emergency.detector):
                return
            self._market.wait(int(HOUR.total_seconds()))
            self._now += HOUR
            self._teller.heading(f"[bold]{self._now:%Y-%m-%d %H:%M}[/bold]", wait=True)
            self._keep(None)

    # -- the keeper

    def _keep(self, note: str | None) -> None:
        """Lets the keeper work until there is nothing to do now; with a `note` the verdict is told first."""
        traded: Rebalance | None = None
        moved: Snapshot | None = None
        for _ in range(MAX_PASSES):
            step = self._keeper.step()
            moved = moved or step.snapshot
            if note is not None and step.plan.action is not Action.OBSERVE:
                self._teller.line(tell.verdict(step.snapshot))
                note = None
            if step.refusal:
                self._teller.line(f"  [red]the chain refused: {step.refusal}[/red]")
            if step.receipt is None:
                if not self._may_go_on(step):
                    break
                self._replica.pass_time(max(1, step.plan.look_again_at - step.snapshot.timestamp))
                continue
            for change in self._notes.take(step, step.receipt, self._now, self._market.prices):
                self._teller.line(tell.change(change, self._market.prices[change.asset]))
            if step.plan.action not in (Action.OBSERVE, Action.CHECKPOINT, Action.TRIP):
                traded = self._run.rebalances[-1]
        assert moved is not None
        self._frame("market moved", step.snapshot if traded is None else moved)
        if traded is not None:
            self._finish(traded, step.snapshot)

    @staticmethod
    def _may_go_on(step: Step) -> bool:
        """Whether a wait is for the next fill of an open session."""
        waits = step.plan.cause in (Cause.FILL_INTERVAL, Cause.LOSS_BUDGET)
        return step.refusal is None and is_open(step.snapshot) and waits

    def _finish(self, rebalance: Rebalance, snapshot: Snapshot) -> None:
        rebalance.after = snapshot
        self._frame("rebalanced", snapshot, timedelta(minutes=1))
        self._teller.line(tell.rebalanced(rebalance))
        for flight in self._run.emergencies:
            if rebalance.is_emergency and flight.session == snapshot.session.id:
                flight.weight_after = self._run.frames[-1].weights.get(flight.asset, 0.0) / 10_000
                self._teller.line(tell.fled(flight, self._run.reactions, rebalance))

    # -- investors

    def _knock(self) -> None:
        """Once: when a coin on watch is cheap, somebody brings it."""
        frame = self._run.frames[-1]
        cheap = [c for c in frame.snapshot.coins if c.held and frame.prices[c.symbol] <= CHEAP]
        off = [coin for coin in cheap if frame.states[coin.symbol] in _OFF]
        if not off or self._run.knocks:
            return
        coin = max(off, key=lambda one: frame.values[one.symbol])
        price = frame.prices[coin.symbol]
        knock = self._people.knock(self._cast.guest, frame.snapshot, coin, self._now, price)
        self._run.knocks.append(knock)
        said = f"refused, {knock.refusal}" if knock.refusal else "taken"
        self._teller.line(f"  somebody brings {KNOCK:,} {coin.symbol}: {said}")
        if knock.refusal:
            self._people.join(self._cast.guest, frame.snapshot)
            self._teller.line(f"  the same as a part of the whole basket: taken, {KNOCK:,} shares")

    def _exit(self) -> None:
        self._run.exit_check = self._people.leave(self._cast.investor, self._look())
        data = self._run.exit_check
        self._teller.line(
            f"the investor redeems {data['shares']:,.2f} shares for {data['value_usd']:,.2f} USD of coins "
            "in kind"
        )

    # -- the lending act

    def _lend(self) -> None:
        """What was not fled is back at a dollar; then the keeper begins to lend."""
        self._teller.line(f"\n[bold]{HEADLINE}[/bold]")
        begin = self._now + CALM_MONTH
        fled = (State.CRISIS, State.DARK)
        back = [coin for coin, state in self._run.frames[-1].states.items() if state not in fled]
        self._market.move(dict.fromkeys(back, Decimal(1)), int(HOUR.total_seconds()))
        self._now += HOUR
        self._new_day(self._now)
        self._keep(None)
        self._wait(begin)
        self._market.wait(int((begin - self._now).total_seconds()))
        self._now = begin
        self._new_day(begin)
        self._keep(None)
        self._seen = self._index
        stage = Stage(
            self._replica,
            self._index,
            self._system,
            self._market,
            self._keeper,
            self._look,
            self._new_day,
            self._teller,
            self._cast.investor,
        )
        self._run.lent = LendingAct(stage, begin).play()

    def _new_day(self, now: datetime) -> None:
        """Market data, which would be stale otherwise."""
        if self._reporter.remember(now, self._market.prices):
            self._reporter.report(self._system, self._cast.reporter, {})

    # -- looking and telling

    def _look(self) -> Snapshot:
        return take_snapshot(self._system, self._seen, lazily=True)

    def _frame(self, note: str, snapshot: Snapshot, later: timedelta = timedelta()) -> None:
        assert snapshot.emergency is not None, "every deployed index has emergencies"
        states = {self._names[peg.token]: peg.state for peg in snapshot.emergency.pegs}
        caps, prices = dict(self._reporter.caps), dict(self._market.prices)
        self._run.frames.append(Frame(self._now + later, note, snapshot, caps, prices, states))

    def _sum_up(self, act: Act, chapter: Chapter) -> None:
        if act.is_brief or any(self._notes.areas.values()):
            for line in tell.outcome(chapter, self._notes.areas, self._emergency().detector):
                self._teller.line(line)

    def _emergency(self) -> EmergencyView:
        """As the last frame shows it."""
        emergency = self._run.frames[-1].snapshot.emergency
        assert emergency is not None, "every deployed index has emergencies"
        return emergency


def is_restless(pegs: Sequence[Peg], given: CrisisParams) -> bool:
    """Whether some coin's state may change by looking on while no price moves."""
    for peg in pegs:
        falls = -peg.now.deviation > given.allowance_bps and peg.state is not State.CRISIS
        calm = abs(peg.now.deviation) < given.calm_bps and peg.state is not State.SOUND
        blind = not peg.now.seen and peg.state is not State.DARK
        if falls or blind or (calm and peg.now.seen):
            return True
    return False
