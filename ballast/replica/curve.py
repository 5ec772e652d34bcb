"""Places Curve StableSwap-NG in its own code and seeds its pools; handles to trade, provide and push them.

The pool of USDC and USDT stands at its mainnet address. The others are the replica's own, so that every coin
of the fund has a pool.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Final

from ballast.errors import ReplicaError
from ballast.replica import powers
from ballast.replica.addresses import AddressBook, CurvePool
from ballast.replica.feeds import NOBODY
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import Rpc
from ballast.replica.solc import Artifact
from ballast.replica.uniswap import UNLIMITED, units_of
from ballast.replica.vyper import blueprint

EMA_TIME: Final = 866  # seconds / ln 2: the price oracle's half life is ten minutes
STANDARD: Final = 0  # asset type: a coin without a rate of its own
PRICE_UNIT: Final = 10**18
CLOSE: Final = Fraction(1, 100_000)  # how near `move_pool` comes to a price
MAX_STEPS: Final = 60  # halvings of a trade's size before a price counts as out of reach
SYMBOL_LENGTH: Final = 10  # characters the factory takes
DEPLOY: Final = (
    "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,"
    "uint8[],bytes4[],address[])"
)
SET_POOL: Final = "set_pool_implementations(uint256,address)"
EXCHANGE: Final = "exchange(int128,int128,uint256,uint256)"
ADD: Final = "add_liquidity(uint256[],uint256)"
REMOVE: Final = "remove_liquidity(uint256,uint256[])"
REMOVE_ONE: Final = "remove_liquidity_one_coin(uint256,int128,uint256)"


# -- building


def place_curve(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """Factory, mathematics, views and the blueprint of plain pools; OPERATOR is the factory's owner."""
    known, rpc = book.contracts, deployer.rpc
    factory = deployer.place(
        known["curve_ng_factory"], code["CurveStableSwapFactoryNG"], "address,address", [OPERATOR, OPERATOR]
    )
    maths = deployer.place(known["curve_ng_math"], code["CurveStableSwapNGMath"])
    views = deployer.place(known["curve_ng_views"], code["CurveStableSwapNGViews"])
    plain = known["curve_ng_plain_pool"]
    rpc.call("anvil_setCode", plain, f"0x{blueprint(code['CurveStableSwapNG'])}")
    rpc.send(factory, SET_POOL, [0, plain], sender=OPERATOR)
    rpc.send(factory, "set_math_implementation(address)", [maths], sender=OPERATOR)
    rpc.send(factory, "set_views_implementation(address)", [views], sender=OPERATOR)


def seed_pool(rpc: Rpc, book: AddressBook, pool: CurvePool) -> None:
    """Has the factory make the pool, which must come out at the book's address, and fills it evenly."""
    factory, count = book.contracts["curve_ng_factory"], len(pool.coins)
    rpc.call("anvil_setNonce", factory, hex(pool.nonce))
    coins = [book.token(coin).address for coin in pool.coins]
    symbol = "".join(pool.coins)[:SYMBOL_LENGTH]
    terms = [pool.amplification, pool.fee, pool.offpeg, EMA_TIME, 0]
    rates = [[STANDARD] * count, [b"\0" * 4] * count, [NOBODY] * count]  # no coin has a rate oracle
    rpc.send(factory, DEPLOY, [pool.name, symbol, coins, *terms, *rates], sender=OPERATOR)
    last = rpc.read(factory, "pool_count()") - 1
    made = rpc.read(factory, "pool_list(uint256)", [last], "address")
    if made != pool.address:
        raise ReplicaError(f"{pool.name} came out at {made}, the address book says {pool.address}")
    _approve(rpc, book, pool, OPERATOR)
    add_liquidity(
        rpc, book, pool, [units_of(book, book.token(c), pool.depth * 1_000_000) for c in pool.coins]
    )


def _approve(rpc: Rpc, book: AddressBook, pool: CurvePool, account: str) -> None:
    calls = [
        (book.token(c).address, "approve(address,uint256)", (pool.address, UNLIMITED)) for c in pool.coins
    ]
    rpc.send_together(account, calls)


# -- handles: OPERATOR's trades and liquidity


def balances(rpc: Rpc, pool: CurvePool) -> tuple[int, ...]:
    """What the pool counts as its own of each coin, in base units."""
    return tuple(rpc.read(pool.address, "get_balances()", (), "uint256[]"))


def shares_of(rpc: Rpc, pool: CurvePool, account: str) -> int:
    """LP tokens of an account, in base units (18 decimals)."""
    return int(rpc.read(pool.address, "balanceOf(address)", [account]))


