"""The lending act: the basket lent out, a month of interest and rewards, and the way out of a full market."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ape.api import AccountAPI, ReceiptAPI

from ballast.chain.connect import contract_at
from ballast.chain.keeper_loop import Keeper, Step
from ballast.chain.lending_wiring import strategy_names
from ballast.chain.multicall import aggregate, read
from ballast.chain.system import System, strategy_at
from ballast.chain.transactor import send_call
from ballast.demo import tell
from ballast.demo.lent import FullExit, Harvest, LentFrame, LentMove, LentStory
from ballast.demo.market import Market
from ballast.demo.sent import Sent, ether_cost
from ballast.index_file import IndexFile
from ballast.keeper.decide import Action
from ballast.keeper.snapshot import Coin, Snapshot
from ballast.model.rebalance import value_of
from ballast.replica import Replica
from ballast.replica.aave_market import AaveMarket
from ballast.replica.comet import CometMarket
from ballast.units import BPS, WAD

HEADLINE: Final = "A month on: the basket is lent out; a month of interest, then a market without a coin left"
DAYS: Final = 30
DAY: Final = 86_400  # s
DRAWN_ON, REPAID_ON = 10, 20  # days: a borrower draws on one market, and repays
FULL: Final = "USDC"  # the coin whose markets are used up in the end
BUSY: Final = 93 * WAD // 100  # utilisation of its Compound market in between
CALM: Final = Decimal("0.85"), 82 * WAD // 100  # of its Aave and its Compound market otherwise
TOLD_EVERY: Final = 10  # days
LEAVES_BPS: Final = 3_000  # of the first investor's shares
MAX_PASSES: Final = 30  # looks of the keeper a day
TOLERANCE_BPS: Final = 1  # of what is owed, that redeeming what is lent may round away
LOOKS: Final = (Action.OBSERVE, Action.CHECKPOINT, Action.TRIP)


@dataclass(frozen=True)
class Stage:
    """What the act plays on."""

    replica: Replica
    index: IndexFile
    system: System
    market: Market
    keeper: Keeper
    look: Callable[[], Snapshot]
    day: Callable[[datetime], None]  # what else happens every day: market data
    told: tell.Teller
    investor: AccountAPI


class LendingAct:
    """One month, from `begin` on."""

    def __init__(self, stage: Stage, begin: datetime) -> None:
        self._stage, self._now = stage, begin
        self._story = LentStory(HEADLINE)
        self._aave = AaveMarket(stage.replica)
        self._comet = CometMarket(stage.replica.rpc, stage.replica.book, FULL)
        self._names = strategy_names(stage.system, stage.index)

    def play(self) -> LentStory:
        """The whole act."""
        self._keep()
        self._tell_split()
        for day in range(1, DAYS + 1):
            self._borrowers(day)
            self._pass_a_day()
            if day % TOLD_EVERY == 0:
                self._stage.told.line(tell.earned(self._story, day))
        self._leave()
        return self._story

    # -- days

    def _pass_a_day(self) -> None:
        self._stage.market.wait(DAY)
        self._now += timedelta(seconds=DAY)
        self._stage.day(self._now)
        self._keep()

    def _borrowers(self, day: int) -> None:
        """Others' demand for one coin moves the rates, and the allocator follows."""
        if day == DRAWN_ON:
            self._comet.set_utilization(BUSY)
        if day == REPAID_ON:
            self._comet.set_utilization(CALM[1])
        if day in (DRAWN_ON, REPAID_ON):
            told = "draws on" if day == DRAWN_ON else "repays"
            used = self._comet.utilization() / WAD
            self._stage.told.line(
                f"  {self._now:%m-%d}: a borrower {told} Compound's {FULL}: {used:.0%} used"
            )

    def _keep(self) -> None:
        """Lets the keeper work until there is nothing to do, and remembers how the fund stands then."""
        for _ in range(MAX_PASSES):
            step = self._stage.keeper.step()
            if step.refusal:
                self._stage.told.line(f"  [red]the chain refused: {step.refusal}[/red]")
            if step.receipt is None:
                break
            if step.plan.move is not None:
                self._note(step, step.receipt)
        self._story.frames.append(LentFrame(self._now, step.snapshot))

    def _note(self, step: Step, receipt: ReceiptAPI) -> None:
        move = step.plan.move
        assert move is not None, "called with a move"
        gas = int(receipt.gas_used)
        cost = ether_cost(gas * int(receipt.gas_price), step.snapshot.eth_quote.mid)
        sent = Sent(move.kind.value, step.tx_hash or "", gas, cost)
        self._story.moves.append(LentMove(self._now, move.kind.value, move.why.value, move.detail, sent))
        if step.plan.action is Action.HARVEST:
            self._harvested(step, receipt)
        elif step.plan.action is not Action.SYNC:
            self._stage.told.line(tell.moved(self._now, move))

    def _harvested(self, step: Step, receipt: ReceiptAPI) -> None:
        move = step.plan.move
        assert move is not None, "called with a harvest"
        (event,) = strategy_at(move.strategy).Harvested.from_receipt(receipt)
        coin = step.snapshot.coin(move.token)
        gain = value_of(event.gain, coin.scale, coin.quote.mid)
        where = self._names[move.strategy]
        if where not in [harvest.where for harvest in self._story.harvests]:  # the first one stands for all
            self._stage.told.line(tell.harvested(self._now, where, gain, move.sales))
        self._story.harvests.append(Harvest(self._now, where, gain))

    def _tell_split(self) -> None:
        for line in tell.split(self._story.frames[-1].view):
            self._stage.told.line(line)

    # -- the way out

    def _leave(self) -> None:
        """Somebody leaves while every market of the coin is used up, and redeems the rest two days later."""
        stage = self._stage
        self._aave.use(FULL, "1")
        self._comet.borrow_all()
        stage.told.line(f"  {self._now:%m-%d}: borrowers take all the {FULL} there is at Aave and Compound")
        before = stage.look()
        shares = int(stage.system.vault.balanceOf(stage.investor.address)) * LEAVES_BPS // BPS
        left, held = self._withdraw(before, shares)
        self._story.exit = left
        for line in tell.left(left):
            stage.told.line(line)
        self._aave.use(FULL, CALM[0])
        self._comet.set_utilization(CALM[1])
        for _ in range(2):
            self._pass_a_day()
        self._story.exit = replace(left, redeemed=self._redeem(before, held), redeemed_at=self._now)
        stage.told.line(tell.redeemed(self._story.exit))

    def _withdraw(self, snapshot: Snapshot, shares: int) -> tuple[FullExit, dict[str, int]]:
        """The withdrawal, and the strategies' shares that it paid, by strategy."""
        stage, vault = self._stage, self._stage.system.vault
        coins = [coin for coin in snapshot.coins if coin.held]
        owed = aggregate([read(vault, "previewWithdraw", shares)])[0]
        least = [amount * (BPS - TOLERANCE_BPS) // BPS for amount in owed]
        before = self._held(coins)
        send_call(stage.investor, "withdrawing", vault, "withdraw", shares, stage.investor.address, least)
        got = {key: now - before[key] for key, now in self._held(coins).items()}
        at = {coin.token: coin for coin in coins}
        held = {key: amount for key, amount in got.items() if key not in at and amount}
        in_shares = {
            self._names[address]: self._worth(snapshot, address, amount) for address, amount in held.items()
        }
        exit_ = FullExit(
            at=self._now,
            coin=FULL,
            shares=shares,
            owed={c.symbol: _value(c, amount) for c, amount in zip(coins, owed, strict=True)},
            paid={coin.symbol: _value(coin, got[coin.token]) for coin in coins},
            in_shares=in_shares,
        )
        return exit_, held

    def _held(self, coins: list[Coin]) -> dict[str, int]:
        """What the investor has of the coins and of the strategies' shares, by address."""
        keys = [*(coin.token for coin in coins), *self._names]
        calls = [read(_erc20(key), "balanceOf", self._stage.investor.address) for key in keys]
        return dict(zip(keys, aggregate(calls), strict=True))

    def _worth(self, snapshot: Snapshot, strategy: str, shares: int) -> int:
        """WAD{USD} of a strategy's shares."""
        contract = strategy_at(strategy)
        asset, assets = aggregate([read(contract, "asset"), read(contract, "convertToAssets", shares)])
        return _value(snapshot.coin(asset), assets)

    def _redeem(self, snapshot: Snapshot, held: dict[str, int]) -> int:
        """The strategies' shares for coins, by the strategies' own functions; WAD{USD} that came."""
        investor, came = self._stage.investor, 0
        for address, shares in held.items():
            contract = strategy_at(address)
            coin = snapshot.coin(aggregate([read(contract, "asset")])[0])
            before = self._held([coin])[coin.token]
            account = investor.address
            send_call(investor, "redeeming", contract, "redeem", shares, account, account)
            came += _value(coin, self._held([coin])[coin.token] - before)
        return came


def _erc20(address: str) -> Any:
    return contract_at("IndexVault", address)  # its ABI has all of ERC-20


def _value(coin: Coin, amount: int) -> int:
    """WAD{USD} at the mid price."""
    return value_of(amount, coin.scale, coin.quote.mid)
