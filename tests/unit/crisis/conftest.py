"""A detector over an oracle whose single sources are set by hand, and a clock to look at it by."""

from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils import keccak

from ballast.model.crisis import CrisisParams, State

CURATOR_ROLE, REPORTER_ROLE = 1, 4  # contracts/access/Roles.sol, internals without an ABI
GOVERNED = {
    CURATOR_ROLE: ("setParams", "setIssuerProbes", "forget"),
    REPORTER_ROLE: ("reportVolumes",),
}
WAD = 10**18
HOUR = 3_600  # s
COIN = "0x" + "c0" * 20
OTHER = "0x" + "c1" * 20
FIELDS = (
    "confirmations", "watchBps", "calmBps", "allowanceBps", "threshold", "surgeBps", "surgeTenths",
    "surgeLooks", "spacing", "maxGap", "calmPeriod", "recoveryPeriod", "stepInterval", "steps", "darkPeriod",
)  # fmt: skip


def selectors(contract: Any, names: tuple[str, ...]) -> list[bytes]:
    """Four bytes each; every name must be there."""
    methods = [m for m in contract.contract_type.mutable_methods if m.name in names]
    assert len(methods) == len(names)
    return [keccak(text=method.selector)[:4] for method in methods]


def wad(dollars: float) -> int:
    return round(dollars * 10**8) * 10**10


@dataclass(frozen=True)
class Scene:
    """The detector, what it looks through and who may do what."""

    detector: ContractInstance
    oracle: ContractInstance
    access: ContractInstance
    governor: AccountAPI
    curator: AccountAPI
    reporter: AccountAPI
    stranger: AccountAPI
    chain: Any

    def send(self, at: int, method: Any, *args: Any, sender: Any = None) -> None:
        """Mines the call at a time, without what Ape does around a transaction."""
        rpc = self.chain.provider.make_request
        call = {"from": str(sender or self.stranger), "to": method.contract.address, "gas": hex(5_000_000)}
        rpc("evm_setNextBlockTimestamp", [at])
        sent = rpc("eth_sendTransaction", [call | {"data": "0x" + method.encode_input(*args).hex()}])
        receipt = None
        while receipt is None:  # the node answers before it has mined
            receipt = rpc("eth_getTransactionReceipt", [sent])
        assert receipt["status"] == "0x1"

    @property
    def now(self) -> int:
        """s, of the last block."""
        return int(
            self.chain.provider.make_request("eth_getBlockByNumber", ["latest", False])["timestamp"], 16
        )

    def show(self, *dollars: float, asset: str = COIN, sources: int | None = None) -> None:
        """What the sources that answer say from now on; all of them when no number is given."""
        count = len(dollars) if sources is None else sources
        self.send(self.now, self.oracle.setSources, asset, count, [wad(d) for d in dollars])

    def look(self, *dollars: float, asset: str = COIN, sources: int | None = None, wait: int = HOUR) -> State:
        """A stranger's look after `wait`, at new prices when some are given."""
        if dollars or sources is not None:
            self.show(*dollars, asset=asset, sources=sources)
        self.send(self.now + wait, self.detector.observe, asset)
        return self.state(asset)

    def looks(self, times: int, *dollars: float, **where: Any) -> list[State]:
        """Several looks that show the same."""
        return [self.look(*dollars, **where) for _ in range(times)]

    def state(self, asset: str = COIN) -> State:
        return State(self.detector.stateOf(asset))

    def params(self) -> CrisisParams:
        return CrisisParams(*self.detector.getParams())

    def set_params(self, **changes: int) -> None:
        """Changes parameters by their names in the contract."""
        now = dict(zip(FIELDS, self.detector.getParams(), strict=True))
        assert changes.keys() <= now.keys()
        self.detector.setParams(tuple((now | changes).values()), sender=self.curator)

    def break_peg(self, asset: str = COIN) -> None:
        """To CRISIS: two sources show 0.70 until the area is full."""
        states = self.looks(6, 0.70, 0.70, asset=asset)
        assert states[-1] is State.CRISIS, states

    def recover(self, asset: str = COIN) -> None:
        """From CRISIS to RECOVERING by calm alone."""
        self.show(1, 1, asset=asset)
        for _ in range(26):
            if self.look(asset=asset) is State.RECOVERING:
                return
        raise AssertionError("no recovery")


@pytest.fixture(scope="session")
def governor(accounts: Any) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts: Any) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def reporter(accounts: Any) -> AccountAPI:
    return accounts[2]


@pytest.fixture(scope="session")
def stranger(accounts: Any) -> AccountAPI:
    return accounts[3]


@pytest.fixture(scope="session")
def deploy_scene(project: Any, chain: Any, governor: Any, curator: Any, reporter: Any, stranger: Any) -> Any:
    """Deploys a detector over an oracle, every role wired without delays."""

    def deploy(oracle: ContractInstance) -> Scene:
        access = governor.deploy(project.IndexAccess, governor)
        detector = governor.deploy(project.CrisisDetector, access, oracle)
        for role, member in ((CURATOR_ROLE, curator), (REPORTER_ROLE, reporter)):
            access.setTargetFunctionRole(detector, selectors(detector, GOVERNED[role]), role, sender=governor)
            access.grantRole(role, member, 0, sender=governor)
        return Scene(detector, oracle, access, governor, curator, reporter, stranger, chain)

    return deploy


@pytest.fixture(scope="module")
def scene(project: Any, governor: Any, deploy_scene: Any) -> Scene:
    """COIN and OTHER at $1 from two sources each, never looked at."""
    made: Scene = deploy_scene(governor.deploy(project.MockOracle))
    # Shorter than the defaults, which follow the policy: tests count these hours.
    made.set_params(threshold=8_000 * HOUR, surgeBps=1_500, calmPeriod=6 * HOUR, recoveryPeriod=24 * HOUR)
    for asset in (COIN, OTHER):
        made.show(1, 1, asset=asset)
    return made
