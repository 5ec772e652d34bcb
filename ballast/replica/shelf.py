"""Creation code kept on the replica itself: a running one takes more feeds and coins without a compiler."""

from typing import Final

from ballast.errors import ReplicaError
from ballast.replica.place import role_account
from ballast.replica.rpc import Rpc, hex0x
from ballast.replica.solc import Artifact

SHELVED: Final = ("EACAggregatorProxy", "FluxAggregator", "StablecoinModel")


def shelve(rpc: Rpc, code: dict[str, Artifact]) -> None:
    """Keeps the artifacts of `SHELVED`, none of which links to a library, as the code of accounts."""
    rpc.batch([("anvil_setCode", (_place(name), hex0x(code[name].linked({})))) for name in SHELVED])


def shelved(rpc: Rpc, name: str) -> Artifact:
    """An artifact that `shelve` kept. ReplicaError on a chain that has none."""
    code = str(rpc.call("eth_getCode", _place(name), "latest"))
    if len(code) <= 2:
        raise ReplicaError(f"the chain at {rpc.url} keeps no {name}: use a replica of this version")
    return Artifact(name, code.removeprefix("0x"))


def _place(name: str) -> str:
    return role_account(f"initcode.{name}")
