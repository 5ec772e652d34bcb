"""Handles on Morpho of a running replica, or of a fork of it: utilisation, interest, bad debt."""

from decimal import Decimal
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica import morpho
from ballast.replica.handles import Replica
from ballast.replica.morpho import BORROWER, PARAMS, Vault
from ballast.replica.place import OPERATOR, role_account
from ballast.replica.uniswap import UNLIMITED

DEFAULTER: Final = role_account("morpho-defaulter")  # borrows once and never repays
MARKET: Final = "uint128,uint128,uint128,uint128,uint128,uint128"  # supply, borrow: assets, shares; more


class MorphoMarket:
    """The handles, each on the market that the coin's vault lends into. Amounts are base units."""

    def __init__(self, replica: Replica) -> None:
        self._replica, self._rpc, self._book = replica, replica.rpc, replica.book
        self._morpho = replica.book.contracts["morpho"]
        morpho.prepare_borrower(self._rpc)

    def vault(self, coin: str) -> str:
        """The address of the MetaMorpho vault of the coin."""
        return self._book.contracts[self._vault(coin).key]

    def supplied(self, coin: str) -> int:
        """All that is lent to the market, with its interest."""
        return self._state(coin)[0]

    def borrowed(self, coin: str) -> int:
        """All debt, with its interest."""
        return self._state(coin)[1]

    def utilisation(self, coin: str) -> Decimal:
        """The share of the market that is lent out."""
        supplied, borrowed = self._state(coin)
        return Decimal(borrowed) / Decimal(supplied)

    def use(self, coin: str, utilisation: Decimal | str) -> None:
        """Borrows or repays until that share is lent out; "1" leaves nothing to withdraw."""
        wanted = Decimal(utilisation)
        if not 0 <= wanted <= 1:
            raise ReplicaError(f"a market is used between 0 and 1, not {utilisation}")
        supplied, borrowed = self._state(coin)
        target = int(wanted * supplied)
        if target > borrowed:
            morpho.borrow(self._rpc, self._book, self._vault(coin), target - borrowed, BORROWER)
        elif target < borrowed:
            self._repay(coin, borrowed - target)

    def default(self, coin: str, amount: int) -> int:
        """Leaves bad debt of about `amount`, which the suppliers bear at once; what they lost.

        A loan, a collapse of WETH in this market, a liquidation that finds next to nothing. WETH costs
        afterwards what it did before.
        """
        vault = self._vault(coin)
        self._rpc.call("anvil_impersonateAccount", DEFAULTER)
        self._replica.give_eth(DEFAULTER, 10**20)
        weth = self._book.token("WETH").address
        self._rpc.send(weth, "approve(address,uint256)", [self._morpho, UNLIMITED], sender=DEFAULTER)
        collateral = morpho.borrow(self._rpc, self._book, vault, amount, DEFAULTER)
        price = self._rpc.read(vault.price_source, "price()")
        self._rpc.send(vault.price_source, "setPrice(uint256)", [price // 10**6], sender=OPERATOR)
        before = self.supplied(coin)
        self._allow(coin, OPERATOR)
        args = [morpho.market_params(self._book, vault), DEFAULTER, collateral, 0, b""]
        signature = f"liquidate({PARAMS},address,uint256,uint256,bytes)"
        self._rpc.send(self._morpho, signature, args, sender=OPERATOR)
        self._rpc.send(vault.price_source, "setPrice(uint256)", [price], sender=OPERATOR)
        return before - self.supplied(coin)

    def accrue(self, coin: str) -> None:
        """Writes the interest until now into the market's books."""
        args = [morpho.market_params(self._book, self._vault(coin))]
        self._rpc.send(self._morpho, f"accrueInterest({PARAMS})", args, sender=OPERATOR)

    def _repay(self, coin: str, amount: int) -> None:
        lacking = amount - self._replica.balance(coin, BORROWER)
        if lacking > 0:
            self._replica.mint(coin, BORROWER, lacking)
        args = [morpho.market_params(self._book, self._vault(coin)), amount, 0, BORROWER, b""]
        signature = f"repay({PARAMS},uint256,uint256,address,bytes)"
        self._rpc.send(self._morpho, signature, args, sender=BORROWER)

    def _allow(self, coin: str, account: str) -> None:
        token = self._book.token(coin).address
        self._rpc.send(token, "approve(address,uint256)", [self._morpho, UNLIMITED], sender=account)

    def _vault(self, coin: str) -> Vault:
        found = [vault for vault in morpho.VAULTS if vault.coin == coin]
        if not found:
            raise ReplicaError(f"the replica's Morpho has no vault of {coin}")
        return found[0]

    def _state(self, coin: str) -> tuple[int, int]:
        """(supplied, borrowed) with the interest until now."""
        with self._rpc.isolated():
            self.accrue(coin)
            args = [morpho.market_id(self._book, self._vault(coin))]
            answer = self._rpc.read(self._morpho, "market(bytes32)", args, MARKET)
        return int(answer[0]), int(answer[2])
