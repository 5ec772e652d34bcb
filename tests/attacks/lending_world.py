"""A lending fund and its strategies on the replica's markets, and scripts of attackers with any capital.

Everything goes by raw JSON-RPC. A script of one block is undone by the `eth_call` that runs it; a story of
several blocks is an `eth_simulateV1`, which leaves nothing behind either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ballast.replica.rpc import hex0x
from tests.profiles import PROFILE
from tests.unit.erc4626.script import ALICE, MALLORY, TRENT, Answers, Ref, Script, keep_data, kept
from tests.unit.erc4626.stage import UNLIMITED, Lab
from tests.unit.erc4626.subjects import aave_strategy, compound_strategy, curve_strategy

KEEPER: Final = TRENT  # holds every role
COINS: Final = ("USDC", "USDT")  # of the fund; the first is lent
UNIT: Final = 10**6  # base units of a whole coin of either
WAD: Final = 10**18
WEALTH: Final = 10**10  # whole coins of each sort that an actor has
HELD: Final = 200_000  # whole coins that Alice has in each strategy, and of each sort in the fund
LENT: Final = 55_000  # whole coins of the fund in each strategy
SEQUENCES: Final = {"quick": 200, "ci": 2_000, "deep": 20_000}[PROFILE.name]  # of each attack
BUILDERS: Final = {"Aave": aave_strategy, "Compound": compound_strategy, "Curve": curve_strategy}
ZERO: Final = "0x" + "00" * 20
SIMULATED_GAS: Final = 25_000_000


@dataclass
class Play(Script):
    """A script on the whole scene; `vault` is the strategy that it is about."""

    world: "World" = field(kw_only=True)

    def balance(self, token: str, actor: int = MALLORY) -> Ref:
        return self.call(actor, token, "balanceOf(address)", self.actors[actor])

    def pay(self, token: str, to: str, amount: Any, by: int = MALLORY) -> Ref:
        """Gives away."""
        return self.call(by, token, "transfer(address,uint256)", to, amount)

    # -- the strategy

    def join(self, amount: int, by: int = MALLORY) -> Ref:
        """As much of `amount` as it takes; what the actor paid is what is missing afterwards."""
        return self.enter(amount, by)

    def quit(self, by: int = MALLORY, vault: str | None = None) -> Ref:
        """All shares that it takes back."""
        where = vault or self.vault
        most = self.call(by, where, "maxRedeem(address)", self.actors[by])
        me = self.actors[by]
        return self.call(by, where, "redeem(uint256,address,address)", most, me, me)

    def left_over(self, by: int = MALLORY, vault: str | None = None) -> Ref:
        """{coin} that the shares of an actor are worth."""
        where = vault or self.vault
        return self.call(by, where, "convertToAssets(uint256)", self.balance(where, by))

    def left_over_of_fund(self, vault: str) -> Ref:
        """{coin} that the fund's shares of a strategy are worth."""
        held = self.call(ALICE, vault, "balanceOf(address)", self.world.manager)
        return self.call(ALICE, vault, "convertToAssets(uint256)", held)

    def harvest(self) -> Ref:
        """With nothing to sell: coins that lie in the strategy become the gain."""
        return self.on(KEEPER, "harvest((address,uint256,address,bytes)[])", 0x20, 0)

    def reward(self, amount: int) -> Ref:
        """Coins as rewards bring them, and the harvest at once."""
        self.pay(self.coin, self.vault, amount, KEEPER)
        return self.harvest()

    # -- the fund

    def fund_join(self, shares: Any, by: int = MALLORY) -> Ref:
        return self.call(by, self.world.door, "enter(uint256)", shares)

    def fund_quit(self, by: int = MALLORY) -> Ref:
        """All shares; what is not paid in coins comes as shares of strategies."""
        held, me = self.balance(self.world.fund, by), self.actors[by]
        return self.call(by, self.world.fund, "withdraw(uint256,address,uint256[])", held, me, 0x60, 2, 0, 0)

    def lent(self) -> list[Ref]:
        """What the fund's strategies are worth to it."""
        return [self.left_over_of_fund(at) for at in self.world.strategies.values()]

    def counted(self) -> Ref:
        """How much of that counts for who leaves."""
        return self.call(ALICE, self.world.manager, "gainsOf(address)", self.coin)

    def fund_supply(self) -> Ref:
        return self.call(ALICE, self.world.fund, "totalSupply()")

    def sync(self) -> Ref:
        return self.call(MALLORY, self.world.manager, "sync(address)", self.coin)

    def lend(self, strategy: str, amount: Any) -> Ref:
        """The keeper allocates."""
        return self.call(KEEPER, self.world.manager, "allocate(address,uint256)", strategy, amount)

    def bring_back(self, strategy: str, amount: Any) -> Ref:
        return self.call(KEEPER, self.world.manager, "deallocate(address,uint256)", strategy, amount)

    # -- the pool

    def swap(self, sell_first: bool, amount: Any) -> Ref:
        """Through Curve; the answer is what came of the other coin."""
        signature = "exchange(int128,int128,uint256,uint256)"
        return self.call(MALLORY, self.world.pool, signature, *self.world.sides(sell_first), amount, 0)

    def lean(self, first: bool, amount: Any) -> Ref:
        """Liquidity of one coin only; the answer is LP tokens."""
        amounts = (amount, 0) if self.world.place(first) == 0 else (0, amount)
        signature = "add_liquidity(uint256[],uint256)"
        return self.call(MALLORY, self.world.pool, signature, 0x40, 0, 2, *amounts)

    def unlean(self, first: bool, lp: Any) -> Ref:
        """Back out of the pool, in one coin."""
        signature = "remove_liquidity_one_coin(uint256,int128,uint256)"
        return self.call(MALLORY, self.world.pool, signature, lp, self.world.place(first), 0)

    # -- accounts

    def wealth(self, actor: int = MALLORY) -> list[Ref]:
        """Both coins that an actor has, then what shares of strategies that he has are worth."""
        coins = [self.balance(token, actor) for token in self.world.tokens]
        return coins + [self.left_over(actor, at) for at in {*self.world.strategies.values(), self.vault}]

    def cash_in(self, actor: int = MALLORY) -> None:
        """Leaves whatever he is in."""
        self.fund_quit(actor)
        for strategy in {*self.world.strategies.values(), self.vault}:
            self.quit(actor, strategy)


