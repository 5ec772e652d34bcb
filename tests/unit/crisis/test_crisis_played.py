"""Drawn rows of looks through the real detector, with clock, ring, reports and probes, against the model."""

from random import Random

import pytest
from eth_utils import keccak, to_checksum_address

from ballast.model.crisis import Record, State, look, sight, steps_done
from ballast.model.volumes import Volumes
from tests.profiles import PROFILE
from tests.unit.crisis.conftest import WAD
from tests.unit.crisis.looks import Glance, draw_glances, draw_params

SEED = 20220509


@pytest.fixture(scope="module")
def switch(project, governor):
    """An issuer whose word is `answer()`."""
    return governor.deploy(project.BadFeed, 0, 0)


class Played:
    """One coin, on the chain and in the model."""

    def __init__(self, scene, switch, asset, params):
        self.scene, self.switch, self.asset, self.params = scene, switch, asset, params
        self.record, self.volumes = Record(), Volumes()

    def glance(self, now, glance, report):
        """The same look at both."""
        scene, d = self.scene, self.scene.detector
        scene.send(now, scene.oracle.setSources, self.asset, glance.sources, list(glance.prices))
        if report:
            self.volumes = self.volumes.reported(report, now)
            scene.send(now, d.reportVolumes, [self.asset], [report], sender=scene.reporter)
        if scene.detector.preview(self.asset).stopped != glance.stopped:
            scene.send(now, self.switch.setAnswer, int(glance.stopped))
        scene.send(now, d.observe, self.asset)
        shown = sight(glance.prices, glance.sources, self.params.confirmations)
        surge = self.volumes.surges(now, self.params.surge_tenths)
        self.volumes = self.volumes.looked(now)
        self.record = look(self.record, shown, glance.stopped, surge, now, self.params)
        self._compare(now, shown, glance.stopped, surge)

    def _compare(self, now, shown, stopped, surge):
        d, r = self.scene.detector, self.record
        kept = d.recordOf(self.asset)
        times = (kept.at, kept.since, kept.area, kept.calm, kept.blind, kept.surges)
        assert times == (r.at, r.since, r.area, r.calm, r.blind, r.surges)
        assert State(kept.state) is r.state is self.scene.state(self.asset)
        assert (kept.deviation, kept.confirmed, kept.wasCalm) == (r.deviation, r.confirmed, r.was_calm)
        assert tuple(d.observationsOf(self.asset)[-1]) == (
            now, shown.deviation, shown.spread, shown.good, self.volumes.looks[-1],
            shown.seen, shown.confirmed, stopped, surge,
        )  # fmt: skip
        assert d.recoverySteps(self.asset).done == steps_done(r, self.params)
        assert d.isCrisisDetected(self.asset) is (r.state is State.CRISIS)


def _draw_report(rng, volumes, now):
    """A volume that may be reported now, none half of the time."""
    allowed = min(volumes.allowed(now), 10**15)
    return rng.choice((0, allowed, rng.randint(1, allowed))) if allowed else 0


@pytest.mark.parametrize("number", range(PROFILE.examples))
def test_observe__drawn_sequences__states_ring_and_steps_are_the_model_s(scene, switch, number):
    rng = Random(SEED + number)
    params = draw_params(rng)
    fields = tuple(getattr(params, name) for name in params.__slots__)
    scene.detector.setParams(fields, sender=scene.curator)
    asset = to_checksum_address(keccak(number.to_bytes(4, "big"))[:20])
    probe = (switch, keccak(text="answer()")[:4])
    scene.detector.setIssuerProbes(asset, [probe], sender=scene.curator)
    coin = Played(scene, switch, asset, params)
    scene.send(scene.now, scene.oracle.setSources, asset, 1, [])
    glances = draw_glances(rng, params)
    peg = Glance(glances[0].time - params.spacing, 2, (WAD, WAD))  # what a coin must show first
    offset = scene.now + 1 - peg.time
    for glance in (peg, *glances):
        now = glance.time + offset
        coin.glance(now, glance, _draw_report(rng, coin.volumes, now))
        assert scene.detector.allSound() is (coin.record.state is State.SOUND)
