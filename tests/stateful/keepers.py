"""What keepers and reporters do: honest, half-hearted and hostile."""

from typing import Any

from ballast.chain.keeper_loop import trade_tuples
from ballast.chain.snapshot import take_snapshot
from ballast.keeper.decide import Action, Plan, decide
from ballast.keeper.snapshot import Phase
from ballast.keeper.watchdog import guarded
from ballast.model.emergency import public_keep
from ballast.model.rebalance import minimum_out
from ballast.replica.rpc import encode_args, encode_call
from ballast.units import BPS
from tests.stateful.market import stable_pools
from tests.stateful.observe import Seen
from tests.stateful.world import BLOCK_TIME, Outcome, World

TRADES = "(address,address,uint256,uint256,address,bytes)[]"
EXECUTE = f"executeRebalance({TRADES})"
FILL = f"fill({TRADES})"
EMERGENCY = "executeEmergencyRebalance(address)"
REPORT = "report(address[],uint256[],uint256[],uint256[],uint256[])"
HOUR = 3_600


def report(world: World, seen: Seen, coin: int, cap_permille: int, score_permille: int) -> Outcome:
    """Market data of all coins; one coin's move by so much of what is allowed, above 1,000 beyond it."""
    limits, market = seen["setting", "limits"], seen["market"]
    caps, scores = [], []
    for i, row in enumerate(market):
        cap, score = row[5], row[6]
        if i == coin:
            hours = min(seen["time"] - row[9], 4 * HOUR), min(seen["time"] - row[10], 4 * HOUR)
            cap += cap * limits[0] * hours[0] // (10_000 * HOUR) * cap_permille // 1_000
            score += limits[1] * hours[1] // HOUR * score_permille // 1_000
        caps.append(0 if row[3] else max(1, cap))
        scores.append(min(1_000, max(0, score)))
    none, rows = [0] * len(market), [row[0] for row in market]
    return world.act(
        "report", world.calculator, REPORT, [rows, caps, scores, none, none], sender=world.reporter
    )


def report_nonsense(world: World, seen: Seen, coin: int, cap: int, score: int) -> Outcome:
    """One coin, any numbers."""
    args = [[world.tokens[coin]], [cap], [score], [0], [0]]
    return world.act("report nonsense", world.calculator, REPORT, args, sender=world.reporter)


def sample_supply(world: World, seen: Seen, who: int, coin: int) -> Outcome:
    return world.act(
        "sample supply", world.calculator, "sampleSupply(address)", [world.tokens[coin]],
        sender=world.investors[who],
    )  # fmt: skip


def open_session(world: World, seen: Seen, who: int) -> Outcome:
    return world.act("open", world.brain, "open()", sender=world.holders[who])


def close_session(world: World, seen: Seen, who: int) -> Outcome:
    return world.act("close", world.brain, "close()", sender=world.holders[who])


def plan(world: World) -> Plan:
    """What the keeper decides in this very block."""
    snapshot = take_snapshot(world.deployed.system, world.deployed.index)
    return guarded(snapshot, decide(snapshot))


def honest_fill(world: World, seen: Seen) -> Outcome:
    """The keeper's own decision, carried out: mostly a fill, but it may want something else first."""
    decided = plan(world)
    if decided.fill is None:
        return _carry_out(world, decided)
    trades, notes = trade_tuples(decided, world.venue), _notes(decided)
    return world.act("honest fill", world.brain, EXECUTE, [trades], sender=world.keeper, notes=notes)


