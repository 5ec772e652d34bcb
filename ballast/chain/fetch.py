"""Fetching a small text from a URL: only http(s), bounded in time and size, retried; secrets stay unseen."""

from typing import Final
from urllib.parse import urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from ballast.errors import ConfigError, DataError

MAX_BYTES: Final = 1_000_000
TIMEOUT_SECONDS: Final = (5.0, 10.0)  # to connect, between two chunks
ATTEMPTS: Final = 4


class _RetryableError(Exception):
    """A fault that may be gone in a moment: no connection, a timeout, 429 or 5xx."""


def shown(url: str) -> str:
    """The URL as it may be shown: no user, no password, no query, no fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}" + ("?..." if parts.query else "")


def fetch_text(url: str, first_wait: float = 0.5) -> str:
    """The text at a URL. ConfigError for a URL that is none, DataError when the host does not deliver.

    `first_wait` is in seconds; its bound doubles with every attempt.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError("--url takes an http:// or https:// address with a host")
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=first_wait, max=10),
        retry=retry_if_exception_type(_RetryableError),
        reraise=True,
    )
    try:
        return retrying(_get, url)
    except _RetryableError as error:
        raise DataError(f"{shown(url)}: {error} after {ATTEMPTS} attempts: try again later") from None


def _get(url: str) -> str:
    """One attempt."""
    try:
        with requests.get(url, timeout=TIMEOUT_SECONDS, stream=True, allow_redirects=False) as answer:
            if answer.status_code == 429 or answer.status_code >= 500:
                raise _RetryableError(f"HTTP {answer.status_code}")
            if answer.status_code != 200:
                raise DataError(f"{shown(url)}: HTTP {answer.status_code}: check the address")
            return _text(answer, url)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _RetryableError(f"no answer ({type(error).__name__})") from None
    except requests.RequestException as error:
        raise DataError(f"{shown(url)}: {type(error).__name__}: check the address") from None


def _text(answer: requests.Response, url: str) -> str:
    """The body as UTF-8, read only as far as it may be long."""
    body = b""
    for piece in answer.iter_content(65_536):
        body += piece
        if len(body) > MAX_BYTES:
            raise DataError(f"{shown(url)}: more than {MAX_BYTES} bytes: that is no market data file")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise DataError(f"{shown(url)}: not UTF-8 text: CSV or JSON expected") from None
