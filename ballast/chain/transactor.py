"""Sending transactions so that the process may die at any moment: each creation is written down first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ape import project
from ape.api import AccountAPI, ReceiptAPI, TransactionAPI
from ape.contracts import ContractInstance
from ape.exceptions import ApeException
from ape.utils import ManagerAccessMixin
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound, Web3Exception
from web3.types import TxParams
from web3.utils.address import get_create_address

from ballast.chain.connect import contract_at, git_commit, has_code
from ballast.chain.deployment import DeployedContract, Deployment, PendingContract, save
from ballast.chain.explain import explain
from ballast.errors import ChainError

RECEIPT_TIMEOUT_SECONDS = 300
# An estimate fits one block. In the next, feeds may have moved and pools may write one more observation; and
# the oracle refuses to ask a feed without its whole allowance: a tight limit fails where it seems to suffice.
GAS_HEADROOM_PERCENT = 140


class Transactor:
    """Creates contracts and sends calls of one account, continuing what an earlier run began."""

    def __init__(self, account: AccountAPI, path: Path, deployment: Deployment) -> None:
        self.account = account
        self.path = path
        self.deployment = deployment
        self.sent = 0  # transactions of this run

    def create(self, name: str, contract: str, arguments: Sequence[Any]) -> ContractInstance:
        """The contract recorded under `name`, created now if it is not there yet."""
        arguments = _plain(arguments)
        self._settle_pending()
        known = self.deployment.contracts.get(name)
        if known is None:
            known = self._create(name, contract, arguments)
        elif known.contract != contract or known.arguments != arguments:
            raise ChainError(
                f"{name} was deployed at {known.address} with other constructor arguments: restore the index "
                f"description it was deployed from, or give the new index another symbol"
            )
        return contract_at(contract, known.address)

    def first_sender(self) -> str:
        """The account that began this deployment; this run's when it begins now."""
        first = self.deployment.contracts.get("IndexAccess")
        return first.sender if first else str(self.account.address)

    def call(self, what: str, contract: ContractInstance, method: str, *arguments: Any) -> ReceiptAPI:
        """Sends one call; a refusal is a ChainError that says what was tried and why it was refused."""
        receipt = send_call(self.account, what, contract, method, *arguments)
        self.sent += 1
        return receipt

    def _create(self, name: str, contract: str, arguments: list[Any]) -> DeployedContract:
        try:
            container = project.get_contract(contract)
            creation = container(*arguments, sender=self.account.address)
            _rehearse(self.account.address, None, bytes(creation.data))
            transaction = signed(self.account, creation)
            pending = PendingContract(
                name=name,
                contract=contract,
                arguments=arguments,
                sender=self.account.address,
                nonce=transaction.nonce,
                address=get_create_address(self.account.address, transaction.nonce),
                tx_hash="0x" + bytes(transaction.txn_hash).hex(),
            )
            self._record(pending=pending)
            send(transaction)
            self.sent += 1
        except (ApeException, Web3Exception) as error:
            raise ChainError(f"deploying {name} failed: {explain(error)}") from error
        self._settle_pending()
        if name not in self.deployment.contracts:
            raise ChainError(f"deploying {name} left no contract behind: run the command again")
        return self.deployment.contracts[name]

    def _settle_pending(self) -> None:
        """Finds out what became of a creation that was written down: it is there, or it never will be."""
        pending = self.deployment.pending
        if pending is None:
            return
        web3 = ManagerAccessMixin.network_manager.provider.web3
        try:
            receipt = self._receipt_of(pending)
            block = web3.eth.get_block(receipt["blockNumber"]) if receipt is not None else None
        except Web3Exception as error:
            raise ChainError(f"asking for {pending.name}'s transaction failed: {explain(error)}") from error
        contracts = dict(self.deployment.contracts)
        if block is not None and has_code(pending.address):
            contracts[pending.name] = DeployedContract(
                **pending.model_dump(exclude={"name"}),
                block=int(block["number"]),
                block_hash="0x" + bytes(block["hash"]).hex(),
                commit=git_commit(),
            )
        self._record(pending=None, contracts=contracts)

    def _receipt_of(self, pending: PendingContract) -> Any:
        """The receipt, waited for while the node knows the transaction; None when it never arrived."""
        web3 = ManagerAccessMixin.network_manager.provider.web3
        try:
            web3.eth.get_transaction(pending.tx_hash)
        except TransactionNotFound:
            return None
        return web3.eth.wait_for_transaction_receipt(pending.tx_hash, timeout=RECEIPT_TIMEOUT_SECONDS)

    def _record(self, **changes: Any) -> None:
        self.deployment = self.deployment.model_copy(update=changes)
        save(self.path, self.deployment)

    def finish(self) -> None:
        """Marks the deployment as complete."""
        self._record(complete=True)


def send_call(
    account: AccountAPI, what: str, contract: ContractInstance, method: str, *arguments: Any
) -> ReceiptAPI:
    """Sends one call of a contract. ChainError, one line: what was tried and why it was refused."""
    try:
        handler = getattr(contract, method)
        _rehearse(account.address, contract.address, bytes(handler.encode_input(*arguments)))
        return send(signed(account, handler.as_transaction(*arguments, sender=account.address)))
    except (ApeException, Web3Exception) as error:
        raise ChainError(f"{what} failed: {explain(error)}") from error


def _rehearse(sender: str, receiver: str | None, data: bytes) -> None:
    """Runs a transaction without sending it: a refusal is known before anything is paid."""
    request: TxParams = {"from": to_checksum_address(sender), "data": HexBytes(data)}
    if receiver:
        request["to"] = to_checksum_address(receiver)
    ManagerAccessMixin.network_manager.provider.web3.eth.call(request)


def signed(account: AccountAPI, transaction: TransactionAPI) -> TransactionAPI:
    """The transaction with nonce, signature and gas, with headroom: the next block is another state."""
    transaction.sender = account.address
    estimate = ManagerAccessMixin.network_manager.provider.estimate_gas_cost(transaction)
    transaction.gas_limit = estimate * GAS_HEADROOM_PERCENT // 100
    prepared = account.sign_transaction(account.prepare_transaction(transaction))
    if prepared is None:
        raise ChainError("the account did not sign: unlock it and run the command again")
    return prepared


def send(transaction: TransactionAPI) -> ReceiptAPI:
    """Sends a signed transaction and waits for its receipt."""
    return ManagerAccessMixin.network_manager.provider.send_transaction(transaction)


def _plain(arguments: Sequence[Any]) -> list[Any]:
    """Constructor arguments as JSON can hold them and as they come back from it."""
    return [_plain(item) if isinstance(item, (list, tuple)) else _plain_item(item) for item in arguments]


def _plain_item(item: Any) -> Any:
    if isinstance(item, ContractInstance):
        return str(item.address)
    if isinstance(item, dict):
        return {key: _plain_item(value) for key, value in item.items()}
    return item
