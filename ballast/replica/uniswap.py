"""Places Uniswap V3 and seeds its pools: a deep core round the feed price, a thin tail far beyond it."""

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from ballast.errors import ReplicaError
from ballast.replica.addresses import AddressBook, Pool, Token
from ballast.replica.feeds import NOBODY
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import Rpc
from ballast.replica.solc import artifact

Q96: Final = 2**96
FOREVER: Final = 2**40  # a deadline no block reaches
UNLIMITED: Final = 2**256 - 1
TICK_SPACING: Final = {100: 1, 500: 10, 3000: 60}
MAX_TICK: Final = 887_220  # the outermost that every spacing divides
CARDINALITY: Final = 240  # observation slots a pool
CORE_TICKS: Final = 50  # half width of the core, for a pair of stablecoins
TAIL_TICKS: Final = 4_000
WETH_CORE_TICKS: Final = 500
WETH_TAIL_TICKS: Final = 12_000
WARM_UP_ROUNDS: Final = 8
WARM_UP_SPACING: Final = 600  # seconds between rounds
WARM_UP_USD: Final = 1_000
SWAP: Final = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
POSITION: Final = "uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128"
DECREASE: Final = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
COLLECT: Final = "collect((uint256,address,uint128,uint128))"
MINT: Final = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def place_uniswap(deployer: Deployer, book: AddressBook, packages: dict[str, Path]) -> None:
    """Factory, routers, quoter and position manager in their own code; the 0.01 % fee tier enabled."""
    core = packages["@uniswap/v3-core"] / "artifacts" / "contracts"
    periphery = packages["@uniswap/v3-periphery"] / "artifacts" / "contracts"
    router_02 = packages["@uniswap/swap-router-contracts"] / "artifacts" / "contracts" / "SwapRouter02.sol"
    known, weth = book.contracts, book.token("WETH").address
    factory = deployer.place(
        known["uniswap_v3_factory"], artifact(core / "UniswapV3Factory.sol" / "UniswapV3Factory.json")
    )
    deployer.rpc.send(factory, "enableFeeAmount(uint24,int24)", [100, TICK_SPACING[100]], sender=OPERATOR)
    router = artifact(periphery / "SwapRouter.sol" / "SwapRouter.json")
    deployer.place(known["uniswap_v3_router"], router, "address,address", [factory, weth])
    quoter = artifact(periphery / "lens" / "QuoterV2.sol" / "QuoterV2.json")
    deployer.place(known["uniswap_v3_quoter"], quoter, "address,address", [factory, weth])
    path = periphery / "NonfungiblePositionManager.sol" / "NonfungiblePositionManager.json"
    positions = known["uniswap_v3_positions"]
    deployer.place(positions, artifact(path), "address,address,address", [factory, weth, NOBODY])
    args = [known["uniswap_v2_factory"], factory, positions, weth]
    code = artifact(router_02 / "SwapRouter02.json")
    deployer.place(known["uniswap_v3_router_02"], code, "address,address,address,address", args)


def seed_pool(rpc: Rpc, book: AddressBook, pool: Pool) -> None:
    """Creates the pool at the feeds' price and fills it; its address must come out as the book has it."""
    token0, token1 = book.sorted_coins(pool)
    made = create_pool(rpc, book, token0, token1, pool.fee, usd_price(book, token0) / usd_price(book, token1))
    if made != pool.address:
        raise ReplicaError(f"pool {pool.name} came out at {made}, the address book says {pool.address}")
    is_weth = "WETH" in pool.coins
    bands = (
        (WETH_CORE_TICKS if is_weth else CORE_TICKS, pool.core),
        (WETH_TAIL_TICKS if is_weth else TAIL_TICKS, pool.tail),
    )
    for half_width, depth in bands:
        _add_liquidity(rpc, book, pool, half_width, depth)


