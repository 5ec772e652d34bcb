"""What breaks an invariant on purpose: one action at a time, and powers that nobody has."""

from collections.abc import Callable, Sequence
from typing import Any

from ballast.replica.rpc import encode_args, encode_call, hex0x
from tests.stateful import (
    crisis_invariants,
    emergency_invariants,
    fill_invariants,
    invariants,
    keepers,
    market,
)
from tests.stateful.judge import CHECKS, Broken, Memory, Step, Tally, judge
from tests.stateful.observe import Observer, Seen
from tests.stateful.world import Outcome, World

INVARIANTS = (
    invariants,
    fill_invariants,
    crisis_invariants,
    emergency_invariants,
)  # for the checks they enter
Sabotage = Callable[[World, Seen], Outcome]


class Broker:
    """One action at a time, judged like those of a campaign."""

    def __init__(self, world: World) -> None:
        self.world, self.observer, self.tally = world, Observer(world), Tally()
        world.begin()
        self.seen = self.observer.look()
        self.memory = Memory.begin(self.seen)

    def do(self, action: Callable[..., Outcome], *args: Any) -> None:
        before = self.seen
        outcome = action(self.world, before, *args)
        self.seen = self.observer.look()
        judge(Step(self.world, before, outcome, self.seen, self.memory), self.tally)

    def prepare(self, action: Callable[..., Any], *args: Any) -> None:
        """Something that nobody judges, before what is."""
        action(self.world, self.seen, *args)
        self.seen = self.observer.look()

    def broken(self, number: int, action: Callable[..., Outcome], *args: Any) -> bool:
        """Whether that very check refuses the step; those before it may have their say first."""
        before = self.seen
        outcome = action(self.world, before, *args)
        self.seen = self.observer.look()
        try:
            CHECKS[number](Step(self.world, before, outcome, self.seen, self.memory))
        except Broken as error:
            return error.number == number
        return False


def as_if(world: World, account: str, to: str, signature: str, args: list[Any]) -> dict[str, Any]:
    """A transaction that only `account` could send."""
    world.rpc.call("anvil_impersonateAccount", account)
    world.replica.give_eth(account, 10**24)
    return world.rpc.send(to, signature, args, sender=account)


def quiet(world: World, seen: Seen) -> Outcome:
    return market.mine(world, seen, 1)


def slot_read(world: World, contract: str, signature: str, args: Sequence[Any] = ()) -> str:
    """The first slot of the contract that a view reads."""
    call = {"to": contract, "data": hex0x(encode_call(signature, args))}
    listed = world.rpc.call("eth_createAccessList", call, "latest")["accessList"]
    return next(item["storageKeys"][0] for item in listed if item["address"].lower() == contract.lower())


def stored(world: World, contract: str, slot: str) -> int:
    return int(world.rpc.call("eth_getStorageAt", contract, slot, "latest"), 16)


def store(world: World, contract: str, slot: str, word: int) -> None:
    """Behind the contract's back."""
    world.rpc.call("anvil_setStorageAt", contract, slot, f"0x{word:064x}")
    world.rpc.call("evm_mine")


def bypass(world: World, seen: Seen, sold: int, bought: int, dollars: int, paid_permille: int) -> Outcome:
    """Trades of the vault that no settlement has looked at, put to the judge as a keeper's fill.

    During the trade the venue enters a door that is open.
    """
    amount = world.units(sold, dollars)
    paid = world.units(bought, dollars) * paid_permille // 1_000
    acts = keepers.script(world, sold, bought, amount, paid, 0)
    acts.insert(1, (world.vault, encode_call("totalSupply()"), False))
    data = encode_args(["(address,bytes,bool)[]"], [acts])
    trade = (world.tokens[sold], world.tokens[bought], amount, 0, world.hostile_venue, data)
    receipt = as_if(world, world.brain, world.vault, f"executeTrades({keepers.TRADES})", [[trade]])
    return Outcome("hostile fill", world.keeper, logs=tuple(receipt["logs"]), notes={"acts": "enters"})
