"""Places Yearn V3 vaults in their own code, each lending through Morpho's vault of its coin.

The sources are those that Vyper is tried on, of shortly before the release: a withdrawal takes from a
strategy only where it names the strategy. Any ERC-4626 of the coin is a strategy to Yearn, so Morpho's vault
is one. The factory is a model: the one beside these sources belongs to a later vault.
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_utils.address import to_checksum_address

from ballast.errors import ReplicaError
from ballast.replica.addresses import AddressBook
from ballast.replica.place import DEPLOY_GAS, OPERATOR, Deployer, role_account
from ballast.replica.rpc import Rpc, encode_args
from ballast.replica.solc import Artifact
from ballast.replica.uniswap import UNLIMITED

FACTORY: Final = role_account("yearn-factory")
FACTORY_ETH: Final = 1  # ETH, for gas
ALL_ROLES: Final = 2**13 - 1
UNLOCK_TIME: Final = 7 * 86_400  # s over which a reported profit is released
UPDATE_DEBT: Final = "update_debt(address,uint256)"
PROCESS_REPORT: Final = "process_report(address)"


@dataclass(frozen=True)
class Vault:
    """A Yearn vault; amounts at the start in whole coins."""

    coin: str
    deposited: int
    lent: int

    @property
    def key(self) -> str:
        """Its name in the address book's contracts."""
        return f"yearn_{self.coin.lower()}"

    @property
    def strategy(self) -> str:
        """The name of what it lends through in the address book's contracts."""
        return f"morpho_vault_{self.coin.lower()}"


VAULTS: Final = (Vault("USDC", 10_000_000, 6_000_000), Vault("DAI", 5_000_000, 2_100_000))


def place_yearn(deployer: Deployer, book: AddressBook, code: dict[str, Artifact]) -> None:
    """The vaults, every role in OPERATOR's hands, with deposits lent to Morpho's vaults."""
    rpc = deployer.rpc
    deployer.place(FACTORY, code["YearnFeesModel"])
    rpc.call("anvil_setBalance", FACTORY, hex(FACTORY_ETH * 10**18))
    rpc.call("anvil_impersonateAccount", FACTORY)
    for vault in VAULTS:
        _create(rpc, book, vault, code["YearnVaultV3"])
        _open(rpc, book, vault)
    rpc.call("anvil_stopImpersonatingAccount", FACTORY)


def _create(rpc: Rpc, book: AddressBook, vault: Vault, code: Artifact) -> None:
    """A vault made by the factory, which must come out where the book has it."""
    types = ["address", "string", "string", "address", "uint256"]
    names = (f"{vault.coin} yVault", f"yv{vault.coin}")
    args = encode_args(types, [book.token(vault.coin).address, *names, OPERATOR, UNLOCK_TIME])
    receipt = rpc.send_raw(None, code.linked({}) + args, sender=FACTORY, gas=DEPLOY_GAS)
    made, at = to_checksum_address(receipt["contractAddress"]), book.contracts[vault.key]
    if made != at:
        raise ReplicaError(f"{vault.key} came out at {made}, the address book says {at}")


def _open(rpc: Rpc, book: AddressBook, vault: Vault) -> None:
    coin, at = book.token(vault.coin), book.contracts[vault.key]
    unit, strategy = 10**coin.decimals, book.contracts[vault.strategy]
    _send(rpc, at, "set_role(address,uint256)", OPERATOR, ALL_ROLES)
    _send(rpc, at, "set_deposit_limit(uint256)", UNLIMITED)
    _send(rpc, at, "add_strategy(address)", strategy)
    _send(rpc, at, "update_max_debt_for_strategy(address,uint256)", strategy, UNLIMITED)
    _send(rpc, coin.address, "approve(address,uint256)", at, UNLIMITED)
    _send(rpc, at, "deposit(uint256,address)", vault.deposited * unit, OPERATOR)
    _send(rpc, at, UPDATE_DEBT, strategy, vault.lent * unit)


def update_debt(rpc: Rpc, book: AddressBook, coin: str, amount: int) -> int:
    """Lends up to or takes back down to `amount` base units; the gas used."""
    vault = _vault(coin)
    return _gas(rpc, book, vault, UPDATE_DEBT, book.contracts[vault.strategy], amount)


def process_report(rpc: Rpc, book: AddressBook, coin: str) -> int:
    """Books the strategy's gain or loss since the last report; the gas used."""
    vault = _vault(coin)
    return _gas(rpc, book, vault, PROCESS_REPORT, book.contracts[vault.strategy])


def _gas(rpc: Rpc, book: AddressBook, vault: Vault, signature: str, *args: Any) -> int:
    receipt = rpc.send(book.contracts[vault.key], signature, args, sender=OPERATOR)
    return int(receipt["gasUsed"], 16)


def _vault(coin: str) -> Vault:
    found = [vault for vault in VAULTS if vault.coin == coin]
    if not found:
        raise ReplicaError(f"the replica's Yearn has no vault of {coin}")
    return found[0]


def _send(rpc: Rpc, to: str, signature: str, *args: Any) -> None:
    rpc.send(to, signature, args, sender=OPERATOR)
