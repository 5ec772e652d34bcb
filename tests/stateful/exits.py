"""Everybody leaves: simulated in the present state, holder after holder, against the exact formula."""

from typing import Any, Final

from ballast.model.shares import amounts_for_withdrawal
from ballast.replica.rpc import encode_call, hex0x
from tests.stateful.judge import Broken
from tests.stateful.observe import Seen, split
from tests.stateful.world import World

BROKEN_CODE: Final = "0x60006000fd"  # reverts whatever it is asked
AGGREGATE: Final = "aggregate3((address,bool,bytes)[])"


def try_exits(
    world: World,
    seen: Seen,
    turn: int,
    number: int = 8,
    overrides: dict[str, Any] | None = None,
    most: int | None = None,
) -> None:
    """Simulates that all holders withdraw all they have, in an order that changes with `turn`.

    `number`: of the invariant. `overrides`: what else is different, as `eth_simulateV1` takes it. `most`: so
    many holders.
    """
    holders = [h for h in world.holders if seen["shares", h]]
    order = (holders[turn % len(holders) :] + holders[: turn % len(holders)])[:most]
    calls = []
    for who in order:
        calls += [_withdrawal(world, seen, who), _look(world, who)]
    block = {"calls": calls, "stateOverrides": overrides or {}}
    blocks = world.rpc.call("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
    answers = blocks[0]["calls"]
    reserves, supply = seen.reserves, seen.supply
    for at, who in enumerate(order):
        left, looked = answers[2 * at], answers[2 * at + 1]
        if left["status"] != "0x1":
            reason = world.refusal(bytes.fromhex(left.get("error", {}).get("data", "0x")[2:]))
            raise Broken(number, f"{who} cannot leave with {seen['shares', who]} shares: {reason}")
        owed = amounts_for_withdrawal(reserves, seen["shares", who], supply)
        _check_paid(world, seen, who, owed, looked, number)
        reserves = [r - o for r, o in zip(reserves, owed, strict=True)]
        supply -= seen["shares", who]


def _check_paid(
    world: World, seen: Seen, who: str, owed: tuple[int, ...], looked: dict[str, Any], number: int
) -> None:
    words = [int.from_bytes(data, "big") for _, data in split(bytes.fromhex(looked["returnData"][2:]))]
    for i in seen.coins:
        paid = words[i] - seen["held", who, i]
        claimed = words[len(seen.coins) + i] - seen["claim", who, i]
        expected = (owed[i], 0) if seen.can_pay(i, who) or not owed[i] else (0, owed[i])
        if (paid, claimed) != expected:
            raise Broken(
                number, f"{who} leaves with {paid} and a claim of {claimed} of coin {i}, not {expected}"
            )


def _withdrawal(world: World, seen: Seen, who: str) -> dict[str, str]:
    args = (seen["shares", who], who, [0] * len(seen.listed))
    data = encode_call("withdraw(uint256,address,uint256[])", args)
    return {"from": who, "to": world.vault, "data": hex0x(data), "gas": hex(5_000_000)}


def _look(world: World, who: str) -> dict[str, str]:
    """The holder's coins, then their claims."""
    if who not in world.looks:
        balance = encode_call("balanceOf(address)", (who,))
        asked = [(token, True, balance) for token in world.tokens]
        asked += [
            (world.vault, True, encode_call("claimOf(address,address)", (who, t))) for t in world.tokens
        ]
        world.looks[who] = hex0x(encode_call(AGGREGATE, (asked,)))
    multicall = world.replica.book.contracts["multicall3"]
    return {"from": world.deployer, "to": multicall, "data": world.looks[who], "gas": hex(5_000_000)}
