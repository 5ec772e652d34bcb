"""One cell of the exit matrix: coins are frozen, markets are in trouble, two holders leave, all is mended.

A cell is one `eth_simulateV1`: a block of trouble in which both leave, with a look before, between and after,
and a block in which the trouble is over and they collect what they are owed. Nothing stays on the chain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from eth_abi import decode

from ballast.model.shares import amounts_for_withdrawal
from ballast.replica.rpc import Rpc, argument_types, encode_call, hex0x

GAS_CAP: Final = 16_777_216  # what the mainnet lets one transaction use
AGGREGATE: Final = "aggregate3((address,bool,bytes)[])"
BALANCE: Final = "balanceOf(address)"
STATES: Final = "(address,uint256,uint256,uint256,uint256,uint256,bool,bool)[]"
WITHDRAW: Final = "withdraw(uint256,address,uint256[])"
ROUNDING: Final = (
    4  # base units, for each strategy of the coin: a redemption and a payment in shares round twice
)
Call = tuple[str, str, str, tuple[Any, ...]]  # sender, contract, signature, arguments
Read = tuple[str, str, tuple[Any, ...], str]  # contract, signature, arguments, what it returns
Key = tuple[Any, ...]


class Wrong(AssertionError):  # noqa: N818 - it is what a cell can be
    """A holder is blocked, something is lost, or a sum is not exact."""


@dataclass(frozen=True)
class Trouble:
    """What happens before anybody leaves, and what ends it."""

    name: str
    calls: tuple[Call, ...] = ()
    code: Mapping[str, str] = field(default_factory=dict)
    mending: tuple[Call, ...] = ()
    mended: Mapping[str, str] = field(default_factory=dict)
    pays: str | None = None  # what the lent part of a coin that moves is paid in: coins, shares or claims
    stops: bool = True  # a coin that is frozen does not move for strategies either

    def __add__(self, other: "Trouble") -> "Trouble":
        """Both, with this one's way of paying; the later one is mended first."""
        return Trouble(
            f"{self.name}, {other.name}",
            self.calls + other.calls,
            {**self.code, **other.code},
            other.mending + self.mending,
            {**self.mended, **other.mended},
            self.pays,
            other.stops,
        )


@dataclass(frozen=True)
class Look:
    """The answers of one moment; None where something does not answer."""

    answers: dict[Key, Any]

    def __getitem__(self, key: Key) -> Any:
        return self.answers[key]

    def readable(self, coin: int) -> bool:
        return not self["lent"][2] >> coin & 1

    def owed_from(self, coin: int) -> int:
        """Idle and lent coins, as who leaves counts them."""
        return int(self["idle", coin] + self["lent"][0][coin])

    def position(self, strategy: str) -> int:
        """Shares of the fund."""
        return int(self["positions"][strategy.lower()][0])

    def value(self, strategy: str) -> int:
        return int(self["positions"][strategy.lower()][1])


@dataclass(frozen=True)
class Scene:
    """A fund with lent coins and two holders; `strategies`: of each coin, in the vault's order."""

    rpc: Rpc
    multicall: str
    vault: str
    manager: str
    tokens: tuple[str, ...]
    strategies: tuple[tuple[str, ...], ...]
    holders: tuple[str, ...]

    @property
    def coins(self) -> range:
        return range(len(self.tokens))

    @cached_property
    def every_strategy(self) -> tuple[str, ...]:
        return tuple(strategy for listed in self.strategies for strategy in listed)

    @cached_property
    def reads(self) -> dict[Key, Read]:
        reads: dict[Key, Read] = {
            ("supply",): (self.vault, "totalSupply()", (), "uint256"),
            ("lent",): (self.manager, "lentOf(address[])", (self.tokens,), "int256[],int256[],uint256"),
        }
        for i, token in enumerate(self.tokens):
            reads["idle", i] = (self.vault, "idleOf(address)", (token,), "uint256")
            reads["vault has", i] = (token, BALANCE, (self.vault,), "uint256")
            reads["states", i] = (self.manager, "strategiesOf(address)", (token,), STATES)
            for who in self.holders:
                reads["has", who, i] = (token, BALANCE, (who,), "uint256")
                reads["claim", who, i] = (self.vault, "claimOf(address,address)", (who, token), "uint256")
        for strategy in self.every_strategy:
            reads["manager has", strategy] = (strategy, BALANCE, (self.manager,), "uint256")
            for who in self.holders:
                reads["has", who, strategy] = (strategy, BALANCE, (who,), "uint256")
                signature = "shareClaimOf(address,address)"
                reads["claim", who, strategy] = (self.manager, signature, (who, strategy), "uint256")
        for who in self.holders:
            reads["shares", who] = (self.vault, BALANCE, (who,), "uint256")
        return reads

    @cached_property
    def looking(self) -> dict[str, str]:
        asked = [(to, True, encode_call(signature, args)) for to, signature, args, _ in self.reads.values()]
        return {"to": self.multicall, "data": hex0x(encode_call(AGGREGATE, (asked,)))}

    def seen(self, data: str) -> Look:
        (rows,) = decode(["(bool,bytes)[]"], bytes.fromhex(data[2:]))
        answers: dict[Key, Any] = {}
        for (key, (_, _, _, returns)), (ok, raw) in zip(self.reads.items(), rows, strict=True):
            values = decode(argument_types(f"({returns})"), raw) if ok and raw else None
            answers[key] = values[0] if values and len(values) == 1 else values
        states = [state for i in self.coins for state in answers["states", i]]
        answers["positions",] = {state[0].lower(): state[1:3] for state in states}
        return Look({key if len(key) > 1 else key[0]: value for key, value in answers.items()})

    def shares(self) -> dict[str, int]:
        return {who: self.rpc.read(self.vault, BALANCE, [who]) for who in self.holders}