def virtual_price(rpc: Rpc, pool: CurvePool) -> int:
    """What an LP token is worth in a balanced pool, over 10^18; only fees and gifts raise it."""
    return int(rpc.read(pool.address, "get_virtual_price()"))


def price(rpc: Rpc, pool: CurvePool, coin: str, quote: str) -> Decimal:
    """The marginal price of one `coin` in `quote`, before fees, to 18 digits."""
    with localcontext() as context:
        context.prec = 18
        exact = _price(rpc, pool, coin, quote)
        return Decimal(exact.numerator) / Decimal(exact.denominator)


def swap(rpc: Rpc, book: AddressBook, pool: CurvePool, source: str, target: str, amount: int) -> int:
    """Sells `amount` base units of `source`, minted where OPERATOR lacks them; the units of `target` got."""
    _provide(rpc, book, source, amount)
    before = _held(rpc, book, target)
    args = [pool.index(source), pool.index(target), amount, 0]
    rpc.send(pool.address, EXCHANGE, args, sender=OPERATOR)
    return _held(rpc, book, target) - before


def add_liquidity(rpc: Rpc, book: AddressBook, pool: CurvePool, amounts: Sequence[int]) -> int:
    """Provides base units of the pool's coins, in its order, minted where missing; the LP tokens got."""
    for coin, amount in zip(pool.coins, amounts, strict=True):
        _provide(rpc, book, coin, amount)
    return _shares_change(rpc, pool, ADD, [list(amounts), 0])


def remove_liquidity(rpc: Rpc, pool: CurvePool, shares: int, only: str | None = None) -> None:
    """Burns OPERATOR's LP tokens for a part of every coin, or for `only` one of them."""
    args: list[Any] = [shares, [0] * len(pool.coins)] if only is None else [shares, pool.index(only), 0]
    _shares_change(rpc, pool, REMOVE if only is None else REMOVE_ONE, args)


def push(rpc: Rpc, book: AddressBook, pool: CurvePool, coin: str, part: Decimal | str) -> dict[str, int]:
    """Leans the pool: sells into it `part` of its own balance of `coin`, shared among the others.

    Answers what was got of each other coin, in base units.
    """
    others = [other for other in pool.coins if other != coin]
    amount = int(balances(rpc, pool)[pool.index(coin)] * Decimal(part)) // len(others)
    return {other: swap(rpc, book, pool, coin, other, amount) for other in others}


def move_pool(
    rpc: Rpc, book: AddressBook, pool: CurvePool, coin: str, quote: str, wanted: Decimal | str
) -> Decimal:
    """Trades until one `coin` costs `wanted` of `quote`, within 0.001 %; the price reached.

    ReplicaError when no trade of a hundred times the pool's balance brings it there.
    """
    goal = Fraction(wanted)
    now = _price(rpc, pool, coin, quote)
    if goal <= 0:
        raise ReplicaError(f"a pool cannot be moved to a price of {wanted}: it must be above zero")
    if abs(now / goal - 1) <= CLOSE:
        return price(rpc, pool, coin, quote)
    source, target = (coin, quote) if goal < now else (quote, coin)
    low, high = 0, 100 * balances(rpc, pool)[pool.index(source)]
    for _ in range(MAX_STEPS):
        amount = (low + high) // 2
        snapshot = rpc.snapshot()
        swap(rpc, book, pool, source, target, amount)
        reached = _price(rpc, pool, coin, quote)
        if abs(reached / goal - 1) <= CLOSE:
            return price(rpc, pool, coin, quote)
        rpc.revert(snapshot)
        short = reached > goal if goal < now else reached < goal
        low, high = (amount, high) if short else (low, amount)
    raise ReplicaError(f"{pool.name}: no trade moves it to a price of {wanted}")


def _price(rpc: Rpc, pool: CurvePool, coin: str, quote: str) -> Fraction:
    worth = []  # in the pool's first coin
    for index in (pool.index(coin), pool.index(quote)):
        worth.append(rpc.read(pool.address, "get_p(uint256)", [index - 1]) if index else PRICE_UNIT)
    return Fraction(worth[0], worth[1])


def _held(rpc: Rpc, book: AddressBook, coin: str) -> int:
    return int(rpc.read(book.token(coin).address, "balanceOf(address)", [OPERATOR]))


def _provide(rpc: Rpc, book: AddressBook, coin: str, amount: int) -> None:
    missing = amount - _held(rpc, book, coin)
    if missing > 0:
        powers.mint(rpc, book, coin, OPERATOR, missing)


def _shares_change(rpc: Rpc, pool: CurvePool, signature: str, args: Sequence[Any]) -> int:
    before = shares_of(rpc, pool, OPERATOR)
    rpc.send(pool.address, signature, args, sender=OPERATOR)
    return shares_of(rpc, pool, OPERATOR) - before
