"""What the operator may do with each coin: mint, freeze, pause; by the coin's own functions."""

from collections.abc import Callable
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica.addresses import AddressBook, Token
from ballast.replica.place import OPERATOR
from ballast.replica.rpc import Rpc
from ballast.units import BPS

FREEZE: Final = {"USDC": "blacklist(address)", "USDT": "addBlackList(address)"}
UNFREEZE: Final = {"USDC": "unBlacklist(address)", "USDT": "removeBlackList(address)"}
PAUSABLE: Final = ("USDC", "USDT")


def mint(rpc: Rpc, book: AddressBook, coin: str, account: str, amount: int) -> None:
    """Exactly `amount` base units of new coins to `account`; ReplicaError for a coin not in the book."""
    token = book.token(coin)
    if amount < 0:
        raise ReplicaError(f"cannot mint {amount} {coin}: the amount is negative")
    _MINTERS.get(coin, _mint_model)(rpc, token, account, amount)


def freeze(rpc: Rpc, book: AddressBook, coin: str, account: str, *, frozen: bool) -> None:
    """Puts `account` on the coin's own blacklist, or takes it off; ReplicaError when the coin has none."""
    signatures = FREEZE if frozen else UNFREEZE
    if book.token(coin).symbol not in signatures:
        raise ReplicaError(f"{coin} has no power to freeze accounts: only {' and '.join(FREEZE)} have")
    rpc.send(book.token(coin).address, signatures[coin], [account], sender=OPERATOR)


def pause(rpc: Rpc, book: AddressBook, coin: str, *, paused: bool) -> None:
    """Stops or resumes all transfers by the coin's own switch; ReplicaError when the coin has none."""
    if book.token(coin).symbol not in PAUSABLE:
        raise ReplicaError(f"{coin} cannot be paused: only {' and '.join(PAUSABLE)} can")
    rpc.send(book.token(coin).address, "pause()" if paused else "unpause()", sender=OPERATOR)


def _mint_plain(signature: str) -> Callable[[Rpc, Token, str, int], None]:
    def minter(rpc: Rpc, token: Token, account: str, amount: int) -> None:
        rpc.send(token.address, signature, [account, amount], sender=OPERATOR)

    return minter


_mint_model: Final = _mint_plain("mint(address,uint256)")  # a coin that was added to a running replica


def _mint_usdt(rpc: Rpc, token: Token, account: str, amount: int) -> None:
    """USDT issues to its owner, who transfers on; what the fee switch takes from that is added on top."""
    rate, cap = rpc.read_many(
        [(token.address, f, (), "uint256") for f in ("basisPointsRate()", "maximumFee()")]
    )
    gross = amount
    while gross - min(gross * rate // BPS, cap) < amount:
        gross += amount - (gross - min(gross * rate // BPS, cap))
    rpc.send(token.address, "issue(uint256)", [gross], sender=OPERATOR)
    if account != OPERATOR:
        rpc.send(token.address, "transfer(address,uint256)", [account, gross], sender=OPERATOR)


def _mint_weth(rpc: Rpc, token: Token, account: str, amount: int) -> None:
    """WETH comes from ETH, which the node hands out."""
    held = int(rpc.call("eth_getBalance", OPERATOR, "latest"), 16)
    rpc.call("anvil_setBalance", OPERATOR, hex(held + amount))
    rpc.send(token.address, "deposit()", value=amount, sender=OPERATOR)
    if account != OPERATOR:
        rpc.send(token.address, "transfer(address,uint256)", [account, amount], sender=OPERATOR)


_MINTERS: Final[dict[str, Callable[[Rpc, Token, str, int], None]]] = {
    "USDC": _mint_plain("mint(address,uint256)"),
    "USDT": _mint_usdt,
    "DAI": _mint_plain("mint(address,uint256)"),
    "FRAX": _mint_plain("pool_mint(address,uint256)"),
    "LUSD": _mint_plain("mint(address,uint256)"),
    "WETH": _mint_weth,
    "CVX": _mint_plain("issue(address,uint256)"),
}
