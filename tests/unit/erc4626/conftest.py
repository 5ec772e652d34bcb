"""The pack runs on a replica of its own, by raw JSON-RPC: scripts are undone by the call that runs them."""

from collections.abc import Callable, Iterator

import pytest

for module in ("script", "limits", "moves", "round_trips"):
    pytest.register_assert_rewrite(f"tests.unit.erc4626.{module}")

from tests.unit.erc4626.stage import Lab, Stage  # noqa: E402 (after asking for asserts that say their values)
from tests.unit.erc4626.subjects import SUBJECTS  # noqa: E402

STAGES = [(subject, scene) for subject in SUBJECTS for scene in subject.scenes]


@pytest.fixture(scope="session")
def lab(mainnet_handles, project) -> Iterator[Lab]:
    with mainnet_handles.isolated():
        yield Lab(mainnet_handles, project)


@pytest.fixture(scope="module", params=STAGES, ids=[f"{subject.name}-{scene}" for subject, scene in STAGES])
def stage(lab, request) -> Iterator[Stage]:
    """Every vault in every scene, set up once for all properties."""
    subject, scene = request.param
    with lab.rpc.isolated():
        yield subject.stage(lab, scene)


@pytest.fixture
def deviates(request) -> Callable[[str], bool]:
    """Whether a property is known not to hold of the stage's vault."""
    subject, scene = request.node.callspec.params["stage"]
    return lambda name: subject.deviates(name, scene)
