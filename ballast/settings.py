"""Settings from the environment, `BALLAST_<NAME>` each; a `.env` in the working folder is read too."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ballast.errors import ConfigError

ENV_PREFIX = "BALLAST_"
PACKAGED_INDEX = Path(__file__).parent / "indexes" / "stable5.yaml"


class Settings(BaseSettings):
    """What a machine's operator chooses; what an index is stands in `ballast.index_file`."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_file=".env", extra="ignore", frozen=True)

    index_file: Path = PACKAGED_INDEX
    records: Path = Path("build/deployments")  # folder of the deployment records
    journal_file: Path = Path("build/keeper.journal")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool = False
    poll_seconds: Annotated[int, Field(ge=1, le=86_400)] = 30  # s between two looks of `keeper --watch`
    receipt_timeout_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300  # s to wait for a transaction
    # bps a quote may worsen between planning and mining before the trade is refused; the floor still holds
    quote_tolerance_bps: Annotated[int, Field(ge=0, le=1_000)] = 10
    # USD; trades worth less than this cost more gas than they move
    min_trade_usd: Annotated[int, Field(ge=0)] = 100


def load_settings() -> Settings:
    """The settings in force. ConfigError, one line, names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        key = ENV_PREFIX + ".".join(str(part) for part in first["loc"]).upper()
        reason = str(first["msg"]).replace("\n", " ")
        raise ConfigError(
            f"environment or .env: {key}: {reason}; correct it or unset it for the default"
        ) from None
