import os
from pathlib import Path

import pytest

from ballast.errors import ConfigError
from ballast.settings import PACKAGED_INDEX, load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("BALLAST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_load_settings__nothing_set__defaults() -> None:
    settings = load_settings()
    assert settings.index_file == PACKAGED_INDEX
    assert PACKAGED_INDEX.is_file()
    assert settings.quote_tolerance_bps == 10


def test_load_settings__environment_over_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BALLAST_POLL_SECONDS=5\nBALLAST_LOG_JSON=true\nOTHER=1\n")
    monkeypatch.setenv("BALLAST_POLL_SECONDS", "7")
    assert (load_settings().poll_seconds, load_settings().log_json) == (7, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BALLAST_POLL_SECONDS", "soon"),
        ("BALLAST_POLL_SECONDS", "0"),
        ("BALLAST_QUOTE_TOLERANCE_BPS", "1001"),
        ("BALLAST_QUOTE_TOLERANCE_BPS", "-1"),
        ("BALLAST_LOG_LEVEL", "loud"),
        ("BALLAST_LOG_JSON", "perhaps"),
        ("BALLAST_MIN_TRADE_USD", "1e99999"),
        ("BALLAST_RECEIPT_TIMEOUT_SECONDS", ""),
    ],
)
def test_load_settings__bad_value__one_line_naming_the_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert "default" in str(caught.value)
