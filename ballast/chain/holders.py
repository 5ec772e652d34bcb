"""Who holds a role: as the index description and the deployment record say, confirmed on chain."""

from ballast.chain.deployer import role_holders_of
from ballast.chain.deployment import Deployment
from ballast.chain.multicall import aggregate, read
from ballast.chain.system import System
from ballast.errors import ConfigError
from ballast.index_file import IndexFile
from ballast.roles import RoleId


def holder_of(system: System, index: IndexFile, deployment: Deployment, role: RoleId) -> str:
    """The account that holds a role, as the description and the record say and the chain confirms."""
    account, _ = role_holders_of(index, deployment.contracts["IndexAccess"].sender)[role]
    if not aggregate([read(system.access, "hasRole", int(role), account)])[0][0]:
        raise ConfigError(
            f"{account} does not hold {role.name} any more: name its holder under roles.{role.name.lower()} "
            "in the index description"
        )
    return account
