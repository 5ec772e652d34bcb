"""Volumes: who reports them within which bounds, how their average is kept; alone they do nothing."""

from random import Random

import pytest
from eth_utils import to_checksum_address

from ballast.model import volumes as model
from ballast.model.crisis import State
from tests.reverts import revert_of
from tests.unit.crisis.conftest import COIN, HOUR, OTHER

SOUND, WATCH, CRISIS, RECOVERING, DARK = State
QUIET, BUSY = 1_000_000, 9_000_000  # USD/h
NAMED = to_checksum_address(COIN)
MINUTES = 60  # s


def report(scene, volume, asset=COIN, wait=600):
    scene.send(scene.now + wait, scene.detector.reportVolumes, [asset], [volume], sender=scene.reporter)


def calm_day(scene, looks=30, volume=QUIET):
    """Looks and reports that make an average."""
    for _ in range(looks):
        report(scene, volume)
        assert scene.look(wait=HOUR - 600) is SOUND


def surge_flags(scene):
    return [one.surge for one in scene.detector.observationsOf(COIN)]


def test_constants__model__has_the_contract_s(scene):
    d = scene.detector
    assert (d.RING_SIZE(), d.LEAST_VOLUMES()) == (model.RING_SIZE, model.LEAST_VOLUMES)
    assert (d.VOLUME_LIFETIME(), d.REPORT_SPACING()) == (model.VOLUME_LIFETIME, model.REPORT_SPACING)
    assert d.MAX_VOLUME_FACTOR() == model.MAX_FACTOR


@pytest.mark.parametrize("who", ["stranger", "curator", "governor"])
def test_report_volumes__not_the_reporter__refused(scene, who):
    sender = getattr(scene, who)
    refused = revert_of(scene.detector.reportVolumes, [COIN], [1], sender=sender)
    assert refused == ("AccessManagedUnauthorized", sender.address)


@pytest.mark.parametrize("first", [1, 2**64 - 1])
def test_report_volumes__first__is_free(scene, first):
    report(scene, first)
    assert tuple(scene.detector.trackOf(COIN))[:2] == (first, scene.now)


def refusal(scene, volumes, assets=(COIN,)):
    return revert_of(scene.detector.reportVolumes, list(assets), list(volumes), sender=scene.reporter)


def test_report_volumes__beyond_the_word__refused(scene):
    assert refusal(scene, [2**64]) == ("VolumeTooLarge", NAMED, 0, 2**64, 2**64 - 1)


def test_report_volumes__more_than_ten_times_the_last__refused_however_old_it_is(scene):
    report(scene, 5)
    scene.chain.mine(timestamp=scene.now + 90 * 24 * HOUR)
    assert refusal(scene, [51]) == ("VolumeTooLarge", NAMED, 5, 51, 50)
    report(scene, 50)
    report(scene, 1)


def test_report_volumes__nothing__refused_so_that_no_report_is_the_first_again(scene):
    assert refusal(scene, [0]) == ("ZeroVolume", NAMED)


def test_report_volumes__within_ten_minutes__refused_with_the_time(scene):
    report(scene, 5)
    at = scene.now
    scene.chain.mine(timestamp=at + 599)
    assert refusal(scene, [5]) == ("ReportedTooSoon", NAMED, at + 600)
    report(scene, 5, wait=1)


def test_report_volumes__one_of_two_refused__none_taken(scene):
    assert refusal(scene, [5, 0], (COIN, OTHER))[0] == "ZeroVolume"
    assert refusal(scene, [5], (COIN, OTHER)) == ("ArrayLengthMismatch", 2, 1)
    assert refusal(scene, [5, 5], (COIN, COIN))[0] == "ReportedTooSoon"
    assert scene.detector.trackOf(COIN).reportedAt == 0


def test_volume__older_than_its_lifetime__unknown(scene):
    report(scene, 5)
    scene.look(wait=2 * HOUR)
    scene.look(wait=5 * MINUTES)
    assert [one.volume for one in scene.detector.observationsOf(COIN)] == [5, 0]
    track = scene.detector.trackOf(COIN)
    assert (track.volumeSum, track.volumeCount) == (5, 1)


def test_volume__any_size_at_the_peg__does_nothing(scene):
    calm_day(scene)
    for volume in (10**7, 10**8, 10**9, 10**10):
        report(scene, volume)
        assert scene.look(wait=5 * MINUTES) is SOUND
    assert surge_flags(scene)[-4:] == [True] * 4


def test_volume__surge_with_one_source_down__does_nothing(scene):
    calm_day(scene)
    scene.show(0.5, 1, 1)
    for volume in (10**7, 10**8, 10**9):
        report(scene, volume)
        assert scene.look(wait=5 * MINUTES) is SOUND


def test_volume__surge_short_of_the_depth__on_watch_only(scene):
    calm_day(scene)
    scene.show(0.8501, 0.8501)
    for volume in (10**7, 10**8, 10**9):
        report(scene, volume)
        assert scene.look(wait=5 * MINUTES) is WATCH


def test_volume__surge_at_depth__hastens_the_crisis(scene):
    """Half an hour at 0.85: the area alone would take eight."""
    calm_day(scene)
    report(scene, BUSY)
    assert scene.looks(3, 0.85, 0.85, wait=10 * MINUTES) == [WATCH, WATCH, CRISIS]


def test_volume__no_surge_at_the_same_depth__on_watch_for_hours(scene):
    calm_day(scene)
    report(scene, QUIET)
    assert set(scene.looks(5, 0.85, 0.85, wait=10 * MINUTES)) == {WATCH}


@pytest.mark.parametrize(("looks", "surges"), [(23, False), (24, True)])
def test_volume__average_of_too_few__not_believed(scene, looks, surges):
    calm_day(scene, looks)
    report(scene, BUSY)
    scene.look(wait=5 * MINUTES)
    assert surge_flags(scene)[-1] is surges


@pytest.mark.parametrize(("volume", "surges"), [(3 * QUIET, False), (3 * QUIET + 1, True)])
def test_volume__three_times_the_average__must_be_exceeded(scene, volume, surges):
    calm_day(scene)
    report(scene, volume)
    scene.look(wait=5 * MINUTES)
    assert surge_flags(scene)[-1] is surges


def test_volumes__drawn_reports_and_looks__average_is_the_model_s(scene):
    rng, kept = Random(5), model.Volumes()
    for _ in range(150):
        now = scene.now + rng.choice((300, 600, 3_000, 8_000))
        if rng.random() < 0.5 and (allowed := kept.allowed(now)):
            volume = rng.choice((allowed, max(1, allowed // 10), rng.randint(1, 10**6)))
            volume = min(volume, allowed, 10**15)
            kept = kept.reported(volume, now)
            report(scene, volume, wait=now - scene.now)
            continue
        surge, kept = kept.surges(now, scene.params().surge_tenths), kept.looked(now)
        scene.look(wait=now - scene.now)
        track, last = scene.detector.trackOf(COIN), scene.detector.observationsOf(COIN)[-1]
        known = [one for one in kept.looks if one]
        assert (track.volumeSum, track.volumeCount) == (sum(known), len(known))
        assert (last.volume, last.surge) == (kept.looks[-1], surge)


@pytest.mark.parametrize("volume", [0, 51])
def test_reported__what_the_contract_refuses__is_an_error_of_the_model(volume):
    kept = model.Volumes().reported(5, 1_000)
    with pytest.raises(ValueError, match="refused"):
        kept.reported(volume, 10_000)
    with pytest.raises(ValueError, match="refused"):
        kept.reported(5, 1_599)
