"""An investor's way in and out: exact amounts, exact approvals, nothing left standing."""

from dataclasses import dataclass
from typing import Final

from ape.api import AccountAPI, ReceiptAPI

from ballast.chain.connect import contract_at
from ballast.chain.multicall import aggregate, foreign, read
from ballast.chain.snapshot import take_snapshot
from ballast.chain.system import System, strategy_at
from ballast.chain.transactor import send_call
from ballast.errors import ChainError
from ballast.index_file import IndexFile
from ballast.model.prices import Status
from ballast.units import BPS, WAD, human

LENT_TOLERANCE_BPS: Final = 1


@dataclass(frozen=True)
class Part:
    """One coin's share of a contribution or a withdrawal, in own decimals."""

    symbol: str
    token: str
    decimals: int
    amount: int

    def __str__(self) -> str:
        """The amount in whole coins."""
        return f"{human(self.amount, self.decimals):,.2f} {self.symbol}"


def parts_worth(system: System, index: IndexFile, usd: int) -> list[Part]:
    """What to contribute for `usd` (WAD{USD} at mid): in the basket's proportion, at first at the targets.

    ChainError when a price that is needed is not good.
    """
    snapshot = take_snapshot(system, index)
    bad = [coin.symbol for coin in snapshot.coins if coin.quote.status != Status.GOOD]
    if bad:
        raise ChainError(
            f"no good price for {', '.join(bad)} now: try again when `ape run status` shows GOOD"
        )
    held = [coin for coin in snapshot.coins if coin.held]
    if snapshot.total_supply == 0:
        worth = (usd * coin.vault_weight // BPS for coin in held)
        amounts = [
            value * WAD // coin.quote.mid // coin.scale for value, coin in zip(worth, held, strict=True)
        ]
    else:
        nav = sum(coin.reserve * coin.scale * coin.quote.mid // WAD for coin in held)
        shares = usd * snapshot.total_supply // nav
        amounts = aggregate([read(system.vault, "amountsForShares", shares)])[0]
    return [Part(c.symbol, c.token, c.decimals, a) for c, a in zip(held, amounts, strict=True)]


def require_balances(parts: list[Part], account: AccountAPI) -> None:
    """ChainError, one line, names every coin that the account has too little of."""
    calls = [foreign(part.token, "balanceOf(address)(uint256)", str(account.address)) for part in parts]
    short = [
        f"{human(part.amount - has, part.decimals):,.2f} {part.symbol}"
        for part, has in zip(parts, aggregate(calls), strict=True)
        if has < part.amount
    ]
    if short:
        raise ChainError(f"{account.address} is short of {', '.join(short)}: fund it or contribute less")


def contribute(system: System, parts: list[Part], account: AccountAPI, tolerance_bps: int) -> ReceiptAPI:
    """Approves exactly what it contributes; refused for fewer shares than quoted less the tolerance."""
    require_balances(parts, account)
    amounts = [part.amount for part in parts]
    quoted = aggregate([read(system.vault, "previewContribute", amounts)])[0]
    for part in parts:
        if part.amount:
            _approve(part, str(system.vault.address), account)
    least = quoted * (BPS - tolerance_bps) // BPS
    return send_call(
        account, "contributing", system.vault, "contribute", amounts, str(account.address), least
    )


def _approve(part: Part, spender: str, account: AccountAPI) -> None:
    """Exactly the amount; by way of zero, which some coins insist on."""
    coin = contract_at("IndexVault", part.token)  # its ABI has all of ERC-20
    left = aggregate(
        [foreign(part.token, "allowance(address,address)(uint256)", str(account.address), spender)]
    )[0]
    if left:
        send_call(account, f"taking back {part.symbol}'s old approval", coin, "approve", spender, 0)
    send_call(account, f"approving {part.symbol}", coin, "approve", spender, part.amount)


@dataclass(frozen=True)
class InShares:
    """A part of a withdrawal that was paid, or is kept, as a strategy's own shares."""

    strategy: str
    token: str
    assets: int  # what they are worth, own decimals of the token
    is_claim: bool

    @staticmethod
    def of(system: System, receipt: ReceiptAPI) -> "list[InShares]":
        """All of them."""
        manager = system.manager
        paid = [(event, False) for event in manager.PaidInShares.from_receipt(receipt)]
        kept = [(event, True) for event in manager.ShareClaimCreated.from_receipt(receipt)]
        found = []
        for event, is_claim in (*paid, *kept):
            contract = strategy_at(event.strategy)
            calls = [read(contract, "asset"), read(contract, "convertToAssets", event.shares, may_fail=True)]
            token, assets = aggregate(calls)
            found.append(InShares(event.strategy, token, assets or 0, is_claim))
        return found


def withdraw(system: System, shares: int, account: AccountAPI) -> ReceiptAPI:
    """Redeems shares in kind for the account, for at least what is owed now.

    Of a coin that is lent a hundredth of a per cent less is taken, too: what redeeming it rounds away. While
    a strategy does not say what it is worth, for at least the part of the idle coins: the rest comes in coins
    and in strategies' shares.
    """
    held = int(system.vault.balanceOf(account.address))
    if held < shares or shares == 0:
        raise ChainError(f"{account.address} holds {human(held):,.4f} shares: redeem some of those")
    (tokens, _), preview, supply = aggregate(
        [
            read(system.vault, "getConstituents"),
            read(system.vault, "previewWithdraw", shares, may_fail=True),
            read(system.vault, "totalSupply"),
        ]
    )
    idle = aggregate([read(system.vault, "idleOf", token) for token in tokens])
    owed = [lies * shares // supply for lies in idle] if preview is None else preview
    least = [
        amount if amount <= lies else amount * (BPS - LENT_TOLERANCE_BPS) // BPS
        for amount, lies in zip(owed, idle, strict=True)
    ]
    return send_call(account, "withdrawing", system.vault, "withdraw", shares, str(account.address), least)
