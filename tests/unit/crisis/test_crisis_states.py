"""What leads from state to state: depth with time, gaps, darkness, calm, and steps back that skip none."""

import pytest

from ballast.model.crisis import State
from tests.unit.crisis.conftest import COIN, HOUR

SOUND, WATCH, CRISIS, RECOVERING, DARK = State


@pytest.mark.parametrize(("dollars", "looks"), [(0.70, 5), (0.45, 3), (0.05, 2), (0.93, 41)])
def test_crisis__sustained_fall__at_the_look_that_fills_the_area(scene, dollars, looks):
    """The area is (depth - 500 bps) an hour from the second look on; 8,000 bps * h are a crisis."""
    scene.look()
    states = scene.looks(looks, dollars, dollars)
    assert states == [WATCH] * (looks - 1) + [CRISIS]


def test_crisis__shock_over_at_the_next_look__never(scene):
    scene.look()
    for _ in range(6):
        assert scene.look(0.10, 0.10) is not CRISIS
        assert scene.look(1, 1) is not CRISIS


def test_crisis__at_the_allowance_for_days__stays_on_watch(scene):
    assert set(scene.looks(60, 0.95, 0.95)) == {WATCH}
    assert scene.detector.recordOf(COIN).area == 0


def test_crisis__both_sources_far_above__on_watch_only(scene):
    scene.look()
    assert set(scene.looks(30, 3.99, 3.99)) == {WATCH}


def test_area__back_above_the_allowance__runs_back(scene):
    scene.looks(3, 0.75, 0.75)
    assert scene.detector.recordOf(COIN).area == 2 * 2_000 * HOUR
    scene.looks(3, 0.97, 0.97)
    assert scene.detector.recordOf(COIN).area == (4_000 - 3 * 200) * HOUR


def test_gap__longer_than_the_longest__counts_as_that(scene):
    scene.look(0.75, 0.75)
    assert scene.look(wait=30 * 24 * HOUR) is WATCH
    assert scene.detector.recordOf(COIN).area == 2_000 * HOUR


def test_gap__calm_looks_far_apart__each_counts_an_hour(scene):
    scene.look(0.98, 0.98)
    scene.look(1, 1)
    assert scene.looks(6, 1, 1, wait=12 * HOUR) == [WATCH] * 5 + [SOUND]


def test_watch__calm_interrupted__starts_over(scene):
    scene.look(0.98, 0.98)
    assert scene.looks(6, 1, 1) == [WATCH] * 6
    scene.look(0.994, 0.994)
    assert scene.looks(7, 1, 1) == [WATCH] * 6 + [SOUND]


def test_dark__no_source_answers__only_after_its_time(scene):
    assert scene.look() is SOUND
    assert scene.looks(3, sources=2) == [SOUND, SOUND, DARK]
    assert set(scene.looks(10, sources=2, wait=24 * HOUR)) == {DARK}


def test_dark__one_of_two_answers_whatever_it_says__is_no_sight(scene):
    scene.look()
    assert scene.looks(3, 0.01, sources=2) == [SOUND, SOUND, DARK]


def test_dark__single_blind_look_after_a_long_gap__is_not(scene):
    scene.look()
    assert scene.look(sources=2, wait=30 * 24 * HOUR) is SOUND


def test_dark__seen_again__on_watch_until_calm(scene):
    scene.look()
    scene.looks(3, sources=2)
    assert scene.looks(7, 1, 1) == [WATCH] * 6 + [SOUND]


def test_dark__coin_in_crisis__stays_in_crisis(scene):
    scene.break_peg()
    assert set(scene.looks(6, sources=2)) == {CRISIS}


def test_watch__blind_between_two_deep_looks__adds_nothing(scene):
    for _ in range(8):
        assert scene.look(0.5, 0.5) is WATCH
        scene.look(sources=2)
    assert scene.detector.recordOf(COIN).area == 0


def test_recovery__calm_for_its_period__then_a_step_each_interval_and_none_skipped(scene):
    scene.break_peg()
    states = [CRISIS, *scene.looks(26, 1, 1)]
    assert states[-1] is RECOVERING
    assert states.count(CRISIS) == 25  # the first calm look has no interval yet
    done = [scene.detector.recoverySteps(COIN).done]
    while scene.state() is RECOVERING:
        scene.look()
        done.append(scene.detector.recoverySteps(COIN).done)
    assert sorted(set(done[:-1])) == [0, 1, 2, 3]
    assert done[:-1] == sorted(done[:-1])
    assert len(done) - 1 == 4 * 12 - 1
    assert (scene.state(), done[-1]) == (SOUND, 0)


def test_recovery__looks_days_apart__still_one_step_at_a_time(scene):
    scene.break_peg()
    scene.recover()
    last = 0
    for _ in range(47):
        scene.look(wait=5 * 24 * HOUR)
        done = scene.detector.recoverySteps(COIN).done
        assert done in (last, last + 1)
        last = done
    assert (last, scene.state()) == (3, RECOVERING)
    assert scene.look() is SOUND


def test_recovery__off_calm_but_not_falling__pauses_and_goes_on(scene):
    scene.break_peg()
    scene.recover()
    scene.looks(13, 1, 1)
    assert scene.detector.recoverySteps(COIN).done == 1
    assert set(scene.looks(10, 0.98, 0.98)) == {RECOVERING}
    assert scene.detector.recoverySteps(COIN).done == 1
    scene.looks(13, 1, 1)
    assert scene.detector.recoverySteps(COIN).done == 2


def test_recovery__falls_again_at_two_looks__crisis_at_once(scene):
    scene.break_peg()
    scene.recover()
    assert scene.looks(2, 0.94, 0.94) == [RECOVERING, CRISIS]
    assert scene.detector.recoverySteps(COIN).done == 0


def test_recovery__sight_lost__crisis(scene):
    scene.break_peg()
    scene.recover()
    assert scene.looks(3, sources=2) == [RECOVERING, RECOVERING, CRISIS]


def test_recovery__relapse__starts_its_calm_anew(scene):
    scene.break_peg()
    scene.looks(20, 1, 1)
    scene.look(0.99, 0.99)
    assert set(scene.looks(24, 1, 1)) == {CRISIS}
    assert scene.look() is RECOVERING
