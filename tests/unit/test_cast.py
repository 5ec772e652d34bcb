from pathlib import Path

import pytest

from ballast.cast import JOINING, cast, with_joining
from ballast.data.values import parse_time
from ballast.errors import DataError
from ballast.histories import FOLDER, located, shipped_names
from ballast.index_file import IndexFile, load_index
from ballast.settings import PACKAGED_INDEX


@pytest.fixture
def index() -> IndexFile:
    return load_index(PACKAGED_INDEX)


def written(folder: Path, header: str, *rows: str, name: str = "prices.csv") -> Path:
    path = folder / name
    lines = [f"2023-03-{day:02d},{row}" for day, row in enumerate(rows, 10)]
    path.write_text("\n".join([f"timestamp_utc,{header}", *lines]))
    return path


def test_cast__coins_of_the_index__as_it_describes_them(index: IndexFile, tmp_path: Path) -> None:
    playing = cast([written(tmp_path, "USDC,USDT,DAI@a,DAI@b", "1,1,1,1")], index)
    assert playing.index == index
    assert playing.symbols == ("USDC", "USDT", "DAI")
    assert (playing.absent, playing.joined, playing.strange) == (("FRAX", "LUSD"), (), ())
    assert len(playing.prices.of("DAI")) == 2


def test_cast__further_coins__join_with_bounds_and_the_middle_cap(index: IndexFile, tmp_path: Path) -> None:
    playing = cast([written(tmp_path, "USDC,USDT,DAI,PYUSD,UST", "1,1,1,1,1")], index)
    assert playing.joined == ("PYUSD", "UST")
    new, dead = playing.index.coin("PYUSD"), playing.index.coin("UST")
    assert (new.min_weight_bps, new.max_weight_bps) == (500, 4_000)
    assert new.market_cap.initial_usd == index.coin("DAI").market_cap.initial_usd
    assert (dead.max_weight_bps, dead.market_cap.initial_usd) == (1_000, JOINING["UST"].cap_usd)
    assert len({coin.token for coin in playing.index.coins}) == len(index.coins) + 2
    # The same coin has the same address in every run, or a replay could not be told from another.
    assert cast([tmp_path / "prices.csv"], index).index == playing.index
    assert any("PYUSD joins the index: 5 to 40 % of the fund" in line for line in playing.said())


def test_cast__columns_that_are_no_dollar__left_out_aloud(index: IndexFile, tmp_path: Path) -> None:
    path = written(tmp_path, "USDC,USDT,DAI,WETH,UST,note", "1,1,1,1600,0.02,high")
    playing = cast([path], index)
    assert playing.strange == ("WETH", "UST", "note")
    assert "left out, because not near a dollar at the start: WETH, UST, note" in playing.said()


def test_cast__start_given__is_the_start_that_counts(index: IndexFile, tmp_path: Path) -> None:
    path = written(tmp_path, "USDC,USDT,DAI,UST", "1,1,1,1", "1,1,1,0.02", "1,1,1,0.02")
    start = int(parse_time("2023-03-11T12:00:00Z", "").timestamp())
    assert cast([path], index).joined == ("UST",)
    late = cast([path], index, start=start)
    assert (late.joined, late.strange) == ((), ("UST",))


def test_cast__only_some__no_word_about_the_others(index: IndexFile, tmp_path: Path) -> None:
    path = written(tmp_path, "USDC,USDT,DAI,PYUSD,WETH", "1,1,1,1,1600")
    playing = cast([path], index, only=("USDC", "USDT", "DAI"))
    assert (playing.symbols, playing.joined, playing.strange) == (("USDC", "USDT", "DAI"), (), ())


def test_cast__later_file__gives_what_the_first_lacks(index: IndexFile, tmp_path: Path) -> None:
    first = written(tmp_path, "USDC,USDT,DAI", "1,1,1")
    second = written(tmp_path, "DAI,PYUSD", "0.9,1", name="more.csv")
    playing = cast([first, second], index)
    assert playing.joined == ("PYUSD",)
    assert "more.csv: DAI not used: an earlier file has it" in playing.said()


def test_with_joining__more_than_fit__one_line(index: IndexFile) -> None:
    with pytest.raises(DataError, match=r"no room .* C0, C1.*--coins"):
        with_joining(index, [f"C{i}" for i in range(20)])


def test_located__name_or_path__the_shipped_history_or_the_path_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(shipped_names()) == {"usdc_march_2023", "ust_may_2022"}
    name = Path("ust_may_2022")
    assert located(name) == FOLDER / "ust_may_2022.csv"
    assert located(Path("none")) == Path("none")
    assert located(tmp_path / name) == tmp_path / name
    name.write_text("my own")
    assert located(name) == name
