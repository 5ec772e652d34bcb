"""All that the invariants look at, read in one call in one block."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any, Final

from eth_abi import decode, encode

from ballast.chain.system import ETH
from ballast.keeper.snapshot import (
    Coin,
    FillParams,
    PairLimits,
    Params,
    Phase,
    Session,
    SessionPrice,
    Snapshot,
    Verdict,
)
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import Reason, TriggerParams
from ballast.replica.rpc import argument_types, encode_call, hex0x, selector
from tests.stateful.crisis_view import WORDS, CrisisSeen, crisis_calls
from tests.stateful.world import World

DEAD: Final = "0x000000000000000000000000000000000000dEaD"
GAS_PRICE: Final = 20 * 10**9  # wei, of the looking itself
PROBE: Final = 10**20  # shares whose price is asked in every state
QUOTES: Final = "(uint256,uint256,uint8)[]"
LIST: Final = "address[],uint256[]"
PARAMS: Final = (
    "((uint16,uint16,uint32,uint32,uint32,uint32,uint96,uint96),"
    "(uint16,uint16,uint16,uint16,uint32,uint32,uint8,uint96))"
)
SESSION: Final = (
    "(uint8,uint8,uint256,uint256,uint256,uint256,uint256,uint256,uint256,address[],uint256[],uint256[])"
)
MARKET: Final = "(address,uint256,uint256,uint8,bool,uint256,uint256,uint256,uint256,uint256,uint256)[]"
ROLES: Final = range(6)
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Seen(CrisisSeen):
    """The answers of one moment by key; a call that reverted has None, `raw` holds the bytes."""

    answers: dict[Key, Any]
    raw: dict[Key, bytes]
    world: World

    def __getitem__(self, key: Any) -> Any:
        return self.answers[key if isinstance(key, tuple) else (key,)]

    @property
    def coins(self) -> range:
        return range(len(self.world.tokens))

    # -- the vault's coins: those that were fled leave its list and join again at its end

    @cached_property
    def listed(self) -> list[int]:
        """The coins in the vault's order."""
        return self._positions(self["basket"][0])

    def in_vault(self, values: Sequence[int]) -> list[int]:
        """Values of all coins as the vault's list has them."""
        return [values[coin] for coin in self.listed]

    def of_coins(self, values: Sequence[int], listed: Sequence[int] | None = None) -> list[int]:
        """Values in the vault's order as those of all coins; 0 for coins that it does not list."""
        found = [0] * len(self.world.tokens)
        for coin, value in zip(self.listed if listed is None else listed, values, strict=True):
            found[coin] = value
        return found

    def _positions(self, tokens: Sequence[str]) -> list[int]:
        known = [token.lower() for token in self.world.tokens]
        return [known.index(token) for token in tokens]

    @cached_property
    def reserves(self) -> list[int]:
        return self.of_coins(self["basket"][2])

    @cached_property
    def weights(self) -> list[int]:
        return self.of_coins(self["basket"][1])

    @cached_property
    def session_prices(self) -> list[int]:
        """WAD{USD/coin} when the session opened."""
        return self.of_coins(self["session"][11], self._positions(self["session"][9]))

    @property
    def supply(self) -> int:
        return int(self["supply"])

    @cached_property
    def quotes(self) -> list[PriceQuote]:
        return [PriceQuote(low, high, Status(status)) for low, high, status in self["quotes"]]

    @cached_property
    def mids(self) -> list[int]:
        return [quote.mid for quote in self.quotes[: len(self.world.tokens)]]

    @cached_property
    def claims(self) -> list[int]:
        """Owed to all holders together, per coin."""
        return [sum(self["claim", h, i] for h in self.world.holders) for i in self.coins]

    @cached_property
    def surplus(self) -> list[int]:
        """What the vault has of each coin beyond its reserve and its claims."""
        return [self["held", self.world.vault, i] - self.reserves[i] - self.claims[i] for i in self.coins]

    def can_pay(self, coin: int, receiver: str) -> bool:
        """Whether the coin's own rules let the vault pay `receiver`."""
        symbol = self.world.symbols[coin]
        if symbol == "USDC":
            frozen = self["frozen USDC", self.world.vault] or self["frozen USDC", receiver]
            return not (self["paused USDC"] or frozen)
        return symbol != "USDT" or not (self["paused USDT"] or self["frozen USDT", self.world.vault])

    @cached_property
    def settings(self) -> dict[Key, bytes]:
        """Everything that only a role may change."""
        return {key[1:]: data for key, data in self.raw.items() if key[0] == "setting"}

    @cached_property
    def snapshot(self) -> Snapshot:
        """The keeper's view, without depth."""
        phase, reason, number, opened, expires, filled, ended, settled, used, *_ = self["session"]
        trigger, fill = self["setting", "params"]
        optimal = dict(zip(*(self["optimal"] or self["basket"][:2]), strict=True))
        general = (fill[1], fill[7])
        pairs = [(a, b, self["setting", "pair", a, b]) for a, b in combinations(self.world.tokens, 2)]
        stored = self.listed if phase == Phase.OPEN else ()
        return Snapshot(
            chain_id=1,
            block=self["block"],
            timestamp=self["time"],
            coins=tuple(
                Coin(t, self.world.symbols[i], self.world.decimals[i], self.reserves[i], self.weights[i],
                     optimal.get(t.lower(), 0), self.quotes[i], i in self.listed)
                for i, t in enumerate(self.world.tokens)
            ),
            total_supply=self.supply,
            data_stale=self["stale"],
            params=Params(
                TriggerParams(*trigger),
                FillParams(*fill),
                tuple(PairLimits(a, b, *own) for a, b, own in pairs if tuple(own) != general),
            ),
            session=Session(
                Phase(phase), number, opened, expires, filled, ended, settled, used,
                tuple(SessionPrice(self.world.tokens[i], self.session_prices[i] // 10**10) for i in stored),
                reason == Reason.CRISIS,
            ),
            paused=self["setting", "brain paused"],
            gas_price=max(GAS_PRICE, self["base fee"]),
            eth_quote=self.quotes[-1],
            verdict=Verdict(self["verdict"][0], Reason(self["verdict"][1])),
            hops=(),
            hubs=(),
            halted=self["setting", "halted"],
            emergency=self.emergency_view,
        )  # fmt: skip


class Observer:
    """Knows the calls by heart, so that looking costs one request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._multicall = world.replica.book.contracts["multicall3"]
        calls = _calls(world, self._multicall)
        self._keys = list(calls)
        self._types = [returns for *_, returns in calls.values()]
        wire = [(to, True, encode_call(signature, args)) for to, signature, args, _ in calls.values()]
        data = selector("aggregate3((address,bool,bytes)[])") + encode(["(address,bool,bytes)[]"], [wire])
        self.call = {
            "from": world.deployer,
            "to": self._multicall,
            "data": hex0x(data),
            "gas": hex(90_000_000),
            "gasPrice": hex(GAS_PRICE),
        }

    def look(self) -> Seen:
        """Everything, at the newest block."""
        return self.read(self._world.rpc.call("eth_call", self.call, "latest"))

    def read(self, returned: str) -> Seen:
        """What `call` answered."""
        answers, raw = {}, {}
        parts = split(bytes.fromhex(returned[2:]))
        for key, types, (success, data) in zip(self._keys, self._types, parts, strict=True):
            answers[key] = _value(types, data) if success else None
            raw[key] = data if success else b"reverted"
        return Seen(answers, raw, self._world)


@lru_cache(maxsize=20_000)
def _value(types: str, data: bytes) -> Any:
    """Most answers are those of the look before."""
    if types == "uint256":
        return int.from_bytes(data, "big")
    if types == "bool":
        return data[-1] == 1
    if types == WORDS:
        return tuple(int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32))
    whole = decode(argument_types(f"({types})"), data)
    return whole[0] if len(whole) == 1 else whole


def split(data: bytes) -> list[tuple[bool, bytes]]:
    """(bool,bytes)[] taken apart; the general decoder takes longer than all the rest of a look."""

    def word(at: int) -> int:
        return int.from_bytes(data[at : at + 32], "big")

    parts = []
    for number in range(word(32)):
        at = 64 + word(64 + 32 * number)
        start = at + word(at + 32)
        parts.append((word(at) == 1, data[start + 32 : start + 32 + word(start)]))
    return parts


Calls = dict[Key, tuple[str, str, tuple[Any, ...], str]]


def _calls(world: World, multicall: str) -> Calls:
    """Every call as (to, signature, args, returns) by its key."""
    brain, vault, calculator, oracle = world.brain, world.vault, world.calculator, world.oracle
    calls: Calls = {
        ("time",): (multicall, "getCurrentBlockTimestamp()", (), "uint256"),
        ("block",): (multicall, "getBlockNumber()", (), "uint256"),
        ("base fee",): (multicall, "getBasefee()", (), "uint256"),
        ("basket",): (vault, "getBasket()", (), "address[],uint256[],uint256[]"),
        ("supply",): (vault, "totalSupply()", (), "uint256"),
        ("value",): (vault, "totalBasketValue()", (), "uint256"),
        ("probe in",): (vault, "amountsForShares(uint256)", (PROBE,), "uint256[]"),
        ("probe out",): (vault, "previewWithdraw(uint256)", (PROBE,), "uint256[]"),
        ("quotes",): (oracle, "quotes(address[])", ([*world.tokens, ETH],), QUOTES),
        ("optimal",): (world.index, "calculateOptimalWeights()", (), LIST),
        ("ordinary",): (calculator, "calculateOptimalWeights()", (), LIST),
        ("stale",): (calculator, "isStale()", (), "bool"),
        ("market",): (calculator, "getMarketData()", (), MARKET),
        ("session",): (brain, "getSession()", (), SESSION),
        ("verdict",): (brain, "shouldRebalance()", (), "bool,uint8"),
    }
    return (
        calls
        | _holdings(world)
        | _powers(world)
        | _allowances(world)
        | _settings(world)
        | crisis_calls(world)
    )


def _holdings(world: World) -> Calls:
    """Coins, shares and claims of everybody; what the intermediaries must not have."""
    calls: Calls = {}
    balance = "balanceOf(address)"
    for who in (*world.holders, world.keeper, world.vault, world.brain, world.venue):
        for i, token in enumerate(world.tokens):
            calls["held", who, i] = (token, balance, (who,), "uint256")
    for who in (*world.holders, world.keeper, DEAD, world.vault, world.brain, world.venue):
        calls["shares", who] = (world.vault, balance, (who,), "uint256")
    for who in world.holders:
        for i, token in enumerate(world.tokens):
            calls["claim", who, i] = (world.vault, "claimOf(address,address)", (who, token), "uint256")
    return calls


def _powers(world: World) -> Calls:
    """What the issuers have stopped."""
    usdc, usdt = (world.replica.book.token(symbol).address for symbol in ("USDC", "USDT"))
    calls: Calls = {
        ("paused USDC",): (usdc, "paused()", (), "bool"),
        ("paused USDT",): (usdt, "paused()", (), "bool"),
    }
    for who in (*world.holders, world.vault):
        calls["frozen USDC", who] = (usdc, "isBlacklisted(address)", (who,), "bool")
        calls["frozen USDT", who] = (usdt, "isBlackListed(address)", (who,), "bool")
    return calls


def _allowances(world: World) -> Calls:
    """What the vault, the brain and the venue allow others to take: nothing."""
    book = world.replica.book
    spenders = (*world.holders, world.keeper, world.guardian, world.brain, world.venue, world.oracle,
                *(pool.address for pool in book.pools), *book.contracts.values())  # fmt: skip
    return {
        ("allowed", owner, spender, i): (token, "allowance(address,address)", (owner, spender), "uint256")
        for owner in (world.vault, world.venue, world.brain)
        for spender in spenders
        for i, token in enumerate(world.tokens)
        if owner != spender and (owner == world.vault or spender in (world.attacker, world.hostile_venue))
    }


def _settings(world: World) -> Calls:
    """Everything a role may change, and nobody else."""
    brain, vault, calculator, oracle, access = (
        world.brain, world.vault, world.calculator, world.oracle, world.access,
    )  # fmt: skip
    calls: Calls = {
        ("setting", "params"): (brain, "getParams()", (), PARAMS),
        ("setting", "brain paused"): (brain, "paused()", (), "bool"),
        ("setting", "vault paused"): (vault, "contributionsPaused()", (), "bool"),
        ("setting", "band"): (vault, "bandBps()", (), "uint256"),
        ("setting", "owner"): (vault, "owner()", (), "address"),
        ("setting", "max age"): (calculator, "maxAge()", (), "uint256"),
        ("setting", "limits"): (calculator, "getLimits()", (), "uint16,uint16,uint16,uint16,uint16"),
    }
    for a, b in combinations(world.tokens, 2):
        calls["setting", "pair", a, b] = (brain, "pairLimits(address,address)", (a, b), "uint256,uint256")
    for token in (*world.tokens, ETH):
        returns = "(address,uint32,uint8,uint256,uint256)[],uint256,uint256,bool"
        calls["setting", "sources", token] = (oracle, "getSources(address)", (token,), returns)
    for name, contract in (
        ("brain", brain),
        ("vault", vault),
        ("calculator", calculator),
        ("oracle", oracle),
    ):
        calls["setting", "authority", name] = (contract, "authority()", (), "address")
    people = (*world.holders, world.keeper, world.guardian, world.curator, world.reporter, world.deployer,
              world.switch)  # fmt: skip
    for role in ROLES:
        calls["setting", "role admin", role] = (access, "getRoleAdmin(uint64)", (role,), "uint64")
        for who in people:
            calls["setting", "role", role, who] = (
                access,
                "hasRole(uint64,address)",
                (role, who),
                "bool,uint32",
            )
    return calls
