"""A fund and strategies whose coins, pool, venue and one strategy call back in the middle of whatever is
done with them.
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import encode

from ballast.replica import curve
from ballast.replica.feeds import NOBODY
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import encode_call
from tests.attacks.lending_world import KEEPER, ZERO, allow
from tests.unit.erc4626.script import ALICE, BOB, MALLORY, Ref, Script
from tests.unit.erc4626.stage import Lab

UNIT: Final = 10**6
WAD: Final = 10**18
MUCH: Final = 10**9 * UNIT
HELD: Final = 100_000 * UNIT  # of Alice, Bob and the attacker each, wherever they are
REENTERS: Final = 16  # HostileStrategy.Mode
LOOK: Final = encode_call("look()")
FACTORY: Final = "curve_ng_factory"
PARTS: Final = ("market", "curve", "hostile")


@dataclass(frozen=True)
class Hooked:
    """Addresses. `coins`: of the fund; the strategies are of the first, `curve` in a pool of both."""

    lab: Lab
    coins: tuple[str, str]
    reward: str
    market: str
    pool: str
    strategies: dict[str, str]
    manager: str
    fund: str
    door: str
    venue: str
    watcher: str
    optimizer: str
    lenders: dict[str, str]
    questions: tuple[str, ...]  # what the watcher's bits ask

    def script(self, strategy: str) -> Script:
        return Script(self.lab.prober, self.lab.actors, self.strategies[strategy], self.coins[0])

    def begin(self, s: Script, asked: int) -> None:
        s.call(ALICE, self.watcher, "begin(uint256)", asked)

    def end(self, s: Script) -> tuple[Ref, Ref, Ref]:
        """What was wrong, how often it was looked, how often answered."""
        wrong = s.call(ALICE, self.watcher, "end()")
        return wrong, s.call(ALICE, self.watcher, "looks()"), s.call(ALICE, self.watcher, "answered()")

    def terms(self, amount_out: int) -> bytes:
        """Data of `TermsVenue` that has it look in the middle."""
        return encode(["uint256", "address", "bytes"], [amount_out, self.watcher, LOOK])


def make_hooked(lab: Lab) -> Hooked:
    """Everybody is in everything; what calls back is on."""
    coins = (lab.deploy("HookedCoin"), lab.deploy("HookedCoin"))
    reward, venue, watcher = lab.deploy("HookedCoin"), lab.deploy("TermsVenue"), lab.deploy("ViewWatcher")
    lab.send(lab.authority, "grantRole(uint64,address,uint32)", 0, lab.actors[KEEPER], 0)
    for token in (*coins, reward):
        for account in (*lab.actors, venue, OPERATOR):
            lab.send(token, "mint(address,uint256)", account, MUCH)
    pool = deploy_pool(lab, coins)
    market = lab.deploy("MockMarket", coins[0])
    end = (lab.authority, lab.oracle)
    strategies = {
        "market": lab.deploy("MockStrategy", market, reward, *end),
        "curve": lab.deploy("CurveStrategy", "Hooked", "h", pool, coins[0], *end),
        "hostile": lab.deploy("HostileStrategy", coins[0]),
    }
    manager = lab.deploy("StrategyManager", lab.authority)
    rules = [lab.authority, lab.oracle, lab.actors[KEEPER], list(coins), [5_000, 5_000], ZERO, manager]
    fund = lab.deploy("IndexVault", "Hooked", "H", *rules)
    lab.send(manager, "bind(address)", fund)
    door = lab.deploy("FundDoor", fund)
    optimizer = lab.deploy("YieldOptimizer", lab.authority, manager, lab.oracle, coins[0])
    for spender in (pool, fund, door, *strategies.values()):
        allow(lab, spender, *coins)
    lenders = {
        "fund": lab.deploy("ToyLender", fund, coins[0], 2),
        **{name: lab.deploy("ToyLender", strategies[name], coins[0], 0) for name in ("market", "curve")},
    }
    naive = lab.deploy("NaivePrice")
    asked = [
        *questions(coins, strategies, manager, fund, optimizer),
        ("naive price", naive, encode_call("price(address,address)", [coins[0], fund])),
    ]
    made = Hooked(
        lab, coins, reward, market, pool, strategies, manager, fund, door, venue, watcher, optimizer, lenders,
        tuple(name for name, _, _ in asked),
    )  # fmt: skip
    fill(made)
    for _, target, data in asked:
        lab.send(watcher, "add(address,bytes)", target, data)
    return made


def deploy_pool(lab: Lab, coins: tuple[str, str]) -> str:
    """A Curve pool of both coins, ten million each."""
    factory = lab.replica.book.contracts[FACTORY]
    terms = [1_000, 10**6, 2 * 10**10, curve.EMA_TIME, 0]
    lab.send(
        factory, curve.DEPLOY, "Hooked", "HOOKED", list(coins), *terms, [0, 0], [b"\0" * 4] * 2, [NOBODY] * 2
    )
    last = lab.rpc.read(factory, "pool_count()") - 1
    pool = str(lab.rpc.read(factory, "pool_list(uint256)", [last], "address"))
    for token in coins:
        lab.send(token, "approve(address,uint256)", pool, MUCH)
    lab.send(pool, "add_liquidity(uint256[],uint256)", [10**7 * UNIT] * 2, 0)
    return pool


def fill(h: Hooked) -> None:
    """Holders, lent coins, loans; then the callbacks are switched on."""
    lab = h.lab
    for actor in (ALICE, BOB, MALLORY):
        me = lab.actors[actor]
        lab.act(actor, h.fund, "contribute(uint256[],address,uint256)", [HELD, HELD], me, 0)
        lab.act(actor, h.pool, "add_liquidity(uint256[],uint256)", [HELD, HELD], 0)
        for name in ("market", "curve"):
            lab.act(actor, h.strategies[name], "deposit(uint256,address)", HELD, me)
    for strategy in h.strategies.values():
        lab.send(h.manager, "addStrategy(address,uint256,uint256)", strategy, 10**30, 10_000)
        lab.send(h.manager, "allocate(address,uint256)", strategy, 60_000 * UNIT)
    for name, lender in h.lenders.items():
        shares = h.fund if name == "fund" else h.strategies[name]
        lab.act(ALICE, shares, "approve(address,uint256)", lender, 2**256 - 1)
        part = lab.rpc.read(shares, "balanceOf(address)", [lab.actors[ALICE]]) // 4
        lab.act(ALICE, lender, "open(uint256,uint256)", part, 9_000)
        lab.send(h.coins[0], "mint(address,uint256)", lender, MUCH)
        lab.send(h.watcher, "tell(address)", lender)
    lab.wait(6 * 3_600)
    lab.send(h.manager, "sync(address)", h.coins[0])
    lab.send(h.strategies["hostile"], "setHook(address,bytes,bool)", h.watcher, LOOK, True)
    lab.send(h.strategies["hostile"], "setMode(uint8)", REENTERS)
    for token in (*h.coins, h.reward):
        lab.send(token, "setWatcher(address)", h.watcher)


def questions(
    coins: tuple[str, str], strategies: dict[str, str], manager: str, fund: str, optimizer: str
) -> list[tuple[str, str, bytes]]:
    """Every view that prices something: its name, whom to ask, and the call.

    Not those that say what can be had or moved now: while a strategy does not answer, `lentOf` and
    `strategiesOf` flag it, and `available`, `liquidOf`, `allocatable` and the optimizer's plans leave it out.
    """
    coin, amount = coins[0], 1_000 * UNIT
    asked: list[tuple[str, str, list[Any]]] = [
        (fund, "getBasket()", []), (fund, "getReserve(address)", [coin]), (fund, "totalBasketValue()", []),
        (fund, "previewWithdraw(uint256)", [WAD]), (fund, "amountsForShares(uint256)", [WAD]),
        (fund, "previewContribute(uint256[])", [[amount, amount]]), (fund, "idleOf(address)", [coin]),
        (manager, "gainsOf(address)", [coin]), (manager, "lossBudget(address)", [coin]),
        (optimizer, "optimizeYield(address,uint256)", [coin, amount]),
        (optimizer, "shouldReallocate(address)", [coin]),
    ]  # fmt: skip
    names = (
        "convertToAssets",
        "convertToShares",
        "previewDeposit",
        "previewMint",
        "previewWithdraw",
        "previewRedeem",
    )
    for name in ("market", "curve"):
        asked += [(strategies[name], f"{view}(uint256)", [amount]) for view in names]
        asked += [(strategies[name], f"{view}()", []) for view in ("totalAssets", "lockedProfit")]
    labels = {fund: "fund", manager: "manager", optimizer: "optimizer"} | {
        a: n for n, a in strategies.items()
    }
    return [(f"{labels[to]}.{view}", to, encode_call(view, args)) for to, view, args in asked]
