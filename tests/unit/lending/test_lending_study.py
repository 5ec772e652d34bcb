"""The study: choices by month on what was over, what is missing in one line, and the published histories."""

import pytest

from ballast.backtest.lending import Run
from ballast.errors import DataError
from ballast.lending.allocator import Params
from ballast.lending.study import FILES, moment, read_study
from ballast.lending.walk import DEFAULT, Schedule, choose, months
from tests.shared_data import folder, history

DAY = 86_400
GOOD, BAD = Params(1.0, 10, 30), Params(3.0, 10, 30)


def run(worth: list[float], start: int = 0) -> Run:
    return Run(100.0, ("A",), [start + at * DAY for at in range(len(worth))], worth)


def test_choose__best_until_the_cut__whatever_came_later() -> None:
    paths = {GOOD: [run([101.0] * 40 + [50.0] * 40)], BAD: [run([100.5] * 40 + [500.0] * 40)]}
    assert choose(paths, 39 * DAY) == GOOD
    assert choose(paths, 79 * DAY) == BAD


def test_choose__coins_together__the_product_of_their_growth() -> None:
    paths = {GOOD: [run([100.0] * 40), run([110.0] * 40)], BAD: [run([105.0] * 40), run([104.0] * 40)]}
    assert choose(paths, 39 * DAY) == GOOD
    late = {
        GOOD: [run([100.0] * 40), run([110.0] * 40, 20 * DAY)],
        BAD: [run([105.0] * 40), run([90.0] * 40, 20 * DAY)],
    }
    assert choose(late, 39 * DAY) == BAD  # the second coin has no month of its own yet


def test_choose__no_past__the_default() -> None:
    assert choose({GOOD: [run([200.0] * 5)]}, 4 * DAY) == DEFAULT
    assert Schedule((10, 20), (GOOD, BAD))(9) == DEFAULT
    assert [Schedule((10, 20), (GOOD, BAD))(at) for at in (10, 19, 20)] == [GOOD, GOOD, BAD]


def test_months__over_a_year__every_first_in_between() -> None:
    assert months(moment("2021-11-15"), moment("2022-02-01")) == [moment("2021-12-01"), moment("2022-01-01")]
    assert months(moment("2022-01-01"), moment("2022-01-20")) == []


def test_read_study__nothing_there__one_line_that_names_the_files(tmp_path) -> None:
    with pytest.raises(DataError, match=r"gas_eth_daily.csv.gz not there: name the folder") as caught:
        read_study(tmp_path)
    assert "\n" not in str(caught.value)


def test_read_study__published_histories__four_coins_and_curves_that_fit() -> None:
    for name in FILES:
        history(name)
    study = read_study(folder())
    assert list(study.films) == ["USDC", "USDT", "DAI", "TUSD"]
    assert study.films["USDC"].names() == ("USDC@aave_v2", "USDC@aave_v3", "USDC@compound_v3")
    for film in study.films.values():
        assert film.move_cost.min() > 0
        for tape in film.tapes:
            assert tape.usable.any()
            kept = 0.9 if tape.listing.curve.of_borrowers else 1.0  # what the reserve factor leaves
            errors = [
                abs(kept * tape.listing.curve.at(min(1, borrowed / supplied)) - rate)
                for supplied, borrowed, rate, usable in zip(
                    tape.supplied, tape.borrowed, tape.earned, tape.usable, strict=True
                )
                if usable and rate > 0
            ]
            assert sorted(errors)[len(errors) // 2] < 0.004  # half of the time within 0.4 points a year