@dataclass(frozen=True)
class Left:
    """What one holder left with: coins paid or claimed, and shares paid or claimed."""

    coins: tuple[int, ...]
    shares: dict[str, int]
    worth: tuple[int | None, ...]  # of coins and shares together; None where nobody knows
    gas: int


@dataclass(frozen=True)
class Leaving:
    """One holder's exit, with the looks around it."""

    scene: Scene
    who: str
    before: Look
    after: Look
    returned: tuple[int, ...]
    gas: int
    frozen: frozenset[int]
    trouble: Trouble

    def check(self) -> Left:
        """That it is exact in every coin; what it brought."""
        worth = tuple(self._check_coin(i) for i in self.scene.coins)
        coins = tuple(self._rise(i) + self._claimed(i) for i in self.scene.coins)
        shares = {s: self._given(s) + self._claimed(s) for s in self.scene.every_strategy}
        return Left(coins, shares, worth, self.gas)

    def _check_coin(self, i: int) -> int | None:
        self._check_idle(i)
        burned, given = self._check_shares(i)
        self._check_others(i)
        from_idle = self._fall("idle", i)
        lent = self._rise(i) - (0 if i in self.frozen else from_idle)
        slack = ROUNDING * len(self.scene.strategies[i])
        if not self.before.readable(i):
            self._expect(lent == 0 and burned == 0, i, "an unreadable coin paid lent coins")
            self._expect(self.returned[i] == from_idle, i, "the answer is not the idle part")
            return None
        rest = self._owed(i) - from_idle
        self._expect(0 <= rest - burned - given <= slack, i, f"{rest} lent, {burned} burned, {given} given")
        self._expect(-slack <= lent - burned <= slack, i, f"{burned} redeemed brought {lent}")
        self._expect(
            abs(self.returned[i] - from_idle - lent - given) <= slack, i, "the answer is not the sum"
        )
        self._check_way(i, rest, lent, given)
        return from_idle + lent + given

    def _check_idle(self, i: int) -> None:
        """The lane falls by exactly what is paid, or claimed where the coin does not move."""
        fell, idle = self._fall("idle", i), self.before["idle", i]
        part = min(self._owed(i), idle) if self.before.readable(i) else self._part(idle)
        paid = self._fall("vault has", i)
        self._expect(fell == part, i, f"the lane fell by {fell}, not {part}")
        expected = (0, part) if i in self.frozen else (part, 0)
        self._expect((paid, self._claimed(i)) == expected, i, f"paid {paid}, claimed {self._claimed(i)}")

    def _check_shares(self, i: int) -> tuple[int, int]:
        """Accounts fall by exactly what is redeemed, given and claimed; the worth of both parts in coins."""
        burned = kept = 0
        for strategy in self.scene.strategies[i]:
            position, value = self.before.position(strategy), self.before.value(strategy)
            fell = position - self.after.position(strategy)
            given, claimed = self._given(strategy), self._claimed(strategy)
            gone = self._fall("manager has", strategy)
            self._expect(fell - claimed == gone >= given, i, f"{fell} shares, {gone} gone, {claimed} claimed")
            if not self.before.readable(i):
                self._expect(fell == self._part(position), i, f"{fell} of {position} shares")
            burned += (gone - given) * value // max(1, position)
            kept += (given + claimed) * value // max(1, position)
        return burned, kept

    def _check_others(self, i: int) -> None:
        """What a share is owed does not fall for who stays: exactly, or by what strategies round."""
        supply, left = self.before["supply"], self.after["supply"]
        slack = 0
        if self.before.readable(i):
            slack = ROUNDING * len(self.scene.strategies[i])
            pairs = [(self.before.owed_from(i), self.after.owed_from(i))]
        else:
            pairs = [(self.before["idle", i], self.after["idle", i])]
            pairs += [(self.before.position(s), self.after.position(s)) for s in self.scene.strategies[i]]
        for was, now in pairs:
            self._expect((now + slack) * supply >= was * left, i, f"a share fell from {was} to {now}")

    def _check_way(self, i: int, rest: int, lent: int, given: int) -> None:
        """A coin in no trouble is paid in coins, another in shares; the situation is what it says."""
        way = self.trouble.pays
        if i in self.frozen and self.trouble.stops and way == "coins":
            way = "shares"
        slack = ROUNDING * len(self.scene.strategies[i])
        if way is None or rest <= slack:
            return
        claimed = sum(self._claimed(s) for s in self.scene.strategies[i])
        right = {"coins": not given, "shares": not lent and not claimed, "claims": bool(claimed)}[way]
        self._expect(right, i, f"{rest} were to be paid in {way}: {lent} coins, {given} in shares")

    def _owed(self, i: int) -> int:
        return self._part(self.before.owed_from(i))

    def _part(self, whole: int) -> int:
        return amounts_for_withdrawal([whole], self.before["shares", self.who], self.before["supply"])[0]

    def _fall(self, what: str, of: Any) -> int:
        was, now = self.before[what, of], self.after[what, of]
        return 0 if was is None or now is None else was - now

    def _rise(self, of: Any) -> int:
        return -self._fall_of_mine("has", of)

    def _given(self, strategy: str) -> int:
        return self._rise(strategy)

    def _claimed(self, of: Any) -> int:
        return -self._fall_of_mine("claim", of)

    def _fall_of_mine(self, what: str, of: Any) -> int:
        was, now = self.before[what, self.who, of], self.after[what, self.who, of]
        return 0 if was is None or now is None else was - now

    def _expect(self, right: bool, coin: int, text: str) -> None:
        if not right:
            raise Wrong(f"coin {coin}, {self.who} leaving: {text}")


