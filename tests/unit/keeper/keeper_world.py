"""A small world for the keeper's tests: a fund, and constant-product pools that really move when traded.

The pools hold virtual reserves, as a full-range Uniswap V3 position does; the ladders in a snapshot are
quoted from them as a quoter would, and a fill is then run against the pools themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ballast.keeper import snapshot as s
from ballast.keeper.market import ladder_amounts
from ballast.keeper.planning import FillPlan
from ballast.keeper.rules import assess
from ballast.model.prices import PriceQuote, Status
from ballast.model.rebalance import Reason, TriggerParams
from ballast.units import WAD

NOW = 1_700_000_000


def address(number: int) -> str:
    return f"0x{number:040x}"


@dataclass
class PoolModel:
    """x * y = k with a fee on the input. Reserves in own decimals."""

    address: str
    fee: int
    tokens: tuple[str, str]
    reserves: list[int]

    def quote(self, token_in: str, amount: int) -> int:
        i = self.tokens.index(token_in)
        net = amount * (1_000_000 - self.fee)
        return self.reserves[1 - i] * net // (self.reserves[i] * 1_000_000 + net)

    def swap(self, token_in: str, amount: int) -> int:
        i = self.tokens.index(token_in)
        out = self.quote(token_in, amount)
        # The fee stays outside the curve, as in Uniswap V3.
        self.reserves[i] += amount * (1_000_000 - self.fee) // 1_000_000
        self.reserves[1 - i] -= out
        return out


def pool_model(number: int, fee: int, a: s.Coin, b: s.Coin, depth: int, skew_bps: int = 0) -> PoolModel:
    """A pool holding `depth` WAD{USD} of virtual liquidity a side, its rate `skew_bps` off the oracle's."""
    x = depth * WAD // (a.quote.mid * a.scale)
    y = depth * (10_000 + skew_bps) * WAD // (10_000 * b.quote.mid * b.scale)
    return PoolModel(address(number), fee, (a.token, b.token), [x, y])


def coin(number: int, symbol: str, decimals: int, value: int, target: int, price: int = WAD) -> s.Coin:
    """A coin whose reserve is worth `value` WAD{USD}."""
    quote = PriceQuote(price, price, Status.GOOD)
    reserve = value * WAD // (price * 10 ** (18 - decimals))
    return s.Coin(address(number), symbol, decimals, reserve, target, target, quote)


TRIGGER = TriggerParams(
    drift_bps=300,
    price_bps=100,
    calendar_interval=7 * 86_400,
    cooldown=3_600,
    session_length=6 * 3_600,
    gas_estimate=1_500_000,
    min_value=100 * WAD,
    gas_ceiling=200 * WAD,
)
FILL = s.FillParams(
    settle_band_bps=50,
    slip_bps=50,
    slip_ceiling_bps=200,
    loss_budget_bps=100,
    loss_period=86_400,
    fill_interval=60,
    max_trades=16,
    max_trade_value=10**12 * WAD,
)


@dataclass
class World:
    """Coins and pools; `snapshot()` is what the keeper sees of them."""

    coins: tuple[s.Coin, ...]
    pools: list[PoolModel]
    hubs: tuple[str, ...]
    fill: s.FillParams = FILL
    trigger: TriggerParams = TRIGGER
    session: s.Session = field(
        default_factory=lambda: s.Session(s.Phase.IDLE, 0, last_settled_at=NOW - 86_400)
    )
    now: int = NOW
    rungs: int = 32

    @property
    def total(self) -> int:
        return sum(c.reserve * c.scale * c.quote.mid // WAD for c in self.coins)

    def snapshot(self) -> s.Snapshot:
        blank = s.Snapshot(
            chain_id=1,
            block=18_000_000,
            timestamp=self.now,
            coins=self.coins,
            total_supply=self.total,
            data_stale=False,
            params=s.Params(self.trigger, self.fill),
            session=self.session,
            paused=False,
            gas_price=20 * 10**9,
            eth_quote=PriceQuote(2_000 * WAD, 2_000 * WAD, Status.GOOD),
            verdict=s.Verdict(False, Reason.IN_BAND),
            hops=tuple(self.hops()),
            hubs=self.hubs,
        )
        return agreed(blank)

    def hops(self) -> Iterable[s.Hop]:
        by_token = {c.token: c for c in self.coins}
        for pool in self.pools:
            for token_in, token_out in (pool.tokens, pool.tokens[::-1]):
                sold = by_token[token_in]
                largest = self.total * WAD // (2 * sold.quote.mid * sold.scale)
                amounts = ladder_amounts(largest, self.rungs)
                rungs = tuple(s.Rung(amount, pool.quote(token_in, amount)) for amount in amounts)
                yield s.Hop(pool.address, pool.fee, token_in, token_out, rungs)

    def run(self, plan: FillPlan) -> list[int]:
        """Runs the trades on the pools and moves the reserves; what each trade brought."""
        by_address = {pool.address: pool for pool in self.pools}
        brought = []
        for trade in plan.trades:
            amount = trade.amount_in
            for hop in trade.hops:
                amount = by_address[hop.pool].swap(hop.token_in, amount)
            brought.append(amount)
            self.coins = tuple(
                self._after(c, trade.token_in, trade.token_out, trade.amount_in, amount) for c in self.coins
            )
        return brought

    @staticmethod
    def _after(c: s.Coin, sold: str, bought: str, amount_in: int, amount_out: int) -> s.Coin:
        if c.token == sold:
            return replace(c, reserve=c.reserve - amount_in)
        return replace(c, reserve=c.reserve + amount_out) if c.token == bought else c


def agreed(snapshot: s.Snapshot) -> s.Snapshot:
    """The snapshot with the chain of the same opinion as the model."""
    return replace(snapshot, verdict=assess(snapshot))


def opened(world: World) -> World:
    """The world with a session just opened."""
    prices = tuple(s.SessionPrice(c.token, c.quote.mid // 10**10) for c in world.coins)
    session = s.Session(
        s.Phase.OPEN,
        1,
        opened_at=world.now,
        expires_at=world.now + world.trigger.session_length,
        last_settled_at=world.now - 86_400,
        prices=prices,
    )
    return replace(world, session=session)


def five_coins(values: tuple[int, ...] = (30, 38, 13, 10, 9), depth: int = 50_000_000) -> World:
    """Coins worth `values` hundred thousand USD against 40/30/15/10/5 %, with pools round USDC."""
    names = (("USDC", 6), ("USDT", 6), ("DAI", 18), ("FRAX", 18), ("LUSD", 18))
    targets = (4_000, 3_000, 1_500, 1_000, 500)
    coins = tuple(
        coin(i + 1, name, decimals, value * 100_000 * WAD, target)
        for i, ((name, decimals), value, target) in enumerate(zip(names, values, targets, strict=True))
    )
    usdc = coins[0]
    pools = [pool_model(100 + i, 100, usdc, other, depth * WAD) for i, other in enumerate(coins[1:])]
    pools += [pool_model(200 + i, 500, usdc, other, depth * WAD // 2) for i, other in enumerate(coins[1:])]
    return World(coins, pools, (usdc.token,))
