"""The two scenes of the exit matrix: a complete fund on real markets, and a vault with hostile strategies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_abi import encode

from ballast.index_lending import Lending
from ballast.replica import Replica
from ballast.replica.aave_market import AaveMarket
from ballast.replica.addresses import AddressBook
from ballast.replica.comet import COMET_COINS, CometMarket
from ballast.replica.morpho import PARAMS, VAULTS, market_params
from ballast.replica.morpho_market import MorphoMarket
from ballast.replica.place import OPERATOR, role_account
from ballast.replica.rpc import Rpc
from ballast.replica.uniswap import UNLIMITED
from tests.deployed import Deployed
from tests.integration.exit_cells import Call, Scene, Trouble

BROKEN_CODE: Final = "0x60006000fd"  # reverts whatever it is asked
DAY: Final = 86_400
GONE_SECONDS: Final = 90 * DAY
USD: Final = (4_000_000, 2_500_000)  # of the two holders
LENT_BPS: Final = 4_000  # of each coin's reserve, into each of its strategies
BY_ISSUER: Final = ("USDC", "USDT")  # that have a switch of their own
SUPPLIED: Final = 3_000_000  # whole coins of each kind that end a shortage
MORPHO_COIN: Final = "DAI"


def lending(book: AddressBook) -> Lending:
    """Every coin on Aave; USDC and USDT on Compound, too, DAI in a vault on Morpho."""
    pool, rewards = book.contracts["aave_v3_pool"], book.contracts["comet_rewards"]
    caps = {"cap": 50_000_000, "cap_bps": 6_000, "score": 900}
    coins: dict[str, list[dict[str, Any]]] = {
        symbol: [{"kind": "aave_v3", "pool": pool} | caps]
        for symbol in ("USDC", "USDT", "DAI", "FRAX", "LUSD")
    }
    for symbol in COMET_COINS:
        comet = book.contracts[f"comet_{symbol.lower()}"]
        coins[symbol].append({"kind": "compound_v3", "comet": comet, "rewards": rewards} | caps)
    vault = book.contracts["morpho_vault_dai"]
    coins[MORPHO_COIN].append({"kind": "erc4626", "name": "morpho", "vault": vault} | caps)
    return Lending.model_validate({"coins": {s: {"strategies": listed} for s, listed in coins.items()}})


@dataclass(frozen=True)
class RealFund:
    """The complete fund with its coins lent, and what can befall it."""

    deployed: Deployed
    scene: Scene
    symbols: tuple[str, ...]
    frozen_code: dict[str, str]  # of the coins whose issuers have no switch, by symbol
    own_code: dict[str, str]

    @property
    def replica(self) -> Replica:
        return self.deployed.replica

    def freeze(self, coins: Iterable[int]) -> Trouble:
        """The issuers stop these coins for everybody."""
        symbols = [self.symbols[i] for i in coins]
        address = {s: self.scene.tokens[self.symbols.index(s)] for s in symbols}
        switched = [address[s] for s in symbols if s in BY_ISSUER]
        return Trouble(
            f"frozen: {' '.join(symbols) or 'nothing'}",
            tuple((OPERATOR, token, "pause()", ()) for token in switched),
            {address[s]: self.frozen_code[s] for s in symbols if s not in BY_ISSUER},
            tuple((OPERATOR, token, "unpause()", ()) for token in switched),
            {address[s]: self.own_code[s] for s in symbols if s not in BY_ISSUER},
        )

    def blacklist_vault(self) -> Trouble:
        """The two issuers with a blacklist put the vault, and nobody else, on it."""
        usdc, usdt = (self.scene.tokens[self.symbols.index(s)] for s in BY_ISSUER)
        vault = (self.scene.vault,)
        return Trouble(
            "vault blacklisted",
            ((OPERATOR, usdc, "blacklist(address)", vault), (OPERATOR, usdt, "addBlackList(address)", vault)),
            mending=(
                (OPERATOR, usdc, "unBlacklist(address)", vault),
                (OPERATOR, usdt, "removeBlackList(address)", vault),
            ),
            stops=False,
        )

    # -- situations: what is done now, and what a cell adds

    def plain(self) -> Trouble:
        return Trouble("plain", pays="coins")

    def without_liquidity(self) -> Trouble:
        """Every market lends out all it has; suppliers come back in the end."""
        aave, morpho = AaveMarket(self.replica), MorphoMarket(self.replica)
        for symbol in self.symbols:
            aave.use(symbol, "1")
        for symbol in COMET_COINS:
            CometMarket(self.replica.rpc, self.replica.book, symbol).borrow_all()
        morpho.use(MORPHO_COIN, "1")
        return Trouble("no liquidity", mending=self._supplying(), pays="shares")

    def _supplying(self) -> tuple[Call, ...]:
        """Suppliers bring every market coins that it can pay out."""
        known, to_aave = self.replica.book.contracts, "supply(address,uint256,address,uint16)"
        calls: list[Call] = []
        for symbol, token in zip(self.symbols, self.scene.tokens, strict=True):
            units = SUPPLIED * 10 ** self.replica.book.token(symbol).decimals
            self.replica.mint(symbol, OPERATOR, 2 * units)
            calls.append((OPERATOR, known["aave_v3_pool"], to_aave, (token, units, OPERATOR, 0)))
            if symbol in COMET_COINS:
                comet = known[f"comet_{symbol.lower()}"]
                calls.append((OPERATOR, comet, "supply(address,uint256)", (token, units)))
        return (*calls, *self._supplying_morpho())

    def _supplying_morpho(self) -> tuple[Call, ...]:
        book = self.replica.book
        vault = next(one for one in VAULTS if one.coin == MORPHO_COIN)
        units = SUPPLIED * 10 ** book.token(MORPHO_COIN).decimals
        self.replica.mint(MORPHO_COIN, OPERATOR, units)
        supply = (market_params(book, vault), units, 0, OPERATOR, b"")
        return (
            (
                OPERATOR,
                book.token(MORPHO_COIN).address,
                "approve(address,uint256)",
                (book.contracts["morpho"], units),
            ),
            (OPERATOR, book.contracts["morpho"], f"supply({PARAMS},uint256,uint256,address,bytes)", supply),
        )

    def reverting(self) -> Trouble:
        """Every strategy refuses every call, its shares' transfers included."""
        code = dict.fromkeys(self.scene.every_strategy, BROKEN_CODE)
        return Trouble("strategies revert", code=code, mended=self._codes(), pays="claims")

    def _codes(self) -> dict[str, str]:
        return {s: self.replica.rpc.call("eth_getCode", s, "latest") for s in self.scene.every_strategy}

    def without_keeper(self) -> Trouble:
        """Nobody looks, moves or reports for months; no feed answers anew."""
        self.replica.pass_time(GONE_SECONDS, keep_feeds=False)
        return Trouble("no keeper", pays="coins")

    def paused(self) -> Trouble:
        """Everything that the guardian can stop is stopped."""
        system, guardian = self.deployed.system, self.deployed.guardian.address
        stops: list[tuple[str, str, tuple[Any, ...]]] = [
            (self.scene.vault, "pauseContributions()", ()),
            (str(system.rebalancer.address), "pause()", ()),
        ]
        for strategy in self.scene.every_strategy:
            stops.append((self.scene.manager, "pauseStrategy(address)", (strategy,)))
            if strategy != self.replica.book.contracts["morpho_vault_dai"]:
                stops.append((strategy, "pauseDeposits()", ()))
        return Trouble("paused", tuple((guardian, *stop) for stop in stops), pays="coins")

    def markets_paused(self) -> Trouble:
        """Aave and Compound let nothing out; Morpho, which nobody can pause, has nothing left."""
        MorphoMarket(self.replica).use(MORPHO_COIN, "1")
        return Trouble(
            "markets paused",
            self._pausing(True),
            mending=(*self._pausing(False), *self._supplying_morpho()),
            pays="shares",
        )

    def _pausing(self, paused: bool) -> tuple[Call, ...]:
        known = self.replica.book.contracts
        signature = "setReservePause(address,bool)"
        at = known["aave_v3_configurator"]
        aave: list[Call] = [(OPERATOR, at, signature, (token, paused)) for token in self.scene.tokens]
        comets = [known[f"comet_{symbol.lower()}"] for symbol in COMET_COINS]
        flags = (paused,) * 5
        return (*aave, *((OPERATOR, at, "pause(bool,bool,bool,bool,bool)", flags) for at in comets))