def run(scene: Scene, trouble: Trouble, frozen: frozenset[int], order: Sequence[str]) -> dict[str, Left]:
    """Both leave with all they have, in that order, and collect; Wrong when anything is not as it must be."""
    played = _play(scene, trouble, order)
    outcomes = played[1][len(trouble.calls) :]
    looks = [scene.seen(answer["returnData"]) for answer in outcomes[::2]]
    left = {}
    for who, answer, (before, after) in zip(order, outcomes[1::2], pairwise(looks), strict=True):
        if answer["status"] != "0x1":
            raise Wrong(f"{who} cannot leave: {answer.get('error')}")
        (returned,) = decode(["uint256[]"], bytes.fromhex(answer["returnData"][2:]))
        gas = int(answer["gasUsed"], 16)
        left[who] = Leaving(scene, who, before, after, returned, gas, frozen, trouble).check()
    _check_surplus(scene, looks)
    _check_collected(scene, looks[-1], played[2][len(trouble.mending) :])
    return left


def check_nothing_lost(scene: Scene, trouble: Trouble, left: Mapping[str, Left]) -> None:
    """With all that both collect and redeem when it is over they have what they were owed before it began."""
    order = tuple(left)  # as they left
    redeeming = [
        _sent(who, strategy, "redeem(uint256,address,address)", (shares, who, who))
        for who in order
        for strategy, shares in left[who].shares.items()
        if shares
    ]
    played = _play(scene, trouble, order, redeeming)
    if any(answer["status"] != "0x1" for answer in played[3]):
        raise Wrong(f"not every strategy redeems: {[answer.get('error') for answer in played[3]]}")
    first, last = (scene.seen(played[at][-1]["returnData"]) for at in (0, 3))
    for i in scene.coins:
        slack = ROUNDING * len(scene.strategies[i])
        for who in scene.holders:
            owed = amounts_for_withdrawal([first.owed_from(i)], first["shares", who], first["supply"])[0]
            got = last["has", who, i] - first["has", who, i]
            if not owed - slack <= got:
                raise Wrong(f"coin {i}: {who} ends with {got} of {owed}")


