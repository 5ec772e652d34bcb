"""What the parts of an index description are made of: units with bounds, addresses, price sources."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from eth_utils.address import is_checksum_address, is_hex_address, to_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ballast.units import BPS, SECONDS_PER_DAY

BOUND_STEP_USD = Decimal("0.001")  # PriceOracle keeps bounds in these steps ...
MAX_BOUND_USD = (2**24 - 1) * BOUND_STEP_USD  # ... of 24 bits


def _checksummed(value: str) -> str:
    """The address in EIP-55 form. ValueError when malformed, zero, or mixed-case with a wrong checksum."""
    if not is_hex_address(value) or not value.startswith("0x"):
        raise ValueError("not an address: 0x and 40 hex digits expected")
    if value[2:] not in (value[2:].lower(), value[2:].upper()) and not is_checksum_address(value):
        raise ValueError("address has a wrong EIP-55 checksum: a character is mistyped")
    if int(value, 16) == 0:
        raise ValueError("the zero address stands for nothing here")
    return to_checksum_address(value)


Address = Annotated[str, AfterValidator(_checksummed)]
Bps = Annotated[int, Field(ge=0, le=BPS)]
Seconds = Annotated[int, Field(ge=0, le=10 * 365 * SECONDS_PER_DAY)]
Heartbeat = Annotated[int, Field(ge=1, le=30 * SECONDS_PER_DAY)]
Usd = Annotated[Decimal, Field(ge=0, max_digits=30, allow_inf_nan=False)]
Symbol = Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,11}$")]
FeeTier = Annotated[int, Field(ge=1, lt=1_000_000)]  # hundredths of a bp, as Uniswap V3 counts


class Strict(BaseModel):
    """Unknown keys are mistakes; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Bounded(Strict):
    """A source whose answers outside [min_price, max_price] USD are refused."""

    min_price: Usd = Decimal("0.05")
    max_price: Usd = Decimal("2")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.min_price < self.max_price:
            raise ValueError("min_price must be above 0 and below max_price")
        if self.max_price > MAX_BOUND_USD:
            raise ValueError(f"max_price is above {MAX_BOUND_USD} USD, the most that the oracle holds")
        if self.min_price % BOUND_STEP_USD or self.max_price % BOUND_STEP_USD:
            raise ValueError(f"min_price and max_price must be multiples of {BOUND_STEP_USD} USD")
        return self


class ChainlinkSource(_Bounded):
    """A Chainlink proxy; an answer older than `heartbeat` seconds is stale."""

    kind: Literal["chainlink"]
    feed: Address
    heartbeat: Heartbeat


class TwapSource(_Bounded):
    """A Uniswap V3 pool's time-weighted price over `window` seconds, in USD through the other coin's feed."""

    kind: Literal["twap"]
    pool: Address
    window: Annotated[int, Field(ge=60, le=SECONDS_PER_DAY)]
    quote_feed: Address
    heartbeat: Heartbeat
    min_liquidity: Annotated[int, Field(ge=1, lt=2**128)]  # Uniswap's L, harmonic mean over the window
    min_quote_price: Usd = Decimal("0.5")  # of the other coin, at or below it the feed does not answer
    max_quote_price: Usd = Decimal("2")  # likewise at or above

    @model_validator(mode="after")
    def _quote_ordered(self) -> Self:
        if not self.min_quote_price < self.max_quote_price:
            raise ValueError("min_quote_price must be below max_quote_price")
        return self


Source = Annotated[ChainlinkSource | TwapSource, Field(discriminator="kind")]


def refuse_twice(what: str, values: list[str]) -> None:
    """ValueError when a value occurs twice."""
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{what} {value} is given twice")
