import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballast.data.catalogue import facts_of, read_any
from ballast.data.series import History, Series, clock_of, in_usd, merge, read_history
from ballast.data.table import read_long, read_table
from ballast.data.values import BORROWS, DEPOSITS, ETH_PRICE, GAS, PRICE, SUPPLY, YIELD
from ballast.errors import DataError
from ballast.units import WAD, wad_of

COINS = ("USDC", "USDT", "DAI")
T0 = 1_672_531_200  # 2023-01-01


def write(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    raw = text.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def series(values: list[tuple[int, int]], name: str = "USDC") -> Series:
    return Series(name, "", PRICE, tuple(at for at, _ in values), tuple(value for _, value in values))


def test_read_history__sources_gaps_and_other_columns__kept_apart_left_out_and_named(tmp_path: Path) -> None:
    text = (
        "timestamp_utc,USDC@kraken,USDC@uniswap,DAI,WETH\n"
        "2023-01-01T00:00:00Z,1,0.999,,1500\n2023-01-01T01:00:00Z,,0.998,1.001,x\n"
    )
    history = read_history(write(tmp_path, text, "prices.csv.gz"), PRICE, COINS, 60)
    assert [one.name for one in history.series] == ["USDC@kraken", "USDC@uniswap", "DAI"]
    assert history.coins == ("USDC", "DAI")
    assert history.ignored == ("WETH",)
    kraken, uniswap = history.of("USDC")
    assert (kraken.known_at, kraken.values) == ((T0 + 60,), (WAD,))
    assert uniswap.values == (wad_of("0.999"), wad_of("0.998"))


def test_series_at__before_and_after_the_lag_and_beyond_its_age__known_only_in_between(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "timestamp_utc,DAI\n2023-01-01,0.9\n2023-01-02,0.8\n")
    (dai,) = read_history(path, PRICE, COINS, 3_600).series
    assert dai.at(T0 + 3_599) is None
    first = dai.at(T0 + 3_600)
    assert first is not None
    assert (first.value, first.known_at) == (wad_of("0.9"), T0 + 3_600)
    assert dai.at(T0 + 86_400) == first
    assert dai.at(T0 + 3_700, max_age=99) is None
    assert dai.at(T0 + 3_700, max_age=100) == first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "header `timestamp_utc,COIN,...` expected"),
        ("time,DAI\n1,1\n", "header"),
        ("timestamp_utc,DAI\n", "no rows"),
        ("timestamp_utc,DAI,DAI\n2023-01-01,1,1\n", "DAI is given twice"),
        ("timestamp_utc,UST\n2023-01-01,1\n", "no column has values of USDC, USDT, DAI: UST found"),
        ("timestamp_utc,DAI\n2023-01-01,\n", "no column has values"),
        ("timestamp_utc,DAI\n2023-01-01,1,2\n", "row 2: 2 cells expected, 3 found"),
        ("timestamp_utc,DAI\nyesterday,1\n", "row 2: timestamp_utc: 'yesterday' is not a time"),
        ("timestamp_utc,DAI\n2023-01-01,1\n2023-01-01,1\n", "row 3: .* does not come after"),
        ("timestamp_utc,DAI\n2023-01-01,one\n", "row 2: DAI: 'one' is not a number"),
        ("timestamp_utc,DAI\n2023-01-01,1\n2023-01-02,nan\n", "row 3: DAI: nan is outside"),
        ("timestamp_utc,DAI\n2023-01-01,inf\n", "DAI: inf is outside"),
        ("timestamp_utc,DAI\n2023-01-01,-1\n", "DAI: -1 is outside"),
        ("timestamp_utc,DAI@x\n2023-01-01,99990000\n", "DAI@x: 99990000 is outside .* check the units"),
    ],
)
def test_read_history__bad_file__one_line_names_file_row_and_column(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_history(write(tmp_path, text), PRICE, COINS)
    assert str(tmp_path / "prices.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_read_history__no_gzip_no_text_no_file__each_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(b"timestamp_utc,DAI\n")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01")
    whole = gzip.compress(b"timestamp_utc,DAI\n" + b"2023-01-01,1\n" * 99)
    (tmp_path / "c.csv.gz").write_bytes(whole[: len(whole) // 2])
    for name, says in (("a.csv.gz", "gzip"), ("b.csv", "text"), ("c.csv.gz", "text"), ("d.csv", "No such")):
        with pytest.raises(DataError, match=says):
            read_history(tmp_path / name, PRICE, COINS)


def test_read_history__negative_lag__refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="before their time"):
        read_history(write(tmp_path, "timestamp_utc,DAI\n2023-01-01,1\n"), PRICE, COINS, -1)


def test_history_joined__same_series_twice__refused(tmp_path: Path) -> None:
    one = read_history(write(tmp_path, "timestamp_utc,DAI\n2023-01-01,1\n"), PRICE, COINS)
    with pytest.raises(DataError, match="DAI is given in two files"):
        one.joined(one)
    assert one.joined(History((series([(T0, WAD)]),))).coins == ("DAI", "USDC")


def test_read_long__several_keys__each_ascending_by_itself(tmp_path: Path) -> None:
    text = (
        "timestamp_utc,symbol,close,circulating\n2023-01-01,DAI,1,5000000\n2023-01-02,DAI,0.99,\n"
        "2023-01-01,FRAX,1,7\n"
    )
    path = write(tmp_path, text)
    columns = read_long(path, ("symbol",), "circulating", {("DAI",): SUPPLY, ("USDT",): SUPPLY}, False)
    assert [int(value) for value in columns["DAI",].values] == [5_000_000]
    assert columns["USDT",].values == ()
    with pytest.raises(DataError, match="no column volume"):
        read_long(path, ("symbol",), "volume", {("DAI",): SUPPLY}, False)


def test_read_any__catalogued_name__its_lag_columns_and_zeros_are_known(tmp_path: Path) -> None:
    text = "timestamp_utc,eth_avg_gas_gwei,eth_usd\n2023-01-01,0.0,0.0\n2023-01-02,20.5,1200\n"
    path = write(tmp_path, text, "gas_eth_daily.csv.gz")
    (gas,) = read_any(path, GAS, ["GAS"]).series
    assert (gas.known_at, gas.values) == ((T0 + 2 * 86_400,), (wad_of("20.5"),))
    (eth,) = read_any(path, ETH_PRICE, ["ETH"], known_after=60).series
    assert eth.known_at == (T0 + 86_400 + 60,)
    with pytest.raises(DataError, match="holds no price in USD"):
        read_any(path, PRICE, COINS)
    assert facts_of(tmp_path / "mine.csv", PRICE) is None


def test_read_any__lending_file__rates_deposits_and_borrows_of_every_market(tmp_path: Path) -> None:
    text = (
        "timestamp_utc,protocol,symbol,supply_apr,deposits_usd,borrows_usd\n"
        "2023-01-01T00:00:30Z,aave_v2,sUSD,,0.0,0.0\n2023-01-01T02:00:00Z,aave_v2,sUSD,1.5,200,120\n"
        "2023-01-01,aave_v2,PAX,2.5,10,5\n"
    )
    path = write(tmp_path, text, "lending_minor_markets.csv.gz")
    rates = read_any(path, YIELD, ["SUSD", "USDP"]).series
    assert {one.name: one.values for one in rates} == {
        "SUSD@aave_v2": (wad_of("1.5"),),
        "USDP@aave_v2": (wad_of("2.5"),),
    }
    (deposits,) = read_any(path, DEPOSITS, ["SUSD"]).series
    assert (deposits.known_at, deposits.values) == ((T0 + 30, T0 + 7_200), (0, 200 * WAD))
    (borrows,) = read_any(path, BORROWS, ["USDP"]).series
    assert (borrows.known_at, borrows.values) == ((T0,), (5 * WAD,))


def test_in_usd__quoted_in_another_coin__uses_that_coins_price_as_last_known() -> None:
    pair = series([(10, WAD), (20, WAD), (30, WAD)])
    tether = series([(15, wad_of("0.97")), (30, wad_of("0.99"))], "USDT")
    dollars = in_usd(pair, tether, max_age=100)
    assert (dollars.known_at, dollars.values) == ((20, 30), (wad_of("0.97"), wad_of("0.99")))


observations = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 9)), min_size=1, max_size=30).map(
    lambda pairs: sorted(dict(pairs).items())
)


@given(observations, observations, st.integers(0, 500), st.integers(1, 200))
def test_merge__any_series__each_cell_is_the_last_known_and_none_is_of_the_future(
    first: list[tuple[int, int]], second: list[tuple[int, int]], cut: int, max_age: int
) -> None:
    pair = (series(first), series(second))
    clock = clock_of(pair)
    merged = merge(pair, clock, max_age)
    for now, row in zip(clock, merged, strict=True):
        for known, value in zip((first, second), row, strict=True):
            young = [v for at, v in known if now - max_age <= at <= now]
            assert value == (young[-1] if young else None)
    cut_off = merge(tuple(series([p for p in s if p[0] <= cut]) for s in (first, second)), clock, max_age)
    assert [r for now, r in zip(clock, cut_off, strict=True) if now <= cut] == [
        r for now, r in zip(clock, merged, strict=True) if now <= cut
    ]


def test_read_table__blank_lines_and_a_byte_order_mark__passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufefftimestamp_utc,DAI\n\n2023-01-01,1\n\n2023-01-02,0.99\n\n")
    table = read_table(path, lambda _: PRICE)
    assert [str(value) for value in table.columns["DAI"].values] == ["1", "0.99"]