def real_fund(deployed: Deployed, project: Any) -> RealFund:
    """Two holders enter, the keeper lends, a month of interest comes in and is looked at."""
    replica, system = deployed.replica, deployed.system
    for investor, dollars in zip(deployed.investors, USD, strict=False):
        deployed.contribute(dollars, investor)
    tokens = tuple(deployed.tokens)
    strategies = tuple(
        tuple(state.strategy for state in system.manager.strategiesOf(token)) for token in tokens
    )
    for token, listed in zip(tokens, strategies, strict=True):
        part = system.vault.getReserve(token) * LENT_BPS // 10_000
        for strategy in listed:
            system.manager.allocate(strategy, part, sender=deployed.keeper)
    replica.pass_time(30 * DAY)
    for token in tokens:
        system.manager.sync(token, sender=deployed.attacker)
    scene = Scene(
        replica.rpc,
        replica.book.contracts["multicall3"],
        str(system.vault.address),
        str(system.manager.address),
        tokens,
        strategies,
        (deployed.investors[0].address, deployed.investors[1].address),
    )
    symbols = tuple(next(c.symbol for c in deployed.index.coins if c.token == token) for token in tokens)
    own, frozen = _freezable(replica, project, symbols)
    return RealFund(deployed, scene, symbols, frozen, own)


