"""Investors of the demo: the first one in, one who knocks with a single coin, and the way out."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from ape.api import AccountAPI

from ballast.chain.system import System
from ballast.chain.transactor import send_call
from ballast.demo.record import Knock
from ballast.errors import ChainError
from ballast.keeper.snapshot import Coin, Snapshot
from ballast.model.rebalance import value_of
from ballast.replica import Replica
from ballast.units import BPS, WAD, human

DEPOSIT: Final = 10_000_000 * WAD  # WAD{USD}, the first investor's
KNOCK: Final = 100_000  # coins that somebody brings of one kind, then shares that they take instead
_ACT: Final = "contributing"


class People:
    """Acts for investors through the vault's own functions."""

    def __init__(self, replica: Replica, system: System) -> None:
        self._replica, self._system = replica, system

    def fund(self, investor: AccountAPI, snapshot: Snapshot) -> None:
        """The first investor buys in at the targets."""
        amounts = [
            DEPOSIT * coin.vault_weight // BPS * WAD // coin.quote.low // coin.scale
            for coin in snapshot.coins
        ]
        self._contribute(investor, snapshot, amounts)

    def knock(
        self, investor: AccountAPI, snapshot: Snapshot, coin: Coin, at: datetime, price: Decimal
    ) -> Knock:
        """Somebody brings one coin alone."""
        held = [one for one in snapshot.coins if one.held]
        amounts = [KNOCK * 10**one.decimals if one.token == coin.token else 0 for one in held]
        try:
            self._contribute(investor, snapshot, amounts)
        except ChainError as refusal:
            why = str(refusal).removeprefix(f"{_ACT} failed: ").replace(coin.token, coin.symbol)
            return Knock(coin.symbol, at, price, why)
        return Knock(coin.symbol, at, price, "")

    def join(self, investor: AccountAPI, snapshot: Snapshot) -> None:
        """The same person brings the whole basket."""
        self._contribute(investor, snapshot, list(self._system.vault.amountsForShares(KNOCK * WAD)))

    def leave(self, investor: AccountAPI, snapshot: Snapshot) -> dict[str, Any]:
        """A tenth of the shares goes out in kind: what the investor gets is what the shares were worth."""
        vault, held = self._system.vault, [coin for coin in snapshot.coins if coin.held]
        shares = vault.balanceOf(investor.address) // 10
        owed = vault.previewWithdraw(shares)
        before = [self._replica.balance(coin.symbol, str(investor.address)) for coin in held]
        send_call(investor, "withdrawing", vault, "withdraw", shares, investor.address, owed)
        after = [self._replica.balance(coin.symbol, str(investor.address)) for coin in held]
        got = [late - early for late, early in zip(after, before, strict=True)]
        pairs = list(zip(held, got, strict=True))
        return {
            "shares": float(human(shares)),
            "received": {coin.symbol: float(human(amount, coin.decimals)) for coin, amount in pairs},
            "value_usd": float(human(sum(value_of(n, coin.scale, coin.quote.mid) for coin, n in pairs))),
            "all_paid": got == list(owed),
        }

    def _contribute(self, investor: AccountAPI, snapshot: Snapshot, amounts: list[int]) -> None:
        vault, held = self._system.vault, [coin for coin in snapshot.coins if coin.held]
        for coin, amount in zip(held, amounts, strict=True):
            if amount:
                self._replica.mint(coin.symbol, str(investor.address), amount)
                # Coins such as USDT take no new approval over an old one.
                for allowed in (0, amount):
                    args = [str(vault.address), allowed]
                    sender = str(investor.address)
                    self._replica.rpc.send(coin.token, "approve(address,uint256)", args, sender=sender)
        send_call(investor, _ACT, vault, "contribute", amounts, investor.address, 0)