def partial_fill(world: World, seen: Seen, part_permille: int, first: int) -> Outcome:
    """Some of the planned trades, each in part."""
    decided = plan(world)
    if decided.fill is None:
        return _carry_out(world, decided)
    trades = [
        (a, b, amount * part_permille // 1_000, least * part_permille // 1_100, venue, data)
        for a, b, amount, least, venue, data in trade_tuples(decided, world.venue)[:first]
    ]
    return world.act("partial fill", world.brain, EXECUTE, [trades], sender=world.keeper)


def _notes(decided: Plan) -> dict[str, Any]:
    return {"plan": decided.detail, "cause": decided.cause.value, "assets": decided.assets}


def _carry_out(world: World, decided: Plan) -> Outcome:
    """What the keeper does besides filling."""
    about: dict[str, Any] = {"sender": world.keeper, "notes": _notes(decided)}
    asset = decided.assets[:1]
    match decided.action:
        case Action.CLOSE:
            return world.act("honest close", world.brain, "close()", **about)
        case Action.OBSERVE:
            return world.act("honest look", world.detector, "observe(address)", asset, **about)
        case Action.OPEN_EMERGENCY:
            return world.act("honest flight", world.brain, EMERGENCY, asset, **about)
        case Action.CHECKPOINT:
            return world.act("honest checkpoint", world.switch, "checkpoint()", **about)
        case Action.TRIP:
            changed = frozenset({"halted"})
            return world.act("honest trip", world.switch, "trip()", may_change=changed, **about)
    return Outcome("keeper waits", world.keeper, notes=about["notes"])


def pool_fill(world: World, seen: Seen, drawn: list[tuple[int, bool, int]]) -> Outcome:
    """Any trades through any pools, towards the targets or away, for whatever they pay."""
    trades = _pool_trades(world, seen, drawn)
    return world.act("pool fill", world.brain, EXECUTE, [trades], sender=world.keeper)


def fit_pool(world: World, seen: Seen) -> int:
    """The number of the pool whose coins have the most to exchange on their ways to the targets."""
    gaps = _gaps(world, seen)

    def most(number: int) -> int:
        pool = stable_pools(world)[number]
        b, a = sorted((world.symbols.index(s) for s in pool.coins), key=gaps.__getitem__)
        return _distance(world, seen, a, b) * world.scales[a]

    return max(range(len(stable_pools(world))), key=most)


def public_fill(world: World, seen: Seen, who: int, drawn: list[tuple[int, bool, int]]) -> Outcome:
    """The same by somebody without a role, who may only in an emergency."""
    trades = _pool_trades(world, seen, drawn)
    return world.act("public fill", world.brain, FILL, [trades], sender=world.holders[who])


def _pool_trades(world: World, seen: Seen, drawn: list[tuple[int, bool, int]]) -> list[tuple[Any, ...]]:
    trades, gaps = [], _gaps(world, seen)
    for number, towards, permille in drawn:
        pool = stable_pools(world)[number]
        b, a = sorted((world.symbols.index(s) for s in pool.coins), key=gaps.__getitem__)
        a, b = (a, b) if towards else (b, a)
        route = (
            bytes.fromhex(world.tokens[a][2:])
            + pool.fee.to_bytes(3, "big")
            + bytes.fromhex(world.tokens[b][2:])
        )
        most = _distance(world, seen, a, b) or seen.reserves[a] // 10
        amount = most * permille // 1_000
        trades.append((world.tokens[a], world.tokens[b], amount, 0, world.venue, route))
    return trades


def hostile_fill(world: World, seen: Seen, drawn: list[tuple[int, int, int, int]], trick: int) -> Outcome:
    """Trades with the attacker's own venue: the most or least favourable coins, at terms round the floor.

    Drawn per trade: the coin sold and bought by their rank above target, the part of the distance that is
    sold (per mille), and how the terms differ from the floor (in millionths of it).
    """
    trades = _hostile_trades(world, seen, drawn, trick, keeper_keep(seen))
    notes = {"acts": TRICKS[trick]}
    return world.act("hostile fill", world.brain, EXECUTE, [trades], sender=world.keeper, notes=notes)


def hostile_public_fill(
    world: World, seen: Seen, who: int, drawn: list[tuple[int, int, int, int]], trick: int
) -> Outcome:
    """The same by somebody without a role."""
    trades = _hostile_trades(world, seen, drawn, trick, public_keep_at(seen, seen["time"] + BLOCK_TIME))
    notes, sender = {"acts": TRICKS[trick]}, world.holders[who]
    return world.act("hostile public fill", world.brain, FILL, [trades], sender=sender, notes=notes)


def keeper_keep(seen: Seen) -> int:
    """bps of the oracle's price that a keeper's trade must bring, at rest."""
    return BPS - (seen.emergency_params.slip_bps if seen.in_emergency else seen["setting", "params"][1][1])


def public_keep_at(seen: Seen, time: int) -> int:
    """bps of the oracle's price that a public trade must bring at `time`."""
    params, elapsed = seen.emergency_params, max(0, time - seen.snapshot.session.opened_at)
    return public_keep(elapsed, params.auction_length, params.premium_bps, params.slip_bps)


def _hostile_trades(
    world: World, seen: Seen, drawn: list[tuple[int, int, int, int]], trick: int, keep: int
) -> list[tuple[Any, ...]]:
    trades, ranked = [], _by_distance(world, seen)
    for sell, buy, permille, terms in drawn:
        i, j = ranked[sell], ranked[-1 - buy]
        amount = min(seen.reserves[i], max(1, _distance(world, seen, i, j) * permille // 1_000))
        paid = _floor(world, seen, i, j, amount, keep) * (10**6 + terms) // 10**6
        data = encode_args(["(address,bytes,bool)[]"], [script(world, i, j, amount, paid, trick)])
        venue = world.attacker if TRICKS[trick] == "is no contract" else world.hostile_venue
        trades.append((world.tokens[i], world.tokens[j], amount, 0, venue, data))
    return trades


def _gaps(world: World, seen: Seen) -> list[int]:
    """WAD{USD} of each coin above its target, at prices of $1 where there is none."""
    weights = seen.weights if seen["session"][0] == Phase.OPEN else seen["optimal"][1]
    mids = [m or 10**18 for m in seen.mids]
    values = [r * s * m // 10**18 for r, s, m in zip(seen.reserves, world.scales, mids, strict=True)]
    total = sum(values)
    return [value - weight * total // 10_000 for value, weight in zip(values, weights, strict=True)]


def _by_distance(world: World, seen: Seen) -> list[int]:
    """Coins, the farthest above its target first."""
    gaps = _gaps(world, seen)
    return sorted(seen.coins, key=lambda i: -gaps[i])


def _distance(world: World, seen: Seen, i: int, j: int) -> int:
    """Units of coin `i` that bring the nearer of both coins to its target."""
    gaps = _gaps(world, seen)
    return max(0, min(gaps[i], -gaps[j])) // world.scales[i]


def _floor(world: World, seen: Seen, i: int, j: int, amount: int, keep: int) -> int:
    """The settlement's floor."""
    low, high = seen.quotes[i].low or 10**18, seen.quotes[j].high or 10**18
    return minimum_out(amount, world.scales[i], low, world.scales[j], high, BPS - keep)


TRICKS = (
    "plain",
    "enters everywhere",
    "draws twice",
    "never draws",
    "draws to the vault",
    "gives back what it drew",
    "pays in a third coin",
    "pays nothing",
    "pulls a coin",
    "is no contract",
    "has the coin looked at",
)


def script(world: World, i: int, j: int, amount: int, paid: int, trick: int) -> list[tuple[str, bytes, bool]]:
    """What the venue does in place of an honest swap."""
    vault, own = world.vault, world.hostile_venue
    fund = encode_call("fund(address)", [own])

    def pay(coin: int, units: int) -> tuple[str, bytes, bool]:
        return world.tokens[coin], encode_call("transfer(address,uint256)", [vault, units]), True

    draw, honest = (vault, fund, True), [(vault, fund, True), pay(j, paid)]
    third = next(k for k in range(len(world.tokens)) if k not in (i, j))
    observe = encode_call("observe(address)", [world.tokens[i]])
    pull = encode_call("transferFrom(address,address,uint256)", [vault, own, 1])
    return {
        "plain": honest,
        "enters everywhere": [draw, *entries(world), pay(j, paid)],
        "draws twice": [draw, (vault, fund, False), (vault, fund, False), pay(j, paid)],
        "never draws": [pay(j, paid)],
        "draws to the vault": [(vault, encode_call("fund(address)", [vault]), True), pay(j, paid)],
        "gives back what it drew": [draw, pay(i, amount), pay(j, 1)],
        "pays in a third coin": [draw, pay(third, amount * world.scales[i] // world.scales[third])],
        "pays nothing": [draw],
        "is no contract": [],
        "pulls a coin": [draw, (world.tokens[third], pull, True), pay(j, paid)],
        "has the coin looked at": [draw, (world.detector, observe, True), pay(j, paid)],
    }[TRICKS[trick]]


def entries(world: World) -> list[tuple[str, bytes, bool]]:
    """Every door an attacker would try from inside a trade; none may open."""
    none, own = [0] * len(world.tokens), world.hostile_venue
    vault = [
        ("withdraw(uint256,address,uint256[])", [10**18, own, none]),
        ("contribute(uint256[],address,uint256)", [[1] * len(world.tokens), own, 0]),
        ("claim(address,address)", [world.tokens[0], own]),
        ("previewWithdraw(uint256)", [10**18]),
        ("previewContribute(uint256[])", [[10**6] * len(world.tokens)]),
        ("amountsForShares(uint256)", [10**18]),
        ("totalBasketValue()", []),
        ("getReserve(address)", [world.tokens[0]]),
        ("getBasket()", []),
        ("transferOwnership(address)", [own]),
        ("rebalance(address[],uint256[])", [world.tokens, [2_000] * 5]),
        (f"executeTrades({TRADES})", [[]]),
    ]
    brain = [("open()", []), ("close()", []), (EXECUTE, [[]]), ("pause()", []), (FILL, [[]]),
             (EMERGENCY, [world.tokens[0]]), ("haltTrading()", [])]  # fmt: skip
    calculator = [("sampleSupply(address)", [world.tokens[4]])]
    index = [("enterEmergency(address,bool)", [world.tokens[0], True])]
    switch = [("checkpoint()", []), ("trip()", [])]
    doors = (
        (world.vault, vault), (world.brain, brain), (world.calculator, calculator),
        (world.index, index), (world.switch, switch),
    )  # fmt: skip
    return [(to, encode_call(signature, args), False) for to, calls in doors for signature, args in calls]
