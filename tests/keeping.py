"""Lets a deployed index's own keeper work, its waits between two fills included."""

from pathlib import Path

from ballast.chain.keeper_loop import Keeper, Step, journal_identity
from ballast.chain.snapshot import take_snapshot
from ballast.keeper.allocation import Policy
from ballast.keeper.decide import Cause
from ballast.keeper.journal import Journal
from ballast.keeper.rules import is_open
from ballast.keeper.snapshot import Snapshot
from ballast.keeper.storage import FileStorage
from tests.deployed import Deployed

MAX_STEPS = 80


def worked(deployed: Deployed, folder: Path, may_be_refused: bool = False) -> list[Step]:
    """What the keeper sends until nothing is due, and what the chain would not take."""
    file = folder / f"journal{len(list(folder.iterdir()))}"  # a keeper keeps its own to itself
    journal = Journal(FileStorage(file), journal_identity(deployed.deployment))

    def look() -> Snapshot:
        return take_snapshot(deployed.system, deployed.index, lazily=True)

    keeper = Keeper(deployed.keeper, deployed.system, look, journal, Policy())
    steps = []
    for _ in range(MAX_STEPS):
        step = keeper.step()
        assert may_be_refused or step.refusal is None, (step.plan, step.refusal)
        if step.receipt is not None or step.refusal is not None:
            steps.append(step)
        elif is_open(step.snapshot) and step.plan.cause in (Cause.FILL_INTERVAL, Cause.LOSS_BUDGET):
            deployed.replica.pass_time(max(1, step.plan.look_again_at - step.snapshot.timestamp))
        else:
            return steps
    raise AssertionError("the keeper does not come to rest")
