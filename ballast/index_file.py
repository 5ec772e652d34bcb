"""The description of an index: a YAML file read into validated, frozen models.

Money and prices are written as decimal numbers in USD and held as `Decimal`; `ballast.units.wad_of` makes
them WAD without loss. Weights and limits are bps, scores per mille, times seconds.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from ballast.errors import ConfigError
from ballast.index_lending import KINDS, Lending
from ballast.index_types import (
    Address,
    Bps,
    ChainlinkSource,
    FeeTier,
    Seconds,
    Source,
    Strict,
    Symbol,
    Usd,
    refuse_twice,
)
from ballast.model import crisis, emergency
from ballast.units import BPS, PER_MILLE, SECONDS_PER_DAY, human, wad_of

CHECKPOINTS = 96  # that KillSwitch remembers
MAX_PROBES = 2  # of one coin, as CrisisDetector allows
Probe = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\((vault)?\)$")]  # of the vault's address


class MarketCap(Strict):
    """Where a coin's market cap comes from, and what it is at deployment."""

    source: Literal["REPORTED", "SUPPLY"] = "REPORTED"
    initial_usd: Annotated[Decimal, Field(gt=0, max_digits=30, allow_inf_nan=False)]
    score: Annotated[int, Field(ge=0, le=PER_MILLE)] = PER_MILLE  # per mille


class Coin(Strict):
    """A constituent: its token, the bounds of its weight, its prices and its market cap."""

    symbol: Symbol
    token: Address
    decimals: Annotated[int, Field(ge=0, le=18)]
    min_weight_bps: Bps = 500
    max_weight_bps: Bps = 4_000
    oracle: Annotated[tuple[Source, ...], Field(min_length=1, max_length=4)]
    min_sources: Annotated[int, Field(ge=1)] = 1  # good answers needed for a GOOD quote
    market_cap: MarketCap

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min_weight_bps > self.max_weight_bps:
            raise ValueError("min_weight_bps is above max_weight_bps")
        if self.min_sources > len(self.oracle):
            raise ValueError(
                f"min_sources is {self.min_sources} but only {len(self.oracle)} sources are given"
            )
        return self


class OracleParams(Strict):
    """Limits that hold for every coin's sources."""

    max_deviation_bps: Bps = 100  # between the lowest and the highest good source
    eth_usd: ChainlinkSource  # prices gas


class RebalancingParams(Strict):
    """When a rebalance runs and how far a trade may go."""

    drift_limit_bps: Bps = 300
    price_limit_bps: Bps = 100
    calendar_seconds: Seconds = 7 * SECONDS_PER_DAY
    settle_band_bps: Bps = 50
    slippage_bps: Bps = 50  # at rest
    slippage_ceiling_bps: Bps = 200  # however volatile the pair
    cooldown_seconds: Seconds = 6 * 3_600
    session_seconds: Annotated[int, Field(ge=60)] = 2 * 3_600
    fill_interval_seconds: Seconds = 30  # between two keeper fills
    max_trades: Annotated[int, Field(ge=1, le=255)] = 16  # in one fill
    max_trade_usd: Annotated[Decimal, Field(gt=0)] = Decimal(1_000_000)  # per pair and fill
    min_value_usd: Usd = Decimal(1_000)  # of what would be traded
    gas_ceiling_usd: Usd = Decimal(200)
    gas_estimate: Annotated[int, Field(ge=21_000, lt=2**32)] = 1_500_000  # gas of a whole rebalance
    loss_budget_bps: Bps = 50  # of the fund's value that keeper fills may lose against the oracle ...
    loss_period_seconds: Annotated[int, Field(ge=1)] = 7 * SECONDS_PER_DAY  # ... refilled over this long

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.settle_band_bps >= self.drift_limit_bps:
            raise ValueError("settle_band_bps must be below drift_limit_bps, or a session could never end")
        if self.slippage_bps > self.slippage_ceiling_bps:
            raise ValueError("slippage_bps is above slippage_ceiling_bps")
        return self


class PairLimits(Strict):
    """A pair's own limits in place of the general ones, either way round."""

    coins: tuple[Symbol, Symbol]
    slippage_bps: Annotated[int, Field(ge=1, le=BPS)]
    max_trade_usd: Usd  # per fill; 0 stops the pair


class CalculatorParams(Strict):
    """Bounds on market data and on the basket."""

    min_active: Annotated[int, Field(ge=1)] = 3
    max_age_seconds: Annotated[int, Field(ge=60)] = 2 * SECONDS_PER_DAY
    max_change_bps_per_hour: Annotated[int, Field(ge=1, le=BPS)] = 1_000


_HOUR, _MONTH = 3_600, 30 * SECONDS_PER_DAY
_LOOK, _FILL = crisis.DEFAULT, emergency.DEFAULT


