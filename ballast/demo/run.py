"""Runs an index along a price path on the replica: deploy, fund, then market, reporter, keeper by turns."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ape.api import AccountAPI, ReceiptAPI

from ballast.chain.deployer import Outcome, deploy_index
from ballast.chain.keeper_loop import Keeper, Step, journal_identity
from ballast.chain.market import market_state, plan_changes, reports
from ballast.chain.snapshot import take_snapshot
from ballast.chain.transactor import send_call
from ballast.demo.market import Market
from ballast.demo.record import Frame, Rebalance, Run, Sent, Swap, ether_cost, targets_of
from ballast.errors import ChainError
from ballast.index_file import IndexFile, MarketCap
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Action, Cause
from ballast.keeper.journal import Journal
from ballast.keeper.rules import basket_of, is_open
from ballast.keeper.snapshot import Snapshot
from ballast.keeper.storage import FileStorage
from ballast.market_data import MarketRow
from ballast.model.rebalance import value_of
from ballast.model.stability import stability_score
from ballast.replica import Replica
from ballast.scenario import Scenario, ScenarioStep
from ballast.units import WAD, human, wad_of

DEPOSIT: Final = 10_000_000 * WAD  # WAD{USD}, the first investor's
SCORE_WINDOW: Final = 8  # steps of the path that a stability score looks back on
MAX_PASSES: Final = 60  # looks of the keeper at one step of the path
QUIET_WEEK: Final = timedelta(days=7, hours=1)  # after the path: the calendar's turn
WALK_PAUSE: Final = 3_600  # s between two reports of a cap that must walk

Say = Callable[[str], None]


@dataclass(frozen=True)
class Cast:
    """Who acts: test accounts of the local chain, one a role."""

    deployer: AccountAPI
    keeper: AccountAPI
    reporter: AccountAPI
    investor: AccountAPI


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
    score = stability_score([wad_of(price)]) if price is not None else known.score
    return known.model_copy(update={"initial_usd": Decimal(cap), "score": score})


class Demo:
    """One run on one replica."""

    def __init__(
        self, replica: Replica, index: IndexFile, scenario: Scenario, cast: Cast, folder: Path, say: Say
    ) -> None:
        self._replica = replica
        self._scenario = scenario
        self._cast = cast
        self._folder = folder
        self._say = say
        self._index = starting_index(index, scenario, cast)
        self._symbols = tuple(coin.symbol for coin in index.coins)
        self._seen: dict[str, list[int]] = {}  # WAD{USD/coin}, the path so far
        self._caps = {coin.symbol: int(coin.market_cap.initial_usd) for coin in self._index.coins}
        self._market = Market(replica, self._symbols)

    def play(self) -> Run:
        """The whole path. BallastError when something cannot be done; a target missed is told, not raised."""
        first, *later = self._scenario.steps
        self._market.move(first.prices, 0)
        self._remember()
        outcome = self._deploy()
        run = self._start(outcome)
        self._fund(run)
        before = first
        for step in later:
            self._say(f"[bold]{step.at:%Y-%m-%d %H:%M}[/bold]  {_moves(before, step)}")
            self._market.move(step.prices, int((step.at - before.at).total_seconds()))
            self._pass_step(run, step.at, step.market_caps)
            before = step
        self._say(f"[bold]{before.at + QUIET_WEEK:%Y-%m-%d %H:%M}[/bold]  a quiet week goes by")
        self._market.move({}, int(QUIET_WEEK.total_seconds()))
        self._pass_step(run, before.at + QUIET_WEEK, {})
        self._exit(run)
        return run

    # -- the beginning

    def _deploy(self) -> Outcome:
        self._outcome = deploy_index(
            self._index,
            "the demo's index",
            self._cast.deployer,
            self._folder / "deployments",
            True,
            self._quiet,
        )
        self._system = self._outcome.system
        return self._outcome

    def _start(self, outcome: Outcome) -> Run:
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
        self._say(f"deployed {len(addresses)} contracts, {len(outcome.results)} settings proved on chain")
        band = self._look().params.fill.settle_band_bps
        return Run(self._scenario.name, self._scenario.source, addresses, band)

    def _fund(self, run: Run) -> None:
        """The first investor buys in at the targets."""
        snapshot = self._look()
        amounts = []
        for coin in snapshot.coins:
            worth = DEPOSIT * coin.vault_weight // 10_000
            amounts.append(worth * WAD // coin.quote.low // coin.scale)
        self._contribute(self._cast.investor, amounts)
        self._frame(run, self._scenario.steps[0].at, "funded")
        fund = run.frames[-1].snapshot
        self._say(
            f"an investor contributes {human(DEPOSIT):,.0f} USD, gets {human(fund.total_supply):,.2f} shares"
        )

    def _contribute(self, investor: AccountAPI, amounts: list[int]) -> None:
        vault = self._system.vault
        for coin, amount in zip(self._symbols, amounts, strict=True):
            token = self._replica.book.token(coin)
            self._replica.mint(coin, str(investor.address), amount)
            args = [str(vault.address), amount]
            sender = str(investor.address)
            self._replica.rpc.send(token.address, "approve(address,uint256)", args, sender=sender)
        send_call(investor, "contributing", vault, "contribute", amounts, investor.address, 0)

    # -- one step of the path

    def _pass_step(self, run: Run, at: datetime, caps: Any) -> None:
        self._remember()
        self._report(caps)
        self._frame(run, at, "market moved")
        self._tell_verdict(run.frames[-1].snapshot)
        self._keep(run, at)

    def _remember(self) -> None:
        for coin, price in self._market.prices.items():
            self._seen[coin] = [*self._seen.get(coin, []), wad_of(price)][-SCORE_WINDOW:]

    def _report(self, caps: Any) -> None:
        """Brings the path's caps and scores on chain, walking where the contract's bounds make it."""
        self._caps.update(caps)
        rows = [MarketRow(c, self._caps[c], stability_score(self._seen[c])) for c in self._symbols]
        for _ in range(MAX_PASSES):
            changes = plan_changes(market_state(self._system.calculator, self._index), rows, walk=True)
            calculator = self._system.calculator
            send_call(self._cast.reporter, "reporting", calculator, "report", *reports(changes))
            if all(change.arrives for change in changes):
                return
            self._replica.pass_time(WALK_PAUSE)

    def _keep(self, run: Run, at: datetime) -> None:
        """Lets the keeper work until there is nothing to do at this step."""
        current: Rebalance | None = None
        for _ in range(MAX_PASSES):
            step = self._keeper.step()
            if step.refusal:
                self._say(f"  [red]the chain refused: {step.refusal}[/red]")
            if step.plan.action != Action.WAIT:
                current = current or self._begin(run, at, step)
                self._note(current, step)
                continue
            if not is_open(step.snapshot) or step.plan.cause not in (Cause.FILL_INTERVAL, Cause.LOSS_BUDGET):
                break
            self._replica.pass_time(max(1, step.plan.look_again_at - step.snapshot.timestamp))
        if current is not None:
            current.after = self._look()
            self._frame(run, at + timedelta(minutes=1), "rebalanced")
            self._tell(current)

    def _begin(self, run: Run, at: datetime, step: Step) -> Rebalance:
        rebalance = Rebalance(at, step.plan.cause.value, step.snapshot, targets=targets_of(step.snapshot))
        run.rebalances.append(rebalance)
        return rebalance

    def _note(self, rebalance: Rebalance, step: Step) -> None:
        if step.receipt is None or step.tx_hash is None:
            raise ChainError(f"the keeper's transaction did not go through: {step.refusal or step.fate}")
        wei = step.receipt.gas_used * int(step.receipt.gas_price)
        cost = ether_cost(wei, step.snapshot.eth_quote.mid)
        rebalance.sent.append(Sent(step.plan.action.value, step.tx_hash, step.receipt.gas_used, cost))
        rebalance.swaps.extend(self._swaps(step, step.receipt))

    def _swaps(self, step: Step, receipt: ReceiptAPI) -> list[Swap]:
        """What was really sold and bought, from the vault's own events, beside what was planned."""
        trades = step.plan.fill.trades if step.plan.fill else ()
        events = list(self._system.vault.Traded.from_receipt(receipt))
        swaps = []
        for trade, event in zip(trades, events, strict=True):
            sold, bought = step.snapshot.coin(trade.token_in), step.snapshot.coin(trade.token_out)
            swaps.append(
                Swap(
                    "Uniswap V3",
                    [f"{hop.pool} ({hop.fee / 10_000:g} %)" for hop in trade.hops],
                    sold.symbol,
                    bought.symbol,
                    human(event.sold, sold.decimals),
                    human(event.bought, bought.decimals),
                    human(trade.floor_out, bought.decimals),
                    value_of(event.sold, sold.scale, sold.quote.mid),
                    value_of(event.bought, bought.scale, bought.quote.mid),
                )
            )
        return swaps

    # -- the end

    def _exit(self, run: Run) -> None:
        """A tenth of the shares goes out in kind: what the investor gets is what the shares were worth."""
        vault, investor = self._system.vault, self._cast.investor
        shares = vault.balanceOf(investor.address) // 10
        snapshot = self._look()
        owed = vault.previewWithdraw(shares)
        before = [self._replica.balance(coin, str(investor.address)) for coin in self._symbols]
        send_call(investor, "withdrawing", vault, "withdraw", shares, investor.address, owed)
        after = [self._replica.balance(coin, str(investor.address)) for coin in self._symbols]
        got = {c: b - a for c, a, b in zip(self._symbols, before, after, strict=True)}
        value = sum(value_of(got[c.symbol], c.scale, c.quote.mid) for c in snapshot.coins)
        run.exit_check = {
            "shares": float(human(shares)),
            "received": {c.symbol: float(human(got[c.symbol], c.decimals)) for c in snapshot.coins},
            "value_usd": float(human(value)),
            "all_paid": list(got.values()) == list(owed),
        }
        self._say(
            f"the investor redeems {human(shares):,.2f} shares for {human(value):,.2f} USD of coins in kind"
        )

    # -- looking and telling

    def _look(self) -> Snapshot:
        return take_snapshot(self._system, self._index)

    def _frame(self, run: Run, at: datetime, note: str) -> None:
        run.frames.append(Frame(at, note, self._look(), dict(self._caps)))

    def _tell_verdict(self, snapshot: Snapshot) -> None:
        answer = "yes" if snapshot.verdict.should else "no"
        drift = basket_of(snapshot).drift
        self._say(f"  shouldRebalance: {answer}, {snapshot.verdict.reason.name} (drift {drift} bps)")

    def _tell(self, rebalance: Rebalance) -> None:
        data = rebalance.to_dict()
        self._say(
            f"  rebalanced: drift {data['max_drift_before_bps']} → {data['max_drift_after_bps']} bps, "
            f"{len(rebalance.swaps)} swaps, {data['traded_usd']:,.0f} USD traded at {data['cost_bps']} bps, "
            f"{data['gas_used']:,} gas"
        )

    @staticmethod
    def _quiet(_: str) -> None:
        """Deployment tells every transaction; the demo only its end."""


def _moves(before: ScenarioStep, after: ScenarioStep) -> str:
    """The path's new prices and the caps that moved by more than 1 %."""
    prices = "  ".join(f"{coin} {price}" for coin, price in after.prices.items())
    moved = [
        f"{coin} {(cap / before.market_caps[coin] - 1) * 100:+.1f} %"
        for coin, cap in after.market_caps.items()
        if coin in before.market_caps and abs(cap / before.market_caps[coin] - 1) > 0.01
    ]
    return prices + (f"  (market caps: {', '.join(moved)})" if moved else "")
