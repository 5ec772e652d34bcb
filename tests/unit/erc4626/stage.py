"""Where the pack is played: a vault in some state, actors with coins, and the means to bring it there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ballast.replica import Replica
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.rpc import argument_types, encode_call
from ballast.replica.solc import Artifact
from tests.unit.erc4626.properties import PROPERTIES
from tests.unit.erc4626.script import ALICE, BOB, MALLORY, Script, run

ACTORS: Final = 4
WEALTH: Final = 10**11  # whole coins of each actor who has any
UNLIMITED: Final = 2**256 - 1
HELD: Final = {BOB: 40_000, ALICE: 60_000}  # whole coins deposited before a scene that has holders


@dataclass(frozen=True)
class Stage:
    """A vault ready to be tried."""

    lab: "Lab"
    vault: str
    coin: str

    def script(self) -> Script:
        token = self.lab.replica.book.token(self.coin).address
        return Script(self.lab.prober, self.lab.actors, self.vault, token)

    def faults(self, names: Iterable[str], amounts: Sequence[int]) -> list[str]:
        """Which of the properties do not hold here, and for which amounts."""
        tried = [(name, amount, self.script()) for name in names for amount in amounts]
        checks = [PROPERTIES[name](script, amount) for name, amount, script in tried]
        answers = run(self.lab.rpc, self.lab.prober, [script for _, _, script in tried])
        found = []
        for (name, amount, _), check, answer in zip(tried, checks, answers, strict=True):
            try:
                check(answer)
            except AssertionError as error:
                found.append(f"{name} with {amount}: {error}")
        return found


class Lab:
    """Deploys and moves things on a replica by raw JSON-RPC; OPERATOR rules over whatever has rulers."""

    def __init__(self, replica: Replica, project: Any) -> None:
        self.replica, self.rpc, self._project = replica, replica.rpc, project
        self.deployer = Deployer(replica.rpc)
        self.prober = self.deploy("VaultProber")
        self.authority = self.deploy("IndexAccess", OPERATOR)
        self.oracle = self.deploy("MockOracle")
        calls = [(self.prober, "actors(uint256)", (i,), "address") for i in range(ACTORS)]
        self.actors: list[str] = self.rpc.read_many(calls)

    def deploy(self, name: str, *args: Any) -> str:
        """A contract of the project."""
        contract = self._project.get_contract(name).contract_type
        code = bytes(contract.get_deployment_bytecode()).hex()
        types = argument_types(contract.constructor.selector.removeprefix("constructor"))
        return self.deployer.create(Artifact(name, code), ",".join(types), args)

    def address(self, coin: str) -> str:
        return self.replica.book.token(coin).address

    def unit(self, coin: str) -> int:
        return int(10 ** self.replica.book.token(coin).decimals)

    def send(self, to: str, signature: str, *args: Any) -> None:
        """OPERATOR calls."""
        self.rpc.send(to, signature, args, sender=OPERATOR)

    def act(self, actor: int, to: str, signature: str, *args: Any) -> dict[str, Any]:
        """An actor calls; the receipt."""
        data = encode_call(signature, args)
        return self.rpc.send(self.prober, "act(uint256,address,bytes)", [actor, to, data], sender=OPERATOR)

    def wait(self, seconds: int) -> None:
        self.rpc.mine_after(seconds)

    def open(self, vault: str, coin: str) -> Stage:
        """The actors get coins, and let the vault take them; Trent has none and allows nothing."""
        token = self.address(coin)
        for actor in (ALICE, BOB, MALLORY):
            self.replica.mint(coin, self.actors[actor], WEALTH * self.unit(coin))
            self.act(actor, token, "approve(address,uint256)", vault, UNLIMITED)
        return Stage(self, vault, coin)

    def hold(self, stage: Stage) -> None:
        """Alice and Bob deposit."""
        for actor, whole in HELD.items():
            args = (whole * self.unit(stage.coin), self.actors[actor])
            self.act(actor, stage.vault, "deposit(uint256,address)", *args)


Scene = Callable[[Lab, Stage], None]


@dataclass(frozen=True)
class Deviation:
    """A property that is known not to hold."""

    name: str  # of the property
    why: str
    scenes: tuple[str, ...]  # where it shows
    amount: int  # for which it shows, base units


@dataclass(frozen=True)
class Subject:
    """A vault that the pack is played on; `scenes` bring it from its first holders to another state.

    A scene named `empty` has no holders.
    """

    name: str
    coin: str
    build: Callable[[Lab, str], str]
    scenes: Mapping[str, Scene]
    deviations: tuple[Deviation, ...] = ()

    def deviates(self, name: str, scene: str) -> bool:
        """Whether the property is known not to hold in the scene."""
        return any(d.name == name and scene in d.scenes for d in self.deviations)

    def stage(self, lab: Lab, scene: str) -> Stage:
        stage = lab.open(self.build(lab, self.coin), self.coin)
        if scene != "empty":
            lab.hold(stage)
        self.scenes[scene](lab, stage)
        return stage


def nothing_happens(lab: Lab, stage: Stage) -> None:
    """The scene is as it is."""