class DetectorParams(Strict):
    """When a coin is off its peg, in crisis and back; what each does: `ballast.model.crisis`."""

    confirmations: Annotated[int, Field(ge=2, le=4)] = _LOOK.confirmations  # sources that must agree
    watch_bps: Annotated[Bps, Field(ge=10)] = _LOOK.watch_bps  # off the peg, either way
    calm_bps: Annotated[Bps, Field(ge=1)] = _LOOK.calm_bps
    allowance_bps: Annotated[int, Field(ge=50, le=5_000)] = _LOOK.allowance_bps  # that adds nothing
    threshold_bps_hours: Annotated[int, Field(ge=500, le=200_000)] = _LOOK.threshold // _HOUR  # of area
    surge_bps: Annotated[Bps, Field(ge=500)] = _LOOK.surge_bps  # below the peg, with a surge of volume
    surge_tenths: Annotated[int, Field(ge=30, le=10_000)] = _LOOK.surge_tenths  # of the average volume
    surge_looks: Annotated[int, Field(ge=2, le=100)] = _LOOK.surge_looks  # in a row
    spacing_seconds: Annotated[int, Field(ge=60, le=_HOUR)] = _LOOK.spacing  # between two looks
    max_gap_seconds: Annotated[int, Field(ge=60, le=SECONDS_PER_DAY)] = (
        _LOOK.max_gap
    )  # that a look vouches for
    calm_seconds: Annotated[int, Field(ge=600, le=_MONTH)] = _LOOK.calm_period  # from WATCH to SOUND
    recovery_seconds: Annotated[int, Field(ge=_HOUR, le=3 * _MONTH)] = _LOOK.recovery_period  # from CRISIS
    step_seconds: Annotated[int, Field(ge=600, le=_MONTH)] = _LOOK.step_interval  # of calm for one step back
    steps: Annotated[int, Field(ge=1, le=100)] = _LOOK.steps  # until SOUND
    dark_seconds: Annotated[int, Field(ge=600, le=_MONTH)] = _LOOK.dark_period  # without sight until DARK

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.calm_bps < self.watch_bps <= self.allowance_bps:
            raise ValueError("calm_bps must be below watch_bps, and watch_bps not above allowance_bps")
        if self.spacing_seconds > self.max_gap_seconds:
            raise ValueError("spacing_seconds is above max_gap_seconds: no look would count whole")
        return self

    @property
    def model(self) -> crisis.CrisisParams:
        """The same as the model's dataclass."""
        return crisis.CrisisParams(
            confirmations=self.confirmations,
            watch_bps=self.watch_bps,
            calm_bps=self.calm_bps,
            allowance_bps=self.allowance_bps,
            threshold=self.threshold_bps_hours * _HOUR,
            surge_bps=self.surge_bps,
            surge_tenths=self.surge_tenths,
            surge_looks=self.surge_looks,
            spacing=self.spacing_seconds,
            max_gap=self.max_gap_seconds,
            calm_period=self.calm_seconds,
            recovery_period=self.recovery_seconds,
            step_interval=self.step_seconds,
            steps=self.steps,
            dark_period=self.dark_seconds,
        )


class EmergencyTrading(Strict):
    """How an emergency trades, in place of `rebalancing`."""

    settle_band_bps: Annotated[int, Field(ge=1, le=500)] = _FILL.settle_band_bps
    slippage_bps: Annotated[int, Field(ge=1, le=1_000)] = _FILL.slip_bps  # the ceiling; nothing widens it
    loss_budget_bps: Annotated[int, Field(ge=0, le=1_000)] = _FILL.loss_budget_bps  # of the fund's value
    loss_period_seconds: Annotated[Seconds, Field(ge=_HOUR)] = _FILL.loss_period
    fill_interval_seconds: Annotated[int, Field(ge=0, le=_HOUR)] = _FILL.fill_interval  # of keeper fills
    session_seconds: Annotated[int, Field(ge=600, le=7 * SECONDS_PER_DAY)] = _FILL.session_length
    auction_seconds: Annotated[Seconds, Field(ge=60)] = _FILL.auction_length  # of the public fill's price
    premium_bps: Annotated[int, Field(ge=0, le=1_000)] = _FILL.premium_bps  # where the auction begins
    max_trades: Annotated[int, Field(ge=1, le=64)] = _FILL.max_trades  # in one fill
    max_trade_usd: Annotated[Decimal, Field(ge=1_000, le=10**10)] = human(_FILL.max_trade_value)  # per pair
    cap_bps: Annotated[int, Field(ge=2_000, le=BPS)] = _FILL.cap_bps  # no coin is raised above this

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.auction_seconds > self.session_seconds:
            raise ValueError("auction_seconds is above session_seconds")
        return self

    @property
    def model(self) -> emergency.EmergencyParams:
        """The same as the model's dataclass."""
        return emergency.EmergencyParams(
            settle_band_bps=self.settle_band_bps,
            slip_bps=self.slippage_bps,
            loss_budget_bps=self.loss_budget_bps,
            loss_period=self.loss_period_seconds,
            fill_interval=self.fill_interval_seconds,
            session_length=self.session_seconds,
            auction_length=self.auction_seconds,
            premium_bps=self.premium_bps,
            max_trades=self.max_trades,
            max_trade_value=wad_of(self.max_trade_usd),
            cap_bps=self.cap_bps,
        )


