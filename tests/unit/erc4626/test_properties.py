"""Every vault, in every scene, against every property of the pack."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.profiles import PROFILE
from tests.unit.erc4626.properties import GROUPS

pytestmark = pytest.mark.replica
UNIT = 10**6  # of the subjects' coin
MOST = 10**10 * UNIT  # a tenth of what an actor has, and more than most vaults take
CORNERS = (1, UNIT - 1, MOST)
# Of every size one, from some base units to what some vaults do not take.
AMOUNTS = st.tuples(*(st.integers(3 * 10**size, 10 ** (size + 2)) for size in range(0, 15, 3)))


@pytest.mark.parametrize("group", GROUPS)
@settings(
    max_examples=1 + PROFILE.examples // 50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(amounts=AMOUNTS)
def test_vault__any_amounts__keeps_the_standard(stage, deviates, group, amounts):
    names = [name for name in GROUPS[group] if not deviates(name)]
    assert stage.faults(names, [*CORNERS, *amounts]) == []