def total(answers: Answers, refs: Sequence[Ref]) -> int:
    return sum(answers[ref] for ref in refs)


@dataclass(frozen=True)
class World:
    """Addresses; `fund` is the IndexVault, `pool` Curve's of both coins."""

    lab: Lab
    tokens: tuple[str, str]
    strategies: Mapping[str, str]
    fund: str
    manager: str
    door: str
    pool: str

    def place(self, first: bool) -> int:
        """Of the first coin of the fund, or of the second, in the pool."""
        coins = self.lab.replica.book.curve_pool(*COINS).coins
        return coins.index(COINS[0] if first else COINS[1])

    def sides(self, sell_first: bool) -> tuple[int, int]:
        return self.place(sell_first), self.place(not sell_first)

    def play(self, strategy: str = "") -> Play:
        """An empty script; `strategy`: an address, or one of the fund's by name."""
        address = self.strategies.get(strategy, strategy)
        return Play(self.lab.prober, self.lab.actors, address, self.tokens[0], world=self)

    def read(self, to: str, signature: str, *args: Any, returns: str = "uint256") -> Any:
        return self.lab.rpc.read(to, signature, args, returns)

    def story(self, blocks: Sequence[tuple[int, Play]]) -> list[Answers]:
        """Blocks one after another, each so many seconds after the last one; what their scripts answer."""
        time, states = self.lab.rpc.timestamp(), []
        for seconds, script in blocks:
            time += seconds
            call = {"to": self.lab.prober, "data": hex0x(keep_data(script)), "gas": hex(SIMULATED_GAS)}
            states.append({"blockOverrides": {"time": hex(time)}, "calls": [call]})
        told = self.lab.rpc.call("eth_simulateV1", {"blockStateCalls": states}, "latest")
        return [kept(block["calls"][0]["returnData"]) for block in told]


def allow(lab: Lab, spender: str, *tokens: str) -> None:
    """Every actor lets it draw."""
    for actor in range(len(lab.actors)):
        for token in tokens:
            lab.act(actor, token, "approve(address,uint256)", spender, UNLIMITED)


def open_strategy(lab: Lab, address: str, coin: str) -> None:
    """Alice is in it, everybody may be."""
    allow(lab, address, coin)
    lab.act(ALICE, address, "deposit(uint256,address)", HELD * UNIT, lab.actors[ALICE])


def make_world(lab: Lab) -> World:
    """Alice holds the fund, whose first coin is lent to three strategies, and is in each."""
    tokens = (lab.address(COINS[0]), lab.address(COINS[1]))
    for actor in range(len(lab.actors)):
        for coin in COINS:
            lab.replica.mint(coin, lab.actors[actor], WEALTH * UNIT)
    lab.send(lab.authority, "grantRole(uint64,address,uint32)", 0, lab.actors[KEEPER], 0)
    strategies = {name: build(lab, COINS[0]) for name, build in BUILDERS.items()}
    manager = lab.deploy("StrategyManager", lab.authority)
    fund = ["Ballast", "B", lab.authority, lab.oracle, lab.actors[KEEPER], list(tokens), [5_000, 5_000], ZERO]
    vault = lab.deploy("IndexVault", *fund, manager)
    world = World(
        lab, tokens, strategies, vault, manager, lab.deploy("FundDoor", vault),
        lab.replica.book.curve_pool(*COINS).address,
    )  # fmt: skip
    lab.send(manager, "bind(address)", vault)
    for spender in (vault, world.door, world.pool):
        allow(lab, spender, *tokens)
    amounts = [HELD * UNIT, HELD * UNIT]
    lab.act(ALICE, vault, "contribute(uint256[],address,uint256)", amounts, lab.actors[ALICE], 0)
    for strategy in strategies.values():
        open_strategy(lab, strategy, tokens[0])
        lab.send(manager, "addStrategy(address,uint256,uint256)", strategy, 10**30, 10_000)
        lab.send(manager, "allocate(address,uint256)", strategy, LENT * UNIT)
    return world