class KillSwitchParams(Strict):
    """When the fund's value per share has fallen so far that keepers stop; exits stay open."""

    drop_bps: Annotated[int, Field(ge=300, le=5_000)] = 1_500  # below the highest checkpoint ...
    window_seconds: Seconds = SECONDS_PER_DAY  # ... of this long
    spacing_seconds: Annotated[int, Field(ge=60, le=SECONDS_PER_DAY)] = 15 * 60  # between two checkpoints

    @model_validator(mode="after")
    def _reaches(self) -> Self:
        if not self.spacing_seconds <= self.window_seconds <= CHECKPOINTS * self.spacing_seconds:
            raise ValueError(f"window_seconds must be 1 to {CHECKPOINTS} times spacing_seconds")
        return self


class CrisisParams(Strict):
    """What happens when a coin leaves its peg. Coins are named by their symbols."""

    detector: DetectorParams = DetectorParams()
    emergency: EmergencyTrading = EmergencyTrading()
    kill_switch: KillSwitchParams = KillSwitchParams()
    # a coin, and those that fall with it
    risk_groups: dict[Symbol, tuple[Symbol, ...]] = Field(default_factory=dict)
    # per coin in crisis the basket to go to, bps; a coin without gets the model's defaults
    emergency_weights: dict[Symbol, dict[Symbol, Bps]] = Field(default_factory=dict)
    # views of a coin's own token, whose first word other than zero says that its issuer has stopped it
    issuer_probes: dict[Symbol, Annotated[tuple[Probe, ...], Field(max_length=MAX_PROBES)]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for coin, leaning in self.risk_groups.items():
            if coin in leaning:
                raise ValueError(f"risk_groups.{coin}: a coin does not lean on itself")
            refuse_twice(f"risk_groups.{coin}", list(leaning))
        for coin, weights in self.emergency_weights.items():
            if sum(weights.values()) != BPS:
                raise ValueError(
                    f"emergency_weights.{coin}: the weights sum to {sum(weights.values())} bps, not {BPS}"
                )
            for name, weight in weights.items():
                if weight > self.emergency.cap_bps:
                    raise ValueError(
                        f"emergency_weights.{coin}.{name}: {weight} bps is above emergency.cap_bps, "
                        f"{self.emergency.cap_bps}"
                    )
        return self

    def symbols(self) -> list[tuple[str, str]]:
        """Every coin that is named, with the key it stands under."""
        named = [("risk_groups", name) for key, names in self.risk_groups.items() for name in (key, *names)]
        for key, weights in self.emergency_weights.items():
            named += [("emergency_weights", name) for name in (key, *weights)]
        return named + [("issuer_probes", name) for name in self.issuer_probes]


class Role(Strict):
    """Who holds a role (without an account: the deployer), and how long after announcing they may act."""

    account: Address | None = None
    delay_seconds: Seconds = 0


class Roles(Strict):
    """The index's five roles."""

    governor: Role = Role()
    curator: Role = Role()
    guardian: Role = Role()
    keeper: Role = Role()
    reporter: Role = Role()

    @model_validator(mode="after")
    def _guardian_is_instant(self) -> Self:
        if self.guardian.delay_seconds:
            raise ValueError("guardian.delay_seconds must be 0: de-risking is instant")
        return self


class UniswapV3(Strict):
    """The venue's factory and quoter, and the fee tiers searched for pools."""

    factory: Address
    quoter: Address
    fee_tiers: Annotated[tuple[FeeTier, ...], Field(min_length=1)] = (100, 500)
    # keccak256 of the pools' creation code; this one is the mainnet factory's
    pool_init_code_hash: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")] = (
        "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
    )


class Venues(Strict):
    """Where the basket trades."""

    uniswap_v3: UniswapV3