def _freezable(
    replica: Replica, project: Any, symbols: Iterable[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The codes of the coins without a switch: their own, and one under which they do not move."""
    own, frozen = {}, {}
    for symbol in symbols:
        if symbol in BY_ISSUER:
            continue
        own[symbol] = replica.rpc.call("eth_getCode", replica.book.token(symbol).address, "latest")
        elsewhere = role_account(f"code-of.{symbol}")
        replica.rpc.call("anvil_setCode", elsewhere, own[symbol])
        initcode = bytes(project.FrozenCoin.contract_type.get_deployment_bytecode())
        initcode += encode(["address"], [elsewhere])
        made = replica.rpc.send_raw(None, initcode, sender=OPERATOR)["contractAddress"]
        frozen[symbol] = replica.rpc.call("eth_getCode", made, "latest")
    return own, frozen


# --- hostile strategies -------------------------------------------------------------------------------------

DECIMALS: Final = (6, 6, 18, 18, 18)
WEIGHTS: Final = (3_500, 2_500, 2_000, 1_000, 1_000)  # bps
# In the order of HostileStrategy.Mode; then what its switches do.
MODES: Final = (
    "HONEST", "VALUE_REVERTS", "VALUE_BURNS_GAS", "VALUE_BOMBS", "VALUE_SHORT", "VALUE_HUGE",
    "REDEEM_REVERTS", "REDEEM_BURNS_GAS", "REDEEM_BOMBS", "REDEEM_LIES", "REDEEM_TAKES_MORE",
    "REDEEM_KEEPS_SHARES", "LIQUIDITY_REVERTS", "LIQUIDITY_BURNS_GAS", "LIQUIDITY_LIES",
    "DEPOSIT_KEEPS_HALF", "REENTERS",
)  # fmt: skip
ILLIQUID, SHARES_STUCK, STUCK_AND_UNREADABLE = "ILLIQUID", "SHARES_STUCK", "STUCK_AND_UNREADABLE"
ALL_MODES: Final = (*MODES, ILLIQUID, SHARES_STUCK, STUCK_AND_UNREADABLE)
NORMAL, PAUSED = 0, 4  # TokenWithModes.Mode
FEES: Final = {"FEE": 3, "SENDER_PAYS_FEE": 11}


@dataclass(frozen=True)
class HostileFund:
    """A vault of five coins, two hostile strategies of each."""

    scene: Scene
    anybody: str

    def freeze(self, coins: Iterable[int]) -> Trouble:
        stopped = tuple(coins)
        calls, mending = (
            tuple((self.anybody, self.scene.tokens[i], "setMode(uint8)", (mode,)) for i in stopped)
            for mode in (PAUSED, NORMAL)
        )
        return Trouble(f"frozen: {stopped}", calls, mending=mending)

    def fee(self, coin: int, mode: str) -> tuple[Call, ...]:
        """A coin that delivers a basis point less (FEE), or takes one more from who sends it."""
        token = self.scene.tokens[coin]
        return (
            (self.anybody, token, "setFee(uint256)", (1,)),
            (self.anybody, token, "setMode(uint8)", (FEES[mode],)),
        )

    def turned(self, modes: Mapping[str, str]) -> Trouble:
        """Each strategy misbehaves in its way."""
        calls: list[Call] = []
        mending: list[Call] = []
        for strategy, mode in modes.items():
            for into, on in ((calls, True), (mending, False)):
                into += [(self.anybody, strategy, *switch) for switch in _switches(mode, on)]
        return Trouble(" ".join(modes.values()), tuple(calls), mending=tuple(mending))


def _switches(mode: str, on: bool) -> list[tuple[str, tuple[Any, ...]]]:
    stuck = ("setFrozen(bool)", (on,))
    if mode == ILLIQUID:
        return [("setLimits(uint256,uint256)", (0 if on else UNLIMITED, UNLIMITED))]
    if mode == SHARES_STUCK:  # it pays nothing either
        return [stuck, *_switches(ILLIQUID, on)]
    if mode == STUCK_AND_UNREADABLE:
        return [stuck, *_switches("VALUE_REVERTS", on)]
    return [("setMode(uint8)", (MODES.index(mode) if on else 0,))]


def hostile_fund(project: Any, people: Any, rpc: Rpc, multicall: str) -> HostileFund:
    """$1,000,000 of two holders in it, four fifths lent; one strategy of each coin has gained."""
    governor, owner, first, second = people[0], people[3], people[4], people[5]
    coins = [governor.deploy(project.TokenWithModes, decimals) for decimals in DECIMALS]
    access = governor.deploy(project.IndexAccess, governor)
    oracle, guard = governor.deploy(project.MockOracle), governor.deploy(project.MockGuard)
    manager = governor.deploy(project.StrategyManager, access)
    vault = governor.deploy(
        project.IndexVault, "Ballast", "B", access, oracle, owner, coins, list(WEIGHTS), guard, manager
    )
    manager.bind(vault, sender=governor)
    for who, dollars in ((first, 600_000), (second, 400_000)):
        amounts = [dollars * w * 10**d // 10_000 for w, d in zip(WEIGHTS, DECIMALS, strict=True)]
        for coin, amount in zip(coins, amounts, strict=True):
            coin.mint(who, amount, sender=governor)
            coin.approve(vault, amount, sender=who)
        vault.contribute(amounts, who, 0, sender=who)
    listed = tuple(_lend(project, governor, vault, manager, coin) for coin in coins)
    tokens = tuple(coin.address for coin in coins)
    scene = Scene(
        rpc, multicall, vault.address, manager.address, tokens, listed, (first.address, second.address)
    )
    return HostileFund(scene, governor.address)


def _lend(project: Any, governor: Any, vault: Any, manager: Any, coin: Any) -> tuple[str, str]:
    """Two strategies of a coin, each with its part; the first has gained half a percent, not counted yet."""
    part = vault.getReserve(coin) * LENT_BPS // 10_000
    made = [governor.deploy(project.HostileStrategy, coin) for _ in range(2)]
    for strategy in made:
        manager.addStrategy(strategy, UNLIMITED >> 128, 10_000, sender=governor)
        manager.allocate(strategy, part, sender=governor)
        data = manager.sync.encode_input(coin)
        strategy.setHook(manager, data, False, sender=governor)
    made[0].setRate(made[0].rate() * 1_005 // 1_000, sender=governor)
    coin.mint(made[0], part * 5 // 1_000, sender=governor)
    manager.sync(coin, sender=governor)
    return made[0].address, made[1].address
