"""Places the Chainlink feeds: real proxies at their mainnet addresses over one-oracle FluxAggregators."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica.addresses import AddressBook, Feed
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import Rpc
from ballast.replica.solc import Artifact

LINK: Final = (
    "0x514910771AF9Ca656af840dff83E8264EcF986CA"  # paid in theory: the oracle works for nothing here
)
NOBODY: Final = "0x" + "00" * 20
ROUND_TIMEOUT: Final = 0  # seconds; one oracle, so no round is ever left half answered


def place_feeds(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """Every feed of the book, answering its first price."""
    for feed in book.feeds.values():
        place_feed(deployer, feed, code["FluxAggregator"], code["EACAggregatorProxy"])


def place_feed(deployer: Deployer, feed: Feed, aggregator_code: Artifact, proxy_code: Artifact) -> None:
    """One feed at its address, answering its first price."""
    types = "address,uint128,uint32,address,int256,int256,uint8,string"
    changes = "changeOracles(address[],address[],address[],uint32,uint32,uint32)"
    low, high = (to_answer(feed, bound) for bound in feed.bounds)
    args = [LINK, 0, ROUND_TIMEOUT, NOBODY, low, high, feed.decimals, f"{feed.coin} / USD"]
    aggregator = deployer.create(aggregator_code, types, args)
    deployer.rpc.send(aggregator, changes, [[], [OPERATOR], [OPERATOR], 1, 1, 0], sender=OPERATOR)
    proxy = deployer.place(feed.address, proxy_code, "address,address", [aggregator, NOBODY])
    submit(deployer.rpc, [(proxy, to_answer(feed, feed.price))])


def submit(rpc: Rpc, prices: list[tuple[str, int]]) -> None:
    """Submits a round behind each proxy, all in one block; prices in the feed's own decimals."""
    aggregators = rpc.read_many([(proxy, "aggregator()", (), "address") for proxy, _ in prices])
    rounds = rpc.read_many([(a, "latestRound()", (), "uint256") for a in aggregators])
    answers = zip(aggregators, rounds, prices, strict=True)
    calls = [(a, "submit(uint256,int256)", (last + 1, price)) for a, last, (_, price) in answers]
    rpc.send_together(OPERATOR, calls)


def nearest_answer(feed: Feed, price: Decimal) -> Decimal:
    """A price as the feed can answer it: rounded to its decimals, and within its bounds."""
    low, high = feed.bounds
    return min(max(price.quantize(Decimal(1).scaleb(-feed.decimals), ROUND_HALF_EVEN), low), high)


def to_answer(feed: Feed, price: Decimal | str | int) -> int:
    """A price in USD (Decimal or text), or already an answer (int), as the feed's integer; never rounded."""
    if isinstance(price, int):
        return price
    try:
        scaled = Decimal(price).scaleb(feed.decimals)
    except ArithmeticError as error:
        raise ReplicaError(f"{price!r} is not a price") from error
    if not scaled.is_finite() or scaled != int(scaled):
        raise ReplicaError(f"price {price} of {feed.coin} does not fit {feed.decimals} decimals")
    return int(scaled)
