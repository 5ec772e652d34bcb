"""What roles do, and what those without one try."""

from typing import Any

from ballast.replica.rpc import encode_call
from tests.stateful.observe import PARAMS, Seen
from tests.stateful.world import CURATOR_DELAY, Outcome, World

PAIR = "setPairLimits(address,address,uint16,uint96)"


def guard(world: World, seen: Seen, act: int, coin: int) -> Outcome:
    """The guardian takes risk away at once."""
    token, other = world.tokens[coin], world.tokens[coin - 1]
    fill = seen["setting", "params"][1]
    slip, size = seen["setting", "pair", *sorted((token, other), key=world.tokens.index)]
    kind, to, signature, args, changes = (
        ("stop trading", world.brain, "pause()", [], {"brain paused", "halted"}),
        ("stop contributions", world.vault, "pauseContributions()", [], {"vault paused"}),
        ("freeze price", world.oracle, "freezeAsset(address)", [token], {"sources"}),
        ("tighten", world.brain, "tighten(uint16,uint16,uint16,uint96)",
         [fill[1], max(fill[1], fill[2] - 10), max(10, fill[3] - 5), fill[7] * 9 // 10], {"params", "pair"}),
        ("tighten pair", world.brain, "tightenPair(address,address,uint16,uint96)",
         [token, other, slip, size * 8 // 10], {"pair"}),
    )[act]  # fmt: skip
    return world.act(kind, to, signature, args, sender=world.guardian, may_change=frozenset(changes))


def curate(world: World, seen: Seen, act: int, coin: int) -> Outcome:
    """The curator announces, waits, and does: what a guardian stopped goes on, limits come back."""
    token, other = world.tokens[coin], world.tokens[coin - 1]
    kind, to, signature, args, changes = (
        ("resume trading", world.brain, "unpause()", [], {"brain paused", "halted"}),
        ("resume contributions", world.vault, "unpauseContributions()", [], {"vault paused"}),
        ("unfreeze price", world.oracle, "unfreezeAsset(address)", [token], {"sources"}),
        ("set pair", world.brain, PAIR, [token, other, 60, 2 * 10**24], {"pair"}),
        ("set band", world.vault, "setBandBps(uint256)", [150 + 50 * coin], {"band"}),
    )[act]  # fmt: skip
    return announced(world, kind, to, signature, args, changes)


def announce(world: World, kind: str, to: str, signature: str, args: list[Any]) -> Outcome:
    """The curator says what it is going to do; its delay passes."""
    schedule, data = "schedule(address,bytes,uint48)", encode_call(signature, args)
    said = world.act(kind, world.access, schedule, [to, data, 0], sender=world.curator)
    if said.accepted:
        world.replica.pass_time(CURATOR_DELAY)
    return said


def announced(
    world: World, kind: str, to: str, signature: str, args: list[Any], changes: set[str]
) -> Outcome:
    """The curator's act after its delay, or at once when it stands announced."""
    said = announce(world, kind, to, signature, args)
    if not said.accepted and said.refusal.name != "AccessManagerAlreadyScheduled":
        return said
    data = encode_call(signature, args)
    return world.send(kind, to, data, sender=world.curator, may_change=frozenset(changes))


def outsider_calls(world: World, seen: Seen) -> list[tuple[str, str, list[Any]]]:
    """Every restricted function, with arguments that its role could use."""
    return [
        *_fund_calls(world, seen),
        *_data_calls(world, seen),
        *_crisis_calls(world, seen),
        *_access_calls(world),
    ]


def _fund_calls(world: World, seen: Seen) -> list[tuple[str, str, list[Any]]]:
    """Of vault and Rebalancer."""
    token, other = world.tokens[0], world.tokens[1]
    nobody, tokens, vault, brain = world.attacker, list(world.tokens), world.vault, world.brain
    weights = [2_000] * len(tokens)
    params = seen["setting", "params"]
    return [
        (vault, "rebalance(address[],uint256[])", [tokens, weights]),
        (vault, "executeTrades((address,address,uint256,uint256,address,bytes)[])",
         [[(token, other, 1, 0, world.hostile_venue, b"")]]),
        (vault, "transferOwnership(address)", [nobody]),
        (vault, "pauseContributions()", []),
        (vault, "unpauseContributions()", []),
        (vault, "setBandBps(uint256)", [1_000]),
        (vault, "fund(address)", [nobody]),
        (vault, "setAuthority(address)", [nobody]),
        (brain, f"setParams({PARAMS})", [params]),
        (brain, PAIR, [token, other, 60, 10**24]),
        (brain, "clearPairLimits(address,address)", [token, other]),
        (brain, "tighten(uint16,uint16,uint16,uint96)", [1, 1, 0, 0]),
        (brain, "tightenPair(address,address,uint16,uint96)", [token, other, 1, 0]),
        (brain, "pause()", []),
        (brain, "unpause()", []),
        (brain, "transferVault(address)", [nobody]),
        (brain, "executeRebalance((address,address,uint256,uint256,address,bytes)[])", [[]]),
    ]  # fmt: skip


def _data_calls(world: World, seen: Seen) -> list[tuple[str, str, list[Any]]]:
    """Of oracle and calculator."""
    token, oracle, calculator = world.tokens[0], world.oracle, world.calculator
    market = seen["market"]
    config = [(row[0], row[1], row[2], row[3]) for row in market]
    caps = [0 if row[3] else row[5] for row in market]
    scores, none = [row[6] for row in market], [0] * len(market)
    rows = [row[0] for row in market]
    sources, quorum, spread, _ = seen["setting", "sources", token]
    return [
        (oracle, "setSources(address,(address,uint32,uint8,uint256,uint256)[],uint256,uint256)",
         [token, list(sources), quorum, spread]),
        (oracle, "removeAsset(address)", [token]),
        (oracle, "freezeAsset(address)", [token]),
        (oracle, "unfreezeAsset(address)", [token]),
        (calculator, "setConstituents((address,uint16,uint16,uint8)[])", [config]),
        (calculator, "setActive(address,bool)", [token, False]),
        (calculator, "seed(address[],uint256[],uint256[])", [rows, caps, scores]),
        (calculator, "setLimits((uint16,uint16,uint16,uint16,uint16))", [seen["setting", "limits"]]),
        (calculator, "setMaxAge(uint256)", [86_400]),
        (calculator, "report(address[],uint256[],uint256[],uint256[],uint256[])",
         [rows, caps, scores, none, none]),
    ]  # fmt: skip


def _crisis_calls(world: World, seen: Seen) -> list[tuple[str, str, list[Any]]]:
    """Of detector, emergency index, kill switch, and the switch's way into the Rebalancer."""
    token, index, detector, switch = world.tokens[0], world.index, world.detector, world.switch
    kinds = "uint8,uint16,uint16,uint16,uint40,uint16,uint16,uint8" + 5 * ",uint32" + ",uint8,uint32"
    trading = "uint16,uint16,uint16,uint32,uint32,uint32,uint32,uint16,uint8,uint96,uint16"
    return [
        (detector, "reportVolumes(address[],uint256[])", [[token], [10**9]]),
        (detector, f"setParams(({kinds}))", [seen["setting", "detector"]]),
        (detector, "setIssuerProbes(address,(address,bytes)[])", [token, []]),
        (detector, "forget(address)", [world.attacker]),
        (index, "enterEmergency(address,bool)", [token, True]),
        (index, f"setEmergencyParams(({trading}))", [seen["setting", "emergency"]]),
        (index, "setEmergencyWeights(address,(address,uint256)[])", [token, [(world.tokens[1], 10_000)]]),
        (index, "clearEmergencyWeights(address)", [token]),
        (index, "setRiskGroup(address,address[])", [token, []]),
        (index, "release(address)", [token]),
        (switch, "setParams(uint256,uint256,uint256)", [5_000, 60, 60]),
        (world.brain, "haltTrading()", []),
    ]


def _access_calls(world: World) -> list[tuple[str, str, list[Any]]]:
    """Of the manager itself."""
    nobody, vault, access = world.attacker, world.vault, world.access
    return [
        (access, "grantRole(uint64,address,uint32)", [3, nobody, 0]),
        (access, "setTargetFunctionRole(address,bytes4[],uint64)", [vault, [b"\x01\x02\x03\x04"], 2**64 - 1]),
        (access, "setTargetClosed(address,bool)", [vault, True]),
        (access, "updateAuthority(address,address)", [vault, nobody]),
        (access, "schedule(address,bytes,uint48)", [vault, encode_call("unpauseContributions()"), 0]),
        (access, "execute(address,bytes)", [vault, encode_call("pauseContributions()")]),
    ]  # fmt: skip


OUTSIDER_CALLS = 45


def outsider(world: World, seen: Seen, who: int, call: int) -> Outcome:
    """Somebody without the role: a holder, the attacker, or the attacker's contract."""
    to, signature, args = outsider_calls(world, seen)[call]
    sender = world.holders[who]
    notes = {"call": signature, "sender": sender}
    return world.act("outsider", to, signature, args, sender=sender, notes=notes)
