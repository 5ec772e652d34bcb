"""What is known not to hold still does not: when it does, the deviation is to be taken off the list."""

import pytest

from tests.unit.erc4626.properties import PROPERTIES
from tests.unit.erc4626.subjects import SUBJECTS

pytestmark = pytest.mark.replica
TRIES = 200  # amounts in a row; a rounding shows in some of them only
KNOWN = [(s, d, scene) for s in SUBJECTS for d in s.deviations for scene in d.scenes]


@pytest.mark.parametrize(
    ("subject", "deviation", "scene"), KNOWN, ids=[f"{s.name}-{d.name}-{scene}" for s, d, scene in KNOWN]
)
def test_deviation__where_it_is_known__shows(lab, subject, deviation, scene):
    with lab.rpc.isolated():
        stage = subject.stage(lab, scene)
        amounts = range(deviation.amount, deviation.amount + TRIES)
        assert stage.faults([deviation.name], amounts) != []


def test_deviations__every_one__is_of_a_property_and_a_scene_that_exist():
    for subject in SUBJECTS:
        for deviation in subject.deviations:
            assert deviation.name in PROPERTIES
            assert set(deviation.scenes) <= set(subject.scenes)
