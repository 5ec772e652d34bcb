"""What holders do. Each action takes the world, the last look and drawn numbers, and says what came of it."""

from tests.stateful.observe import Seen
from tests.stateful.world import Outcome, Refusal, World

CONTRIBUTE = "contribute(uint256[],address,uint256)"
WITHDRAW = "withdraw(uint256,address,uint256[])"
TRANSFER = "transfer(address,uint256)"


def contribute_proportional(world: World, seen: Seen, who: int, part_bps: int) -> Outcome:
    """Coins for `part_bps` of the supply, rounded up by the vault itself: no price is asked."""
    shares = max(1, seen.supply * part_bps // 10_000)
    amounts = world.ask(world.vault, "amountsForShares(uint256)", [shares], "uint256[]", world.deployer)
    return _contribute(world, seen, "contribute in kind", world.holders[who], seen.of_coins(amounts))


def contribute_excess(world: World, seen: Seen, who: int, part_bps: int, extra: dict[int, int]) -> Outcome:
    """The basket's proportion, and `extra` dollars of some coins on top."""
    amounts = [r * part_bps // 10_000 for r in seen.reserves]
    for coin, dollars in extra.items():
        amounts[coin] += world.units(coin, dollars) * (coin in seen.listed)
    return _contribute(world, seen, "contribute excess", world.holders[who], amounts)


def _contribute(world: World, seen: Seen, kind: str, sender: str, amounts: list[int]) -> Outcome:
    brought = seen.in_vault(amounts)
    preview = world.ask(world.vault, "previewContribute(uint256[])", [brought], "uint256", sender)
    least = 0 if isinstance(preview, Refusal) else preview
    notes = {"preview": preview, "amounts": amounts}
    return world.act(kind, world.vault, CONTRIBUTE, [brought, sender, least], sender=sender, notes=notes)


def withdraw(world: World, seen: Seen, who: int, part_bps: int, dust: int) -> Outcome:
    """A part of the holder's shares, or, with `part_bps` 0, `dust` units of them."""
    sender = world.investors[who]
    held, none = seen["shares", sender], [0] * len(seen.listed)
    shares = held * part_bps // 10_000 if part_bps else min(dust, held)
    if shares == 0:
        return world.act("withdraw nothing", world.vault, WITHDRAW, [0, sender, none], sender=sender)
    amounts = world.ask(world.vault, "previewWithdraw(uint256)", [shares], "uint256[]", sender)
    notes = {"preview": seen.of_coins(amounts), "shares": shares}
    return world.act(
        "withdraw", world.vault, WITHDRAW, [shares, sender, list(amounts)], sender=sender, notes=notes
    )


def withdraw_too_much(world: World, seen: Seen, who: int, more: int) -> Outcome:
    """More shares than the holder has."""
    sender = world.investors[who]
    shares = seen["shares", sender] + more
    args = [shares, sender, [0] * len(seen.listed)]
    return world.act("withdraw too much", world.vault, WITHDRAW, args, sender=sender)


def transfer_shares(world: World, seen: Seen, who: int, to: int, part_bps: int) -> Outcome:
    sender = world.investors[who]
    amount = seen["shares", sender] * part_bps // 10_000
    return world.act("transfer shares", world.vault, TRANSFER, [world.holders[to], amount], sender=sender)


def donate(world: World, seen: Seen, who: int, coin: int, dollars: int) -> Outcome:
    """Coins straight to the vault."""
    sender = world.investors[who]
    amount = min(world.units(coin, dollars), seen["held", sender, coin])
    return world.act(
        "donate", world.tokens[coin], TRANSFER, [world.vault, amount], sender=sender, foreign=True
    )


def claim(world: World, seen: Seen, who: int, coin: int) -> Outcome:
    """The investor's claim in a coin; where one is owed, that one."""
    owed = [(h, i) for h in world.investors for i in seen.coins if seen["claim", h, i]]
    sender, coin = owed[coin % len(owed)] if owed else (world.investors[who], coin)
    return world.act(
        "claim", world.vault, "claim(address,address)", [world.tokens[coin], sender], sender=sender
    )
