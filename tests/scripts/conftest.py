"""A complete deployment for each file of tests of the commands."""

from pathlib import Path

import pytest
import yaml

from tests.deployed import Deployed, deploy_five


@pytest.fixture(scope="module")
def deployed(networks, tmp_path_factory) -> Deployed:
    """The five-coin index with funded investors, not yet contributed to; each test's changes are undone."""
    return deploy_five(tmp_path_factory.mktemp("records"))


@pytest.fixture
def index_file(deployed: Deployed, tmp_path: Path) -> Path:
    """The deployed index's description as a file."""
    path = tmp_path / "index.yaml"
    path.write_text(yaml.safe_dump(deployed.index.model_dump(mode="json")))
    return path