def _play(
    scene: Scene, trouble: Trouble, order: Sequence[str], redeeming: Sequence[Any] = ()
) -> list[list[Any]]:
    """The answers of four blocks: all is well; trouble, in which they leave; they collect; they redeem."""
    held = scene.shares()
    sick = [_sent(*call) for call in trouble.calls] + [scene.looking]
    for who in order:
        args = (held[who], who, [0] * len(scene.tokens))
        sick += [_sent(who, scene.vault, WITHDRAW, args), scene.looking]
    mending = [_sent(*call) for call in trouble.mending]
    blocks = [
        _block([scene.looking]),
        _block(sick, trouble.code),
        _block([*mending, *_collecting(scene), scene.looking], trouble.mended),
        _block([*redeeming, scene.looking]),
    ]
    answers = scene.rpc.call("eth_simulateV1", {"blockStateCalls": blocks}, "latest")
    played = [block["calls"] for block in answers]
    for answer in played[1][: len(trouble.calls)] + played[2][: len(mending)]:
        assert answer["status"] == "0x1", f"{trouble.name} cannot be made or mended: {answer.get('error')}"
    return played


def check_order(scene: Scene, one: Mapping[str, Left], other: Mapping[str, Left]) -> None:
    """Who leaves second gets what they would have got as the first."""
    for who in scene.holders:
        for i in scene.coins:
            worth = one[who].worth[i], other[who].worth[i]
            if None in worth:
                pairs = [(one[who].coins[i], other[who].coins[i])]
                pairs += [(one[who].shares[s], other[who].shares[s]) for s in scene.strategies[i]]
                slack = 1
            else:
                pairs, slack = [worth], 2 * ROUNDING * len(scene.strategies[i])
            if any(abs(a - b) > slack for a, b in pairs):
                raise Wrong(f"coin {i}: {who} gets {pairs} leaving first or second")


def _collecting(scene: Scene) -> list[dict[str, str]]:
    """Every claim that there can be, of each holder: coins, then shares."""
    return [
        _sent(who, to, signature, (what, who))
        for who in scene.holders
        for to, signature, listed in (
            (scene.vault, "claim(address,address)", scene.tokens),
            (scene.manager, "claimShares(address,address)", scene.every_strategy),
        )
        for what in listed
    ]


def _check_collected(scene: Scene, owed: Look, answers: Sequence[Any]) -> None:
    """Every claim is paid to the last unit, and none is left."""
    last = scene.seen(answers[-1]["returnData"])
    keys = [(who, of) for who in scene.holders for of in (*scene.coins, *scene.every_strategy)]
    for (who, of), answer in zip(keys, answers[:-1], strict=True):
        claim = owed["claim", who, of]
        if (answer["status"] == "0x1") != (claim > 0) or last["claim", who, of]:
            raise Wrong(f"a claim of {claim} of {of} was answered {answer.get('error', 'yes')}")
        had = owed["has", who, of] or 0  # a strategy that did not answer has given nobody shares
        if last["has", who, of] - had != claim:
            raise Wrong(f"a claim of {claim} of {of} brought {last['has', who, of] - had}")


def _check_surplus(scene: Scene, looks: Sequence[Look]) -> None:
    """What vault and manager have beyond accounts and claims never changes."""
    for was, now in pairwise(looks):
        for i in scene.coins:
            if _surplus(scene, was, i) != _surplus(scene, now, i):
                raise Wrong(f"coin {i}: the vault's surplus went {_surplus(scene, was, i)} to "
                            f"{_surplus(scene, now, i)}")  # fmt: skip
        for strategy in scene.every_strategy:
            surpluses = [_share_surplus(scene, look, strategy) for look in (was, now)]
            if None not in surpluses and surpluses[0] != surpluses[1]:
                raise Wrong(f"{strategy}: the manager's surplus went {surpluses}")


def _surplus(scene: Scene, look: Look, i: int) -> int:
    claims = sum(look["claim", who, i] for who in scene.holders)
    return int(look["vault has", i] - look["idle", i] - claims)


def _share_surplus(scene: Scene, look: Look, strategy: str) -> int | None:
    if look["manager has", strategy] is None:
        return None
    claims = sum(look["claim", who, strategy] for who in scene.holders)
    return int(look["manager has", strategy] - look.position(strategy) - claims)


def _sent(sender: str, to: str, signature: str, args: Sequence[Any]) -> dict[str, str]:
    return {"from": sender, "to": to, "data": hex0x(encode_call(signature, args)), "gas": hex(GAS_CAP)}


def _block(calls: list[dict[str, str]], code: Mapping[str, str] | None = None) -> dict[str, Any]:
    overrides = {address: {"code": body} for address, body in (code or {}).items()}
    return {"calls": calls, "stateOverrides": overrides, "blockOverrides": {"gasLimit": hex(10**9)}}
