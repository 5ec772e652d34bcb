"""Finding the deployment record that belongs to the connected chain, as that chain is today."""

from pathlib import Path

from ape.utils import ManagerAccessMixin
from web3.exceptions import BlockNotFound, Web3Exception

from ballast.chain.connect import chain_identity, has_code
from ballast.chain.deployment import Deployment, load, record_path
from ballast.chain.explain import explain
from ballast.errors import ChainError


def find_deployment(folder: Path, symbol: str) -> Deployment:
    """The complete deployment of an index on the connected chain. ChainError when there is none."""
    chain = chain_identity()
    path = record_path(folder, chain, symbol)
    deployment = load(path, chain)
    if not stands(deployment):
        raise ChainError(
            f"the chain was reset since {symbol} was deployed ({path}): run `ape run deploy` again"
        )
    if not deployment.complete:
        raise ChainError(f"the deployment of {symbol} is not finished: run `ape run deploy` to continue it")
    return deployment


def stands(deployment: Deployment) -> bool:
    """Whether the chain still holds what the record says: the same blocks, with the contracts in them.

    A local chain that was started anew has the same first block and none of the later ones.
    """
    web3 = ManagerAccessMixin.network_manager.provider.web3
    hashes = {contract.block: contract.block_hash for contract in deployment.contracts.values()}
    try:
        same = all("0x" + bytes(web3.eth.get_block(at)["hash"]).hex() == was for at, was in hashes.items())
    except BlockNotFound:
        return False
    except Web3Exception as error:
        raise ChainError(f"asking for the deployment's blocks failed: {explain(error)}") from error
    return same and all(has_code(contract.address) for contract in deployment.contracts.values())


def set_aside(path: Path) -> Path:
    """Renames a record that is of no use any more; the new name."""
    number = 1
    while (target := path.with_name(f"{path.stem}.{number}.old")).exists():
        number += 1
    path.replace(target)
    return target
