"""No check is one that cannot fail: each invariant is broken on purpose and must say so by its number."""

import pytest
from eth_abi import encode

from ballast.replica.rpc import selector
from tests.stateful import investors, keepers
from tests.stateful.broker import Broker, Sabotage, as_if, bypass, quiet, slot_read, store, stored
from tests.stateful.judge import CHECKS, Broken, Step
from tests.stateful.observe import Seen
from tests.stateful.world import Outcome, World

pytestmark = pytest.mark.replica

RESERVE_SLOTS = range(30)  # where the vault's lanes may be
NOBODY = "0x00000000000000000000000000000000000bad00"
LYING_COIN = "0x6001600052602060" + "00f3"  # answers 1 to whatever it is asked


def slot_of(world: World, contract: str, word: int) -> str:
    """The storage slot of a contract that holds `word`."""
    for number in RESERVE_SLOTS:
        slot = f"0x{number:064x}"
        if stored(world, contract, slot) == word:
            return slot
    raise AssertionError(f"no slot of {contract} holds {word:#x}")


def lanes(seen: Seen, i: int) -> int:
    """The word that holds coins i and i + 1 of the vault: reserve (112 bits) and weight (16) each."""
    low, high = (seen.reserves[k] | seen.weights[k] << 112 for k in (i, i + 1))
    return low | high << 128


def write_reserve(world: World, seen: Seen, change: int) -> None:
    """Coin 1's reserve is changed behind the vault's back."""
    slot = slot_of(world, world.vault, lanes(seen, 1))
    store(world, world.vault, slot, lanes(seen, 1) + change)


def less_reserve(world: World, seen: Seen) -> Outcome:
    write_reserve(world, seen, -1)
    return quiet(world, seen)


def more_reserve(world: World, seen: Seen) -> Outcome:
    write_reserve(world, seen, 1)
    return quiet(world, seen)


def other_weight(world: World, seen: Seen) -> Outcome:
    write_reserve(world, seen, 1 << 112)
    return quiet(world, seen)


def allowance(world: World, seen: Seen) -> Outcome:
    as_if(world, world.vault, world.tokens[2], "approve(address,uint256)", [world.attacker, 1])
    return quiet(world, seen)


def coin_in_venue(world: World, seen: Seen) -> Outcome:
    world.replica.mint("DAI", world.venue, 1)
    return quiet(world, seen)


def lying_coin(world: World, seen: Seen) -> Outcome:
    """A coin that says it paid and did not: the exit must be seen to pay."""
    world.rpc.call("anvil_setCode", world.tokens[3], LYING_COIN)
    return quiet(world, seen)


def closed_exit(world: World, seen: Seen) -> Outcome:
    world.rpc.call("anvil_setCode", world.vault, "0x60006000fd")
    return Outcome("pass time", world.deployer, foreign=True)


def false_preview(world: World, seen: Seen) -> Outcome:
    """Between the preview and the withdrawal a reserve moves."""
    sender, shares = world.investors[0], seen["shares", world.investors[0]] // 2
    amounts = world.ask(world.vault, "previewWithdraw(uint256)", [shares], "uint256[]", sender)
    write_reserve(world, seen, -(10**6))
    args = [shares, sender, [0] * len(world.tokens)]
    notes = {"preview": amounts, "shares": shares}
    return world.act("withdraw", world.vault, investors.WITHDRAW, args, sender=sender, notes=notes)


def share_from_nowhere(world: World, seen: Seen) -> Outcome:
    store(world, world.vault, slot_read(world, world.vault, "balanceOf(address)", [world.attacker]), 1)
    return quiet(world, seen)


def targets_without_session(world: World, seen: Seen) -> Outcome:
    weights = [seen.weights[0] + 1, seen.weights[1] - 1, *seen.weights[2:]]
    as_if(world, world.brain, world.vault, "rebalance(address[],uint256[])", [world.tokens, weights])
    return quiet(world, seen)


def weights_of_silence(world: World, seen: Seen) -> Outcome:
    """Data move though nobody reported."""
    assert keepers.report(world, seen, 0, 500, 0).accepted
    return quiet(world, seen)


def donation_that_counts(world: World, seen: Seen) -> Outcome:
    outcome = investors.donate(world, seen, 0, 1, 10)
    write_reserve(world, seen, 10 * 10**6)
    return outcome


def band_by_nobody(world: World, seen: Seen) -> Outcome:
    """A role's act that the action was not about."""
    as_if(world, world.guardian, world.vault, "pauseContributions()", [])
    return quiet(world, seen)


def outsider_let_in(world: World, seen: Seen) -> Outcome:
    return Outcome("outsider", world.attacker, notes={"call": "pause()"})


def panic(world: World, seen: Seen) -> Outcome:
    data = selector("Panic(uint256)") + encode(["uint256"], [0x11])
    return Outcome("withdraw", world.attacker, world.refusal(data))


def unnamed(world: World, seen: Seen) -> Outcome:
    return Outcome("withdraw", world.attacker, world.refusal(b""))


def other_actions_error(world: World, seen: Seen) -> Outcome:
    assert "NoSession" in world.errors.values()
    data = next(data for data, name in world.errors.items() if name == "NoSession")
    return Outcome("withdraw", world.attacker, world.refusal(data))


def stolen_shares(world: World, seen: Seen) -> Outcome:
    args = [world.attacker, 10**18]
    as_if(world, world.investors[1], world.vault, "transfer(address,uint256)", args)
    return Outcome("claim", world.attacker)


def refused_plan(world: World, seen: Seen) -> Outcome:
    data = next(data for data, name in world.errors.items() if name == "BelowFloor")
    return Outcome("honest fill", world.keeper, world.refusal(data), notes={"plan": "a plan"})


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value))


CASES = (
    (1, less_reserve), (2, other_weight), (3, more_reserve), (4, allowance), (4, coin_in_venue),
    (8, lying_coin), (9, false_preview), (10, share_from_nowhere), (11, targets_without_session),
    (12, weights_of_silence), (13, donation_that_counts), (14, band_by_nobody), (14, outsider_let_in),
    (15, panic), (15, unnamed), (15, other_actions_error), (16, stolen_shares), (17, refused_plan),
)  # fmt: skip
TRADES = (
    (5, 2, 1, 50_000, 1_000),
    (5, 0, 1, 400_000, 1_000),
    (6, 0, 1, 1_000, 970),
    (7, 0, 1, 400_000, 900),
    (18, 0, 1, 1_000, 1_000),
)


@pytest.mark.parametrize(
    ("number", "sabotage"), CASES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_invariant__sabotaged__is_broken(broker: Broker, number: int, sabotage: Sabotage):
    broker.do(quiet)
    assert broker.broken(number, sabotage)


@pytest.mark.parametrize(("number", "sold", "bought", "dollars", "paid_permille"), TRADES)
def test_invariant__trades_past_the_settlement__is_broken(
    broker: Broker, number: int, sold: int, bought: int, dollars: int, paid_permille: int
):
    """Away from target, past it, below the floor, over the budget: each with the vault's real events."""
    assert broker.broken(number, bypass, sold, bought, dollars, paid_permille)


def test_invariant__exit_closed__is_broken(broker: Broker):
    """The vault's code is gone: nobody is paid."""
    before = broker.seen
    closed_exit(broker.world, before)
    with pytest.raises(Broken, match="invariant 8"):
        CHECKS[8](Step(broker.world, before, Outcome("pass time", NOBODY), before, broker.memory))
