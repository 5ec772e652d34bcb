"""What issuers, feeds, pools and time do."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ballast.errors import ReplicaError
from ballast.model.prices import Status
from ballast.replica.place import OPERATOR
from tests.bad_feeds import MODES
from tests.stateful.observe import Seen
from tests.stateful.world import BLOCK_TIME, Outcome, Refusal, World

BURN = {"USDC": "burn(uint256)", "USDT": "redeem(uint256)"}


def _elsewhere(world: World, kind: str, does: Callable[[], Any]) -> Outcome:
    """An action on other people's contracts through the replica's handles; nobody of ours sends it."""
    try:
        does()
    except ReplicaError as error:
        return Outcome(kind, OPERATOR, Refusal(f"replica: {str(error)[:60]}"), foreign=True)
    return Outcome(kind, OPERATOR, foreign=True)


def move_feed(world: World, seen: Seen, kind: str, coin: int, off_bps: int) -> Outcome:
    """All the coin's sources answer $1 + `off_bps`; a broken one is mended first."""

    def does() -> None:
        for source in range(1 + len(world.opinions[coin])):
            _say(world, coin, source, off_bps)

    return _elsewhere(world, kind, does)


def stray(world: World, seen: Seen, coin: int, source: int, off_bps: int) -> Outcome:
    """One of the coin's sources answers $1 + `off_bps`, the others what they did."""
    return _elsewhere(
        world, "source strays", lambda: _say(world, coin, source % (1 + len(world.opinions[coin])), off_bps)
    )


def _say(world: World, coin: int, source: int, off_bps: int) -> None:
    answer = (10_000 + off_bps) * 10_000
    if source:
        _set_opinion(world, world.opinions[coin][source - 1], answer)
        return
    if not _is_whole(world, coin):
        world.replica.mend_feed(world.symbols[coin])
    world.replica.set_feed(world.symbols[coin], answer)


def _set_opinion(world: World, feed: str, answer: int) -> None:
    """An honest answer again."""
    if world.rpc.read(feed, "mode()", (), "uint8"):
        world.rpc.send(feed, "setMode(uint8)", [0], sender=world.deployer)
    world.rpc.send(feed, "setAnswer(int256)", [answer], sender=world.deployer)


def break_feed(world: World, seen: Seen, coin: int, mode: str, source: int = 0) -> Outcome:
    """One of the coin's sources answers badly."""
    source %= 1 + len(world.opinions[coin])
    feed = world.opinions[coin][source - 1] if source else world.bad_feed

    def does() -> None:
        world.rpc.send(feed, "setMode(uint8)", [MODES.index(mode)], sender=world.deployer)
        if not source:
            world.replica.break_feed(world.symbols[coin], world.bad_feed)

    return _elsewhere(world, "break feed", does)


def mend_feeds(world: World, seen: Seen) -> Outcome:
    """Every source answers again, and a coin's sources agree with its feed."""

    def does() -> None:
        for coin in seen.coins:
            if not _is_whole(world, coin):
                world.replica.mend_feed(world.symbols[coin])
            if not world.opinions[coin] or seen.quotes[coin].status == Status.GOOD:
                continue
            feed = world.replica.book.feed(world.symbols[coin]).address
            answer = world.rpc.read(feed, "latestAnswer()", (), "int256")
            for opinion in world.opinions[coin]:
                _set_opinion(world, opinion, answer)
        world.replica.refresh_feeds()

    return _elsewhere(world, "mend feeds", does)


def _is_whole(world: World, coin: int) -> bool:
    feed = world.replica.book.feed(world.symbols[coin]).address
    return str(world.rpc.read(feed, "aggregator()", (), "address")).lower() != world.bad_feed.lower()


def stable_pools(world: World) -> list[Any]:
    return [pool for pool in world.replica.book.pools if "WETH" not in pool.coins]


def move_pool(world: World, seen: Seen, number: int, off_bps: int) -> Outcome:
    """A pool trades `off_bps` away from the feeds' ratio; 0 is back on it."""
    pool = stable_pools(world)[number]
    a, b = (seen.mids[world.symbols.index(symbol)] for symbol in pool.coins)
    if not a or not b:
        a = b = 1
    price = Decimal(a) / Decimal(b) * (Decimal(10_000 + off_bps) / 10_000)
    kind = "move pool" if off_bps else "move pool back"
    return _elsewhere(world, kind, lambda: world.replica.move_pool(*pool.coins, price, pool.fee))


def mint(world: World, seen: Seen, who: int, coin: int, dollars: int) -> Outcome:
    amount = world.units(coin, dollars)
    return _elsewhere(
        world, "mint", lambda: world.replica.mint(world.symbols[coin], world.holders[who], amount)
    )


def burn(world: World, seen: Seen, coin: int, dollars: int) -> Outcome:
    """The issuer takes coins of its own out of the world."""
    symbol, amount = world.symbols[coin], world.units(coin, dollars)

    def does() -> None:
        world.replica.mint(symbol, OPERATOR, amount)
        token, args = world.tokens[coin], [amount]
        if symbol in BURN:
            world.rpc.send(token, BURN[symbol], args, sender=OPERATOR)
        elif symbol == "FRAX":
            world.rpc.send(token, "pool_burn_from(address,uint256)", [OPERATOR, amount], sender=OPERATOR)
        else:
            world.rpc.send(token, "burn(address,uint256)", [OPERATOR, amount], sender=OPERATOR)

    return _elsewhere(world, "burn", does)


def freeze(world: World, seen: Seen, symbol: str, who: str) -> Outcome:
    return _elsewhere(world, "freeze", lambda: world.replica.freeze(symbol, who))


def pause(world: World, seen: Seen, symbol: str) -> Outcome:
    return _elsewhere(world, "pause coin", lambda: world.replica.pause(symbol))


def thaw(world: World, seen: Seen) -> Outcome:
    """The issuers let everything go on."""

    def does() -> None:
        for symbol in ("USDC", "USDT"):
            if seen[f"paused {symbol}",]:
                world.replica.unpause(symbol)
            for who in (*world.holders, world.vault):
                if seen[f"frozen {symbol}", who]:
                    world.replica.unfreeze(symbol, who)

    return _elsewhere(world, "thaw", does)


def pass_time(world: World, seen: Seen, seconds: int, keep_feeds: bool) -> Outcome:
    return _elsewhere(world, "pass time", lambda: world.replica.pass_time(seconds, keep_feeds=keep_feeds))


def mine(world: World, seen: Seen, blocks: int) -> Outcome:
    """Blocks in which nothing happens."""
    return _elsewhere(
        world, "empty blocks", lambda: world.rpc.call("anvil_mine", hex(blocks), hex(BLOCK_TIME))
    )


def depeg(world: World, seen: Seen, coin: int, off_bps: int) -> Outcome:
    """All the coin's sources and all its pools go to $1 + `off_bps`."""

    def does() -> None:
        for source in range(1, 1 + len(world.opinions[coin])):
            _say(world, coin, source, off_bps)
        if not _is_whole(world, coin):
            world.replica.mend_feed(world.symbols[coin])
        world.replica.depeg(world.symbols[coin], Decimal(10_000 + off_bps) / 10_000)

    return _elsewhere(world, "depeg", does)


def raise_gas(world: World, seen: Seen, gwei: int) -> Outcome:
    return _elsewhere(world, "gas price", lambda: world.replica.set_base_fee(gwei * 10**9))