def create_pool(rpc: Rpc, book: AddressBook, token0: Token, token1: Token, fee: int, price: Fraction) -> str:
    """An empty pool of two tokens in its order at `price` of token0 in token1; its address."""
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    key = [token0.address, token1.address, fee]
    args = [*key, sqrt_price_x96(token0, token1, price)]
    rpc.send(book.contracts["uniswap_v3_positions"], create, args, sender=OPERATOR)
    factory = book.contracts["uniswap_v3_factory"]
    made = str(rpc.read(factory, "getPool(address,address,uint24)", key, "address"))
    rpc.send(made, "increaseObservationCardinalityNext(uint16)", [CARDINALITY], sender=OPERATOR)
    return made


def _add_liquidity(rpc: Rpc, book: AddressBook, pool: Pool, half_width: int, depth: Decimal) -> None:
    _, tick = slot0(rpc, pool.address)
    amounts = [units_of(book, t, depth * 1_000_000) for t in book.sorted_coins(pool)]
    args = mint_args(book, pool, tick, half_width, amounts)
    rpc.send(book.contracts["uniswap_v3_positions"], MINT, args, sender=OPERATOR)


def mint_args(
    book: AddressBook, pool: Pool, tick: int, half_width: int, amounts: Sequence[int]
) -> tuple[Any, ...]:
    """Arguments of `MINT`: at most `amounts` of the pool's coins, in its order, round a tick."""
    token0, token1 = book.sorted_coins(pool)
    spacing = TICK_SPACING[pool.fee]
    low = max(tick - half_width, -MAX_TICK) // spacing * spacing
    high = -(-min(tick + half_width, MAX_TICK) // spacing) * spacing
    return ((token0.address, token1.address, pool.fee, low, high, *amounts, 0, 0, OPERATOR, FOREVER),)


def provide(rpc: Rpc, book: AddressBook, pool: Pool) -> None:
    """Moves the pool's core depth round its present price, as its providers do when a price has moved."""
    half_width = WETH_CORE_TICKS if "WETH" in pool.coins else CORE_TICKS
    positions = book.contracts["uniswap_v3_positions"]
    for token_id, liquidity in cores(rpc, book, pool, half_width):
        for signature, args in withdrawal(token_id, liquidity):
            rpc.send(positions, signature, args, sender=OPERATOR)
    _add_liquidity(rpc, book, pool, half_width, pool.core)


def withdrawal(token_id: int, liquidity: int) -> list[tuple[str, tuple[Any, ...]]]:
    """The position manager's calls that take a position's liquidity and fees out."""
    return [
        (DECREASE, ((token_id, liquidity, 0, 0, FOREVER),)),
        (COLLECT, ((token_id, OPERATOR, 2**128 - 1, 2**128 - 1),)),
    ]


def cores(rpc: Rpc, book: AddressBook, pool: Pool, half_width: int = CORE_TICKS) -> list[tuple[int, int]]:
    """(token id, liquidity) of the operator's core positions in a pool: as wide as a core, not empty."""
    positions = book.contracts["uniswap_v3_positions"]
    count = rpc.read(positions, "balanceOf(address)", [OPERATOR])
    by_index = "tokenOfOwnerByIndex(address,uint256)"
    ids = rpc.read_many([(positions, by_index, [OPERATOR, at], "uint256") for at in range(count)])
    found = rpc.read_many([(positions, "positions(uint256)", [token_id], POSITION) for token_id in ids])
    wanted = tuple(token.address.lower() for token in book.sorted_coins(pool))
    width = 2 * half_width + 2 * TICK_SPACING[pool.fee]  # the ends are rounded outwards
    return [
        (token_id, liquidity)
        for token_id, (_, _, token0, token1, fee, low, high, liquidity, *_) in zip(ids, found, strict=True)
        if (token0.lower(), token1.lower()) == wanted
        and fee == pool.fee
        and high - low <= width
        and liquidity
    ]


def core_units(book: AddressBook, pool: Pool, coin: str) -> int:
    """Base units of a coin that `provide` takes at the most."""
    return units_of(book, book.token(coin), pool.core * 1_000_000)


def approve_traders(rpc: Rpc, book: AddressBook) -> None:
    """The operator lets the position manager and the router take its coins."""
    spenders = [book.contracts[n] for n in ("uniswap_v3_positions", "uniswap_v3_router")]
    calls = [
        (t.address, "approve(address,uint256)", (s, UNLIMITED))
        for t in book.tokens.values()
        for s in spenders
    ]
    rpc.send_together(OPERATOR, calls)


def warm_up(rpc: Rpc, book: AddressBook) -> None:
    """Small trades to and fro over more than an hour, so that 30-minute averages stand on something."""
    for number in range(WARM_UP_ROUNDS):
        rpc.mine_after(WARM_UP_SPACING)
        calls = []
        for pool in book.pools:
            coins = pool.coins if number % 2 else pool.coins[::-1]
            source, target = (book.token(c) for c in coins)
            amount = units_of(book, source, Decimal(WARM_UP_USD))
            calls.append(
                (book.contracts["uniswap_v3_router"], SWAP, swap_args(pool, source, target, amount, 0))
            )
        rpc.send_together(OPERATOR, calls)


def swap_args(pool: Pool, source: Token, target: Token, amount: int, limit: int) -> tuple[Any, ...]:
    """Arguments of an operator's swap of at most `amount` units, stopping at sqrt price `limit` (0: none)."""
    return ((source.address, target.address, pool.fee, OPERATOR, FOREVER, amount, 0, limit),)


def trade_to(rpc: Rpc, book: AddressBook, pool: Pool, sqrt_price: int) -> None:
    """Trades the operator's coins until the pool stands at `sqrt_price` (X96); ReplicaError if it cannot."""
    now, _ = slot0(rpc, pool.address)
    if now == sqrt_price:
        return
    token0, token1 = book.sorted_coins(pool)
    source, target = (token0, token1) if sqrt_price < now else (token1, token0)
    held = rpc.read(source.address, "balanceOf(address)", [OPERATOR])
    args = swap_args(pool, source, target, held, sqrt_price)
    rpc.send(book.contracts["uniswap_v3_router"], SWAP, args, sender=OPERATOR)
    reached, _ = slot0(rpc, pool.address)
    if reached != sqrt_price:
        raise ReplicaError(
            f"{pool.name}: all {held} units of {source.symbol} did not move it to the wanted price"
        )


def slot0(rpc: Rpc, pool: str) -> tuple[int, int]:
    """(sqrtPriceX96, tick) of a pool."""
    words = rpc.read(pool, "slot0()", (), "uint160,int24,uint16,uint16,uint16,uint8,bool")
    return words[0], words[1]


def sqrt_price_x96(token0: Token, token1: Token, price: Fraction) -> int:
    """The pool's sqrt price for `price` of token0 in token1, in whole coins."""
    raw = price * Fraction(10) ** (token1.decimals - token0.decimals)
    return math.isqrt(raw.numerator * Q96**2 // raw.denominator)


def price_of(sqrt_price: int, token0: Token, token1: Token) -> Decimal:
    """Price of token0 in token1, in whole coins, to 18 digits."""
    with localcontext() as context:
        context.prec = 18
        raw = Fraction(sqrt_price**2, Q96**2) * Fraction(10) ** (token0.decimals - token1.decimals)
        return Decimal(raw.numerator) / Decimal(raw.denominator)


def usd_price(book: AddressBook, token: Token) -> Fraction:
    """The feed's first price, in USD."""
    return Fraction(book.feed(token.symbol).price)


def units_of(book: AddressBook, token: Token, usd: Decimal) -> int:
    """That many dollars' worth of a token, in its base units."""
    return int(Fraction(usd) / usd_price(book, token) * 10**token.decimals)