class IndexFile(Strict):
    """A whole index, as `deploy` builds it and the keeper trades it."""

    name: Annotated[str, Field(min_length=1, max_length=50)]
    symbol: Symbol
    chain_id: Annotated[int, Field(ge=1)]
    coins: Annotated[tuple[Coin, ...], Field(min_length=2, max_length=50)]
    oracle: OracleParams
    calculator: CalculatorParams = CalculatorParams()
    rebalancing: RebalancingParams = RebalancingParams()
    pair_limits: tuple[PairLimits, ...] = ()
    crisis: CrisisParams = CrisisParams()
    lending: Lending | None = None  # without it the index never lends
    roles: Roles = Roles()
    venues: Venues
    hubs: tuple[Symbol, ...] = ()  # coins of the index that a two-hop route may pass through

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        symbols = [coin.symbol for coin in self.coins]
        refuse_twice("coin symbol", symbols)
        refuse_twice("coin token", [coin.token for coin in self.coins])
        refuse_twice("hub", list(self.hubs))
        refuse_twice("pair", ["/".join(sorted(pair.coins)) for pair in self.pair_limits])
        for symbol in (symbol for pair in self.pair_limits for symbol in pair.coins):
            if symbol not in symbols:
                raise ValueError(f"pair_limits: {symbol} is not a coin of this index")
        for key, symbol in self.crisis.symbols():
            if symbol not in symbols:
                raise ValueError(f"crisis.{key}: {symbol} is not a coin of this index")
        if self.lending is not None:
            self.lending.check({coin.symbol: coin.token for coin in self.coins})
        for hub in self.hubs:
            if hub not in symbols:
                raise ValueError(f"hub {hub} is not a coin of this index: name one of {', '.join(symbols)}")
        if len(self.coins) < self.calculator.min_active:
            raise ValueError(
                f"{len(self.coins)} coins, but calculator.min_active is {self.calculator.min_active}"
            )
        lowest, highest = (sum(getattr(c, f"{end}_weight_bps") for c in self.coins) for end in ("min", "max"))
        if not lowest <= BPS <= highest:
            raise ValueError(f"weight bounds sum to {lowest}..{highest} bps: {BPS} must lie between")
        return self

    def coin(self, symbol: str) -> Coin:
        """The coin of that symbol. KeyError when there is none."""
        return {coin.symbol: coin for coin in self.coins}[symbol]


class _UniqueKeyLoader(yaml.SafeLoader):
    """Plain YAML, but a key given twice is an error instead of silently the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping as a dict. yaml.MarkedYAMLError on a key given twice."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key} is given twice", problem_mark=key_node.start_mark
                )
            seen.add(key if isinstance(key, str) else id(key_node))
        return super().construct_mapping(node, deep=deep)


def load_index(path: Path) -> IndexFile:
    """The index described in a YAML file. ConfigError, one line: file, key, what is wrong and the way out."""
    return parse_index(read_text(path, "set BALLAST_INDEX_FILE to an index description"), str(path))


def read_text(path: Path, otherwise: str) -> str:
    """The text of a file that a person names. ConfigError, one line; `otherwise` is the way out."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not a text file: give a description in YAML") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}: {otherwise}") from None


def parse_index(text: str, name: str) -> IndexFile:
    """The index described in YAML text; `name` stands for it in messages. ConfigError as `load_index`."""
    raw = parse_mapping(text, name, "a mapping of keys expected (name, symbol, coins, ...)")
    try:
        return IndexFile.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_first_problem(error, raw)}") from None


def parse_mapping(text: str, name: str, expected: str) -> dict[str, Any]:
    """The mapping in YAML text, no key twice. ConfigError, one line; `expected` says what should be there."""
    try:
        raw = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader, only stricter
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError(
            f"{name}: line {line}: {error.problem or 'malformed'}: correct the YAML there"
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{name}: not YAML: {' '.join(str(error).split())}: correct the file") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{name}: {expected}: start from stable5.yaml")
    return raw


_DISCRIMINATORS = ("chainlink", "twap", *KINDS)  # pydantic names them between the keys


def _first_problem(error: ValidationError, raw: dict[str, Any]) -> str:
    """`key: what is wrong: what to do` of the first problem; a coin is named by its symbol."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"] if str(part) not in _DISCRIMINATORS]
    if parts[:1] == ["coins"] and len(parts) > 1 and isinstance(raw.get("coins"), list):
        coin = raw["coins"][int(parts[1])]
        if isinstance(coin, dict) and "symbol" in coin:
            parts[1] = str(coin["symbol"])
    hints = {"missing": "add it", "extra_forbidden": "remove it or correct its name"}
    message = str(first["msg"]).removeprefix("Value error, ").replace("\n", " ")
    more = error.error_count() - 1
    tail = f" ({more} more after this one)" if more else ""
    return f"{'.'.join(parts) or 'the index'}: {message}: {hints.get(first['type'], 'correct it')}{tail}"
