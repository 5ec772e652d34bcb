import http.server
import json
import socket
import threading
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest
import yaml
from ape import chain

from ballast.chain import fetch
from ballast.chain.fetch import ATTEMPTS, MAX_BYTES, fetch_text, shown
from ballast.errors import ConfigError, DataError
from tests.commands import assert_refused, run
from tests.deployed import deploy_five, five_coin_index

HOUR = 3_600


class Host:
    """A web server that gives `answers`, (status, body) each, and the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = [(200, b"")]
        self.asked: list[str] = []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                status, body = host.answers.pop(0) if len(host.answers) > 1 else host.answers[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "file:///etc/passwd")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/caps"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def host() -> Iterator[Host]:
    web = Host()
    yield web
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture
def push(deployed, index_file, tmp_path):
    """Writes the text to a file and pushes it, as the reporter."""
    numbers = count()

    def pushed(text: str | None, *more, account: str = "TEST::5"):
        file = tmp_path / f"caps{next(numbers)}.csv"
        if text is not None:
            file.write_text(text)
            more = ("--file", file, *more)
        common = ("--index", index_file, "--records", deployed.folder, "--account", account)
        return run("market", "push", *common, *more)

    return pushed


def data_of(deployed, symbol: str):
    token = deployed.index.coin(symbol).token
    return next(view for view in deployed.system.calculator.getMarketData() if view.token == token)


def test_push__csv_within_bounds__is_on_chain(deployed, push):
    deployed.replica.pass_time(HOUR)
    cap = data_of(deployed, "USDC").cap
    wanted = cap * 105 // 100
    result = push(f"symbol,cap_usd,score\nUSDC,{wanted},940\nDAI,{data_of(deployed, 'DAI').cap},\n")
    assert result.exit_code == 0, result.stderr
    assert "+5.00 %" in result.stdout
    assert "reported 2 coins" in result.stdout
    after = data_of(deployed, "USDC")
    assert (after.cap, after.score) == (wanted, 940)
    assert data_of(deployed, "DAI").score == deployed.index.coin("DAI").market_cap.score
    assert after.capAt == deployed.replica.timestamp()


def test_push__json__same_as_csv(deployed, push):
    deployed.replica.pass_time(HOUR)
    wanted = data_of(deployed, "LUSD").cap * 99 // 100
    result = push(json.dumps([{"symbol": "LUSD", "cap_usd": wanted, "score": 850}]))
    assert result.exit_code == 0, result.stderr
    assert data_of(deployed, "LUSD").cap == wanted


def test_push__beyond_the_bounds__refused_and_nothing_sent(deployed, push):
    deployed.replica.pass_time(HOUR)
    before = data_of(deployed, "USDC").cap
    assert_refused(push(f"symbol,cap_usd\nUSDC,{before * 2}\n"), "USDC", "further than", "--walk")
    assert data_of(deployed, "USDC").cap == before


def test_push__walk__arrives_step_by_step_within_the_contracts_bounds(deployed, push):
    cap = data_of(deployed, "USDC").cap
    text = f"symbol,cap_usd,score\nUSDC,{cap * 13 // 10},950\n"
    steps = [cap]
    for _ in range(20):
        deployed.replica.pass_time(HOUR)
        result = push(text, "--walk")
        assert result.exit_code == 0, result.stderr
        steps.append(data_of(deployed, "USDC").cap)
        if "not there yet" not in result.stdout:
            break
    assert steps[-1] == cap * 13 // 10
    assert len(steps) > 3
    limit = deployed.system.calculator.getLimits().maxCapChangeBpsPerHour
    for former, later in pairwise(steps):
        assert (
            former < later <= former + former * (limit + 20) // 10_000
        )  # a few seconds more than an hour pass


def test_push__dry_run__shows_and_sends_nothing(deployed, push):
    deployed.replica.pass_time(HOUR)
    before, nonce = data_of(deployed, "USDC").cap, deployed.reporter.nonce
    result = push(f"symbol,cap_usd\nUSDC,{before * 2}\n", "--dry-run")
    assert result.exit_code == 0, result.stderr
    assert "+100.00 %" in result.stdout
    assert "nothing sent" in result.stdout
    assert (data_of(deployed, "USDC").cap, deployed.reporter.nonce) == (before, nonce)


def test_push__no_reporter__refused_by_the_contract(deployed, push):
    deployed.replica.pass_time(HOUR)
    result = push(f"symbol,cap_usd\nUSDC,{data_of(deployed, 'USDC').cap}\n", account="TEST::9")
    assert_refused(
        result, "reporting the market data failed", "AccessManagedUnauthorized", deployed.attacker.address
    )


BAD = {
    "empty": ("", "empty"),
    "header only": ("symbol,cap_usd,score\n", "no rows"),
    "wrong header": ("coin,cap\nUSDC,1\n", "the header must be"),
    "unknown coin": ("symbol,cap_usd\nUST,1000000\n", "'UST' is not a coin"),
    "twice": ("symbol,cap_usd\nDAI,5000000000\nDAI,5000000000\n", "DAI is given twice"),
    "negative": ("symbol,cap_usd\nDAI,-5\n", "cap_usd -5"),
    "zero": ("symbol,cap_usd\nDAI,0\n", "cap_usd 0"),
    "wei": ("symbol,cap_usd\nDAI,5000000000000000000000000000\n", "whole USD"),
    "billions": ("symbol,cap_usd\nDAI,5\n", "whole USD"),
    "fraction": ("symbol,cap_usd\nDAI,5000000000.5\n", "whole number"),
    "not a number": ("symbol,cap_usd\nDAI,much\n", "'much'"),
    "nan": ("symbol,cap_usd\nDAI,NaN\n", "'NaN'"),
    "infinite": ("symbol,cap_usd\nDAI,Infinity\n", "'Infinity'"),
    "huge exponent": ("symbol,cap_usd\nDAI,1e999999999\n", "whole number"),
    "score of 1001": ("symbol,cap_usd,score\nDAI,5000000000,1001\n", "score 1001"),
    "score as a share": ("symbol,cap_usd,score\nDAI,5000000000,0.9\n", "'0.9'"),
    "short row": ("symbol,cap_usd,score\nDAI\n", "line 2"),
    "long row": ("symbol,cap_usd\nDAI,5000000000,9,9\n", "line 2"),
    "no JSON": ("[{", "not JSON: line 1"),
    "no list": ('{"USDC": 5}', "a JSON list"),
    "list of numbers": ("[1, 2]", "a JSON list"),
    "unknown key": ('[{"symbol": "DAI", "cap": 5}]', "unknown key cap"),
    "missing cap": ('[{"symbol": "DAI"}]', "missing"),
    "true": ('[{"symbol": "DAI", "cap_usd": true}]', "'True'"),
    "symbol no text": ('[{"symbol": ["DAI"], "cap_usd": 5000000000}]', "is not a coin"),
    "JSON NaN": ('[{"symbol": "DAI", "cap_usd": NaN}]', "whole number"),
    "deep": ("[" * 100_000, "not JSON"),
}


@pytest.mark.parametrize("name", BAD)
def test_push__bad_file__refused_in_one_line(push, name):
    text, part = BAD[name]
    assert_refused(push(text), part)


def test_push__unreadable_sources__refused(push, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_text("x" * (MAX_BYTES + 1))
    assert_refused(push(None, "--file", tmp_path / "nowhere"), "nowhere")
    assert_refused(push(None, "--file", tmp_path), str(tmp_path))
    assert_refused(push(None, "--file", tmp_path / "binary"), "not a text file")
    assert_refused(push(None, "--file", tmp_path / "large"), "more than")
    assert_refused(push(None), "--file or --url")
    assert_refused(push("x", "--url", "http://a"), "--file or --url")


def test_push__url__fetched_and_reported(deployed, push, host):
    deployed.replica.pass_time(HOUR)
    wanted = data_of(deployed, "FRAX").cap * 103 // 100
    host.answers = [(503, b""), (200, f"symbol,cap_usd\nFRAX,{wanted}\n".encode())]
    result = push(None, "--url", host.url)
    assert result.exit_code == 0, result.stderr
    assert data_of(deployed, "FRAX").cap == wanted
    assert len(host.asked) == 2


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "caps.csv", "http://", "http://a:99999/", "http://["]
)
def test_push__url_of_another_kind__refused(push, url):
    assert_refused(push(None, "--url", url), "http:// or https://")


@pytest.mark.parametrize("status", [404, 403, 302, 204])
def test_fetch_text__other_answers__not_retried(host, status):
    host.answers = [(status, b"")]
    with pytest.raises(DataError, match=f"HTTP {status}"):
        fetch_text(host.url, 0.001)
    assert len(host.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_fetch_text__passing_faults__retried_then_given_up(host, status):
    host.answers = [(status, b"")]
    with pytest.raises(DataError, match=f"HTTP {status} after {ATTEMPTS} attempts"):
        fetch_text(host.url, 0.001)
    assert len(host.asked) == ATTEMPTS


def test_fetch_text__nobody_listens__one_line_without_secrets(host):
    url = host.url.replace("http://", "http://user:hunter2@") + "?key=hunter2#hunter2"
    host.server.shutdown()
    host.server.server_close()
    with pytest.raises(DataError) as caught:
        fetch_text(url, 0.001)
    assert "hunter2" not in str(caught.value)
    assert "no answer" in str(caught.value)
    assert shown(url).endswith("/caps?...")


def test_fetch_text__too_large__refused(host):
    host.answers = [(200, b"x" * (MAX_BYTES + 1))]
    with pytest.raises(DataError, match="more than"):
        fetch_text(host.url, 0.001)


def test_fetch_text__not_text__refused(host):
    host.answers = [(200, b"\xff\xfe")]
    with pytest.raises(DataError, match="not UTF-8"):
        fetch_text(host.url, 0.001)


def test_fetch_text__silent_host__times_out(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", (0.2, 0.2))
        with pytest.raises(DataError, match="no answer"):
            fetch_text(f"http://127.0.0.1:{silent.getsockname()[1]}/", 0.001)
    with pytest.raises(ConfigError):
        fetch_text("gopher://a/")


def test_sample__no_coin_of_source_supply__nothing_to_do(deployed, index_file):
    result = run("market", "sample", "--index", index_file, "--records", deployed.folder)
    assert result.exit_code == 0, result.stderr
    assert "nothing to do" in result.stdout


def test_sample__supply_coin__cap_follows_the_supply(tmp_path, networks):
    index = five_coin_index(symbol="SUP")
    lusd = index.coin("LUSD")
    market = lusd.market_cap.model_copy(update={"source": "SUPPLY"})
    coins = (*index.coins[:4], lusd.model_copy(update={"market_cap": market}))
    deployed = deploy_five(tmp_path / "records", index.model_copy(update={"coins": coins}))
    file = _written(tmp_path, deployed.index)
    before = data_of(deployed, "LUSD").cap
    deployed.replica.pass_time(HOUR)
    window = deployed.system.calculator.getLimits().sampleMinBlocks
    for _ in range(window + 2):
        result = run("market", "sample", "--index", file, "--records", deployed.folder)
        assert result.exit_code == 0, result.stderr
        assert "sampled LUSD" in result.stdout
        chain.mine()  # two samples of one block are one sample
    after = data_of(deployed, "LUSD").cap
    supply = deployed.replica.rpc.read(lusd.token, "totalSupply()", [], "uint256") // 10**18
    assert supply < before
    assert supply <= after < before  # the bounds let it go that far in an hour only
    text = "symbol,cap_usd,score\nLUSD,280579414,850\n"
    (tmp_path / "caps.csv").write_text(text)
    common = ("--index", file, "--records", deployed.folder, "--account", "TEST::5")
    result = run("market", "push", *common, "--file", tmp_path / "caps.csv")
    assert result.exit_code == 0, result.stderr
    assert "from supply" in result.stdout
    assert data_of(deployed, "LUSD").cap == after


def _written(folder: Path, index) -> Path:
    path = folder / "index.yaml"
    path.write_text(yaml.safe_dump(index.model_dump(mode="json")))
    return path
