"""Views asked in the middle of somebody's call: each refuses, or says what it says before or after.

Coins that call round every transfer, a strategy that calls wherever coins move, a venue that calls in a
trade. Three toy lenders believe the views: in the middle the thief borrows all that the price allows, and
has a sound borrower sold out.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pytest

from ballast.replica.rpc import encode_call
from tests.attacks.lending_draws import amount, seeds
from tests.attacks.lending_hooks import UNIT, WAD, Hooked, make_hooked
from tests.attacks.lending_world import KEEPER, SEQUENCES
from tests.unit.erc4626.script import ALICE, MALLORY, Answers, Ref, Script, run
from tests.unit.erc4626.stage import Lab

pytestmark = pytest.mark.replica
HARVEST: Final = "harvest((address,uint256,address,bytes)[])"
TRADES: Final = "executeTrades((address,address,uint256,uint256,address,bytes)[])"
LEAVE: Final = "withdraw(uint256,address,uint256[])"
QUESTIONS_OF_ONE: Final = 4
LENDER_DUST: Final = 3  # base units
Act = Callable[[Hooked, Script, int, str], Ref]


@pytest.fixture(scope="module")
def hooked(mainnet_handles: Any, project: Any) -> Iterator[Hooked]:
    with mainnet_handles.isolated():
        yield make_hooked(Lab(mainnet_handles, project))


def deposit(_: Hooked, s: Script, size: int, __: str) -> Ref:
    return s.enter(size, MALLORY)


def mint(_: Hooked, s: Script, size: int, __: str) -> Ref:
    return s.mint(s.ask("convertToShares", size), MALLORY)


def withdraw(_: Hooked, s: Script, size: int, __: str) -> Ref:
    return s.withdraw(s.least(size, s.most("maxWithdraw", MALLORY)), MALLORY)


def redeem(_: Hooked, s: Script, size: int, __: str) -> Ref:
    return s.redeem(s.least(s.ask("convertToShares", size), s.most("maxRedeem", MALLORY)), MALLORY)


def redeem_for_lp(h: Hooked, s: Script, size: int, _: str) -> Ref:
    me, curve = s.actors[MALLORY], h.strategies["curve"]
    return s.call(MALLORY, curve, "redeemForLp(uint256,address,address)", size * UNIT, me, me)


def harvest(h: Hooked, s: Script, size: int, strategy: str) -> Ref:
    if strategy == "curve":
        s.call(KEEPER, h.coins[0], "transfer(address,uint256)", s.vault, size)
        return s.send(KEEPER, s.vault, encode_call(HARVEST, [[]]))
    s.call(KEEPER, h.reward, "transfer(address,uint256)", s.vault, size)
    sale = (h.reward, size, h.venue, h.terms(size))
    return s.send(KEEPER, s.vault, encode_call(HARVEST, [[sale]]))


def enter_fund(h: Hooked, s: Script, size: int, _: str) -> Ref:
    return s.call(MALLORY, h.door, "enter(uint256)", size * WAD // UNIT)


def leave_fund(h: Hooked, s: Script, size: int, _: str) -> Ref:
    return s.send(MALLORY, h.fund, encode_call(LEAVE, [size * WAD // UNIT, s.actors[MALLORY], [0, 0]]))


def trade(h: Hooked, s: Script, size: int, _: str) -> Ref:
    """More than is idle now and then: the rest is brought from strategies."""
    order = (h.coins[0], h.coins[1], size, size, h.venue, h.terms(size))
    return s.send(KEEPER, h.fund, encode_call(TRADES, [[order]]))


def allocate(h: Hooked, s: Script, size: int, strategy: str) -> Ref:
    return s.call(KEEPER, h.manager, "allocate(address,uint256)", h.strategies[strategy], size)


def deallocate(h: Hooked, s: Script, size: int, strategy: str) -> Ref:
    return s.call(KEEPER, h.manager, "deallocate(address,uint256)", h.strategies[strategy], size)


def recall(h: Hooked, s: Script, size: int, strategy: str) -> Ref:
    return s.call(KEEPER, h.manager, "recall(address,uint256,uint256)", h.strategies[strategy], size, 0)


def sync(h: Hooked, s: Script, _: int, __: str) -> Ref:
    return s.call(MALLORY, h.manager, "sync(address)", h.coins[0])


def claim(h: Hooked, s: Script, _: int, strategy: str) -> Ref:
    at = h.strategies[strategy]
    return s.call(MALLORY, at, "transfer(address,uint256)", s.actors[ALICE], 1)


def exchange(h: Hooked, s: Script, size: int, _: str) -> Ref:
    return s.call(MALLORY, h.pool, "exchange(int128,int128,uint256,uint256)", size % 2, 1 - size % 2, size, 0)


def add(h: Hooked, s: Script, size: int, _: str) -> Ref:
    return s.send(MALLORY, h.pool, encode_call("add_liquidity(uint256[],uint256)", [[size, size // 3], 0]))


def remove(h: Hooked, s: Script, size: int, _: str) -> Ref:
    lp = min(size, 90_000 * UNIT) * WAD // UNIT
    return s.send(MALLORY, h.pool, encode_call("remove_liquidity(uint256,uint256[])", [lp, [0, 0]]))


ON_STRATEGIES: Final[tuple[Act, ...]] = (deposit, mint, withdraw, redeem, redeem_for_lp, harvest, claim)
ON_FUND: Final[tuple[Act, ...]] = (enter_fund, leave_fund, trade, allocate, deallocate, recall, sync)
ON_POOL: Final[tuple[Act, ...]] = (exchange, add, remove)


@dataclass(frozen=True)
class Case:
    """One act, and what is asked meanwhile."""

    act: Act
    size: int
    strategy: str
    asked: int  # bits
    loaned: bool  # whether the lenders' thief is at work instead


def draw(rng: Random, count: int) -> Case:
    act = rng.choice((*ON_STRATEGIES, *ON_FUND, *ON_POOL))
    strategies = (
        ("market", "curve", "hostile") if act in (allocate, deallocate, recall) else ("market", "curve")
    )
    asked = sum(1 << i for i in rng.sample(range(count), QUESTIONS_OF_ONE))
    return Case(act, amount(rng, 0, 4.9), rng.choice(strategies), asked, rng.random() < 0.4)


@dataclass(frozen=True)
class Told:
    """What to look at when the script has run."""

    script: Script
    done: Ref
    wrong: Ref
    looks: Ref
    answered: Ref
    loans: list[
        tuple[Ref, Ref, Ref, Ref]
    ]  # of each lender: worth before, worth after, debt, whether the victim was sold


def tell(h: Hooked, case: Case) -> Told:
    s = h.script("market" if case.strategy == "hostile" else case.strategy)
    worths = [collateral_worth(h, s, lender) for lender in h.lenders.values()]
    h.begin(s, 0 if case.loaned else case.asked)
    done = case.act(h, s, case.size, case.strategy)
    wrong, looks, answered = h.end(s)
    loans = []
    for lender, before in zip(h.lenders.values(), worths, strict=True):
        after, debt = collateral_worth(h, s, lender), s.call(ALICE, lender, "debt()")
        loans.append((before, after, debt, s.call(ALICE, lender, "victimSold()")))
    return Told(s, done, wrong, looks, answered, loans)


def collateral_worth(_: Hooked, s: Script, lender: str) -> Ref:
    return s.call(ALICE, lender, "worth(uint256)", s.call(ALICE, lender, "collateral()"))


def play(h: Hooked, cases: list[Case]) -> list[tuple[Case, Told, Answers]]:
    told = [tell(h, case) for case in cases]
    answers = run(h.lab.rpc, h.lab.prober, [one.script for one in told])
    return list(zip(cases, told, answers, strict=True))


def test_views__asked_in_the_middle_of_any_act__refuse_or_say_before_or_after(hooked: Hooked) -> None:
    cases = [draw(rng, len(hooked.questions) - 1) for rng in seeds("views", SEQUENCES)]
    met: Counter[str] = Counter()
    for case, one, got in play(hooked, cases):
        what = f"{case}: {hooked.questions[got[one.wrong] - 1] if got[one.wrong] else ''}"
        assert got[one.wrong] == 0, f"half-way answer during {what}"
        for name, (before, after, debt, sold) in zip(hooked.lenders, one.loans, strict=True):
            assert got[debt] <= max(got[before], got[after]) + LENDER_DUST, (
                f"{name} lent too much during {what}"
            )
            assert not got[sold], f"{name} sold a sound borrower out during {what}"
            met[f"lent by {name}"] += got[debt] > 0
        met[case.act.__name__] += got.ok(one.done)
        met["looks"] += got[one.looks]
        met["answers"] += got[one.answered]
    acts = {act.__name__ for act in (*ON_STRATEGIES, *ON_FUND, *ON_POOL)}
    assert acts <= {name for name, count in met.items() if count}, "an act was never accepted"
    assert min(met[f"lent by {name}"] for name in hooked.lenders) > 0, "a lender was never asked"
    assert met["looks"] > SEQUENCES // 2
    assert met["answers"] > SEQUENCES // 4


def test_views__naive_price_asked_in_the_middle__is_found_half_way(hooked: Hooked) -> None:
    """The canary: balance over supply, while somebody leaves."""
    naive = len(hooked.questions) - 1
    cases = [Case(leave_fund, 1_000 * UNIT, "market", 1 << naive, loaned=False)]
    (found,) = [got[one.wrong] for _, one, got in play(hooked, cases)]
    assert found == naive + 1
