"""Handles on a running replica, or on a fork of it: move prices, mint, freeze, pass time.

Everything goes through the protocols' own functions: a feed moves by a round submitted to its aggregator,
a pool by trades through the router, a coin is frozen by its own blacklist. It is all plain JSON-RPC, which
Ape's fork answers too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

from ballast.errors import ReplicaError
from ballast.replica import extend, feeds, powers, uniswap
from ballast.replica.addresses import AddressBook, Pool, address_book
from ballast.replica.node import BASE_FEE
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import Rpc
from ballast.units import human

Price = Decimal | str | int  # USD as Decimal or text, or an int in the feed's own 8 decimals
AGGREGATOR_OF_PHASE = "phaseAggregators(uint16)"


class Replica:
    """The handles. `url` is the JSON-RPC address of the replica or of a fork of it."""

    def __init__(self, url: str, book: AddressBook | None = None) -> None:
        self.book = book or address_book()
        self.rpc = Rpc(url)
        self.url = url
        if int(self.rpc.call("eth_getTransactionCount", OPERATOR, "latest"), 16) == 0:
            raise ReplicaError(
                f"the chain at {url} is no replica: the handles move prices only on a local one"
            )
        self.rpc.call("anvil_impersonateAccount", OPERATOR)

    # -- prices of feeds

    def feed_price(self, coin: str) -> Decimal:
        """The latest answer of COIN / USD, in USD."""
        feed = self.book.feed(coin)
        return human(self.rpc.read(feed.address, "latestAnswer()", (), "int256"), feed.decimals)

    def set_feed(self, coin: str, price: Price) -> None:
        """Submits a round. `price` in USD (Decimal or text), or an int in the feed's 8 decimals."""
        self.set_feeds({coin: price})

    def set_feeds(self, prices: Mapping[str, Price]) -> None:
        """Submits a round to each feed, all in one block. ReplicaError outside a feed's bounds."""
        rounds = []
        for coin, price in prices.items():
            feed = self.book.feed(coin)
            answer = feeds.to_answer(feed, price)
            low, high = (feeds.to_answer(feed, bound) for bound in feed.bounds)
            if not low <= answer <= high:
                raise ReplicaError(
                    f"{coin} / USD takes answers from {feed.bounds[0]} to {feed.bounds[1]} USD, not {price}; "
                    "to answer worse, install a bad aggregator with break_feed"
                )
            rounds.append((feed.address, answer))
        feeds.submit(self.rpc, rounds)

    def refresh_feeds(self) -> None:
        """Submits every feed's last answer again, so that none is stale; broken feeds stay as they are."""
        whole = self._whole_feeds()
        answers = self.rpc.read_many([(proxy, "latestAnswer()", (), "int256") for proxy in whole])
        feeds.submit(self.rpc, list(zip(whole, answers, strict=True)))

    def oldest_answer(self) -> int:
        """Time of the answer that was given longest ago, in seconds; broken feeds do not count."""
        calls = [(proxy, "latestTimestamp()", (), "uint256") for proxy in self._whole_feeds()]
        return min(self.rpc.read_many(calls), default=self.timestamp())

    def break_feed(self, coin: str, aggregator: str) -> None:
        """Makes the feed's proxy answer from the contract at `aggregator`, whatever that answers."""
        proxy = self.book.feed(coin).address
        self.rpc.send(proxy, "proposeAggregator(address)", [aggregator], sender=OPERATOR)
        self.rpc.send(proxy, "confirmAggregator(address)", [aggregator], sender=OPERATOR)

    def mend_feed(self, coin: str) -> None:
        """Puts the feed's own aggregator back after `break_feed`."""
        self.break_feed(
            coin, self.rpc.read(self.book.feed(coin).address, AGGREGATOR_OF_PHASE, [1], "address")
        )

    # -- prices of pools

    def pool_price(self, coin: str, quote: str, fee: int | None = None) -> Decimal:
        """Price of one `coin` in `quote` in their pool (the deepest one when no fee is given)."""
        pool = self.book.pool(coin, quote, fee)
        token0, token1 = self.book.sorted_coins(pool)
        price = uniswap.price_of(uniswap.slot0(self.rpc, pool.address)[0], token0, token1)
        return price if token0.symbol == coin else 1 / price

    def move_pool(self, coin: str, quote: str, price: Decimal | str, fee: int | None = None) -> Decimal:
        """Trades in the coin/quote pool until one `coin` costs `price` of `quote`; the price reached.

        Either way; the operator trades its own coins through the router, so no supply changes.
        ReplicaError when the price is no positive number or the pool cannot be brought there.
        """
        pool = self.book.pool(coin, quote, fee)
        token0, token1 = self.book.sorted_coins(pool)
        try:
            wanted = Fraction(price)
        except (ValueError, OverflowError, ZeroDivisionError) as error:
            raise ReplicaError(f"{price!r} is not a price") from error
        if wanted <= 0:
            raise ReplicaError(f"a pool cannot be moved to a price of {price}: it must be above zero")
        wanted = wanted if token0.symbol == coin else 1 / wanted
        uniswap.trade_to(self.rpc, self.book, pool, uniswap.sqrt_price_x96(token0, token1, wanted))
        return self.pool_price(coin, quote, pool.fee)

    def provide(self, coin: str, quote: str, fee: int | None = None) -> None:
        """Moves the pool's core depth round its present price: a pool that was moved far is thin there.

        Coins that the operator lacks are minted.
        """
        pool = self.book.pool(coin, quote, fee)
        for symbol in pool.coins:
            needed = uniswap.core_units(self.book, pool, symbol)
            held = self.balance(symbol, OPERATOR)
            if held < needed:
                self.mint(symbol, OPERATOR, needed - held)
        uniswap.provide(self.rpc, self.book, pool)

    def depeg(self, coin: str, price: Decimal | str) -> None:
        """Moves a coin's feed and each of its Uniswap pools with a stablecoin to `price` USD."""
        self.set_feed(coin, str(price))
        for pool in self.stable_pools(coin):
            other = pool.coins[0] if pool.coins[1] == coin else pool.coins[1]
            self.move_pool(coin, other, Decimal(price) / self.feed_price(other), pool.fee)

    def stable_pools(self, coin: str) -> list[Pool]:
        """The book's pools of this coin without WETH."""
        return [p for p in self.book.pools if coin in p.coins and "WETH" not in p.coins]

    # -- coins

    def balance(self, coin: str, account: str) -> int:
        """`account`'s balance in base units."""
        return int(self.rpc.read(self.book.token(coin).address, "balanceOf(address)", [account]))

    def mint(self, coin: str, account: str, amount: int) -> None:
        """Exactly `amount` base units of new coins to `account`; raises the coin's total supply."""
        powers.mint(self.rpc, self.book, coin, account, amount)

    def give_eth(self, account: str, amount: int) -> None:
        """Sets `account`'s ETH balance to `amount` wei."""
        self.rpc.call("anvil_setBalance", account, hex(amount))

    def freeze(self, coin: str, account: str) -> None:
        """Puts `account` on the coin's blacklist (USDC, USDT); ReplicaError for coins without that power."""
        powers.freeze(self.rpc, self.book, coin, account, frozen=True)

    def unfreeze(self, coin: str, account: str) -> None:
        """Takes `account` off the coin's blacklist."""
        powers.freeze(self.rpc, self.book, coin, account, frozen=False)

    def pause(self, coin: str) -> None:
        """Stops all transfers of a coin (USDC, USDT); ReplicaError for coins without that power."""
        powers.pause(self.rpc, self.book, coin, paused=True)

    def unpause(self, coin: str) -> None:
        """Lets transfers go on."""
        powers.pause(self.rpc, self.book, coin, paused=False)

    def set_usdt_fee(self, bps: int, maximum: int = 49) -> None:
        """USDT's transfer fee: `bps` below 20, at most `maximum` USDT (below 50); (0, 0) turns it off."""
        if not (0 <= bps < 20 and 0 <= maximum < 50):
            raise ReplicaError(
                f"USDT takes a fee below 20 bps and a cap below 50 USDT, not {bps} bps and {maximum}"
            )
        usdt = self.book.token("USDT").address
        self.rpc.send(usdt, "setParams(uint256,uint256)", [bps, maximum], sender=OPERATOR)

    # -- what the saved state lacks

    def add_coin(self, symbol: str, decimals: int, address: str) -> None:
        """Puts a modelled coin on the chain at an address and into the book, unless the book has it."""
        self.book = extend.add_coin(self.rpc, self.book, symbol, decimals, address)

    def add_feed(self, name: str, price: Decimal) -> None:
        """A further feed, for COIN or COIN@SOURCE, at `price` USD first, unless the book has it."""
        self.book = extend.add_feed(self.rpc, self.book, name, price)

    def add_pool(self, coins: tuple[str, str], fee: int, prices: tuple[Decimal, Decimal]) -> None:
        """A pool of two coins at their prices in USD, thin until a `Drive` makes it deep."""
        self.book = extend.add_pool(self.rpc, self.book, coins, fee, prices)

    # -- time and gas

    def timestamp(self) -> int:
        """Time of the latest block, in seconds."""
        return self.rpc.timestamp()

    def pending_timestamp(self) -> int:
        """Time that a block mined now would have, in seconds."""
        return int(self.rpc.call("eth_getBlockByNumber", "pending", False)["timestamp"], 16)

    def pass_time(self, seconds: int, *, keep_feeds: bool = True) -> None:
        """Mines a block `seconds` later; with `keep_feeds` every feed answers its last price anew in it."""
        if seconds <= 0:
            raise ReplicaError(f"time passes forwards only: {seconds} s asked for")
        self.rpc.call("evm_setNextBlockTimestamp", self.rpc.timestamp() + seconds)
        if keep_feeds:
            self.refresh_feeds()
        else:
            self.rpc.call("evm_mine")

    def set_base_fee(self, wei: int = BASE_FEE) -> None:
        """Makes the latest and the next block charge `wei` a gas; after that it moves by the usual rule."""
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(wei))
        self.rpc.call("evm_mine")
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(wei))

    # -- undoing

    def snapshot(self) -> str:
        """Remembers the state; give the answer to `revert`, once."""
        return self.rpc.snapshot()

    def revert(self, snapshot: str) -> None:
        """Back to a snapshot."""
        self.rpc.revert(snapshot)

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Whatever happens inside is undone at the end."""
        with self.rpc.isolated():
            yield

    def _whole_feeds(self) -> list[str]:
        """Proxies that answer from their own aggregator, whose oracle is the operator."""
        proxies = [feed.address for feed in self.book.feeds.values()]
        now = self.rpc.read_many([(proxy, "aggregator()", (), "address") for proxy in proxies])
        own = self.rpc.read_many([(proxy, AGGREGATOR_OF_PHASE, (1,), "address") for proxy in proxies])
        return [proxy for proxy, a, b in zip(proxies, now, own, strict=True) if a == b]
