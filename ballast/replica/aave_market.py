"""Handles on Aave V3 of a running replica, or of a fork of it: utilisation, stops, rewards, bad debt.

Everything goes through Aave's own functions: a borrower uses a market up, a liquidation leaves a deficit.
"""

from decimal import Decimal
from typing import Final

from ballast.errors import ReplicaError
from ballast.replica.aave import BORROW, BORROWER, REWARD_PAYER, SUPPLY, VARIABLE_RATE, prepare_borrower
from ballast.replica.handles import Price, Replica
from ballast.replica.place import OPERATOR, role_account

RAY: Final = 10**27
DEFAULTER: Final = role_account("aave-defaulter")  # borrows once and never repays
DEFAULT_SHARE: Final = Decimal("0.39")  # of a loan that its halved collateral does not cover
COLLATERAL_MARGIN: Final = Decimal("1.27")  # of the loan, in WETH: just inside the loan to value of 80.5 %
REPAY: Final = "repay(address,uint256,uint256,address)"
LIQUIDATE: Final = "liquidationCall(address,address,address,uint256,bool)"
# Of the data provider: unbacked, to the treasury, supplied, 0, borrowed, supply rate, borrow rate, and more.
RESERVE_DATA: Final = (
    "uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint40"
)
EMISSION: Final = "configureAssets((uint88,uint256,uint32,address,address,address,address)[])"
UNLIMITED: Final = 2**256 - 1


class AaveMarket:
    """The handles. Amounts are base units of the coin."""

    def __init__(self, replica: Replica) -> None:
        self._replica, self._rpc, self._book = replica, replica.rpc, replica.book
        self._known = replica.book.contracts
        prepare_borrower(self._rpc)

    # -- what is there

    def deposit_token(self, coin: str) -> str:
        """The address of what a deposit of the coin is held as."""
        name = f"aave_v3_{coin.lower()}"
        if name not in self._known:
            raise ReplicaError(f"{coin} is not listed on the replica's Aave V3")
        return self._known[name]

    def supplied(self, coin: str) -> int:
        """All deposits with their interest."""
        return int(self._data(coin)[2])

    def borrowed(self, coin: str) -> int:
        """All debt with its interest."""
        return int(self._data(coin)[4])

    def available(self, coin: str) -> int:
        """What could be withdrawn or borrowed now."""
        pool, token = self._known["aave_v3_pool"], self._address(coin)
        return int(self._rpc.read(pool, "getVirtualUnderlyingBalance(address)", [token], "uint128"))

    def utilisation(self, coin: str) -> Decimal:
        """The share of the coin that is lent out, as rates are reckoned by."""
        borrowed = self.borrowed(coin)
        return Decimal(borrowed) / Decimal(borrowed + self.available(coin))

    def rates(self, coin: str) -> tuple[Decimal, Decimal]:
        """What suppliers get and borrowers pay a year, not compounded: 0.05 is 5 %."""
        data = self._data(coin)
        return Decimal(data[5]) / RAY, Decimal(data[6]) / RAY

    def deficit(self, coin: str) -> int:
        """Bad debt that nobody has covered."""
        pool = self._known["aave_v3_pool"]
        return int(self._rpc.read(pool, "getReserveDeficit(address)", [self._address(coin)]))

    # -- use

    def use(self, coin: str, utilisation: Decimal | str) -> None:
        """Borrows or repays until that share of the coin is lent out; "1" leaves nothing to withdraw."""
        wanted = Decimal(utilisation)
        if not 0 <= wanted <= 1:
            raise ReplicaError(f"a market is used between 0 and 1, not {utilisation}")
        borrowed = self.borrowed(coin)
        target = int(wanted * (borrowed + self.available(coin)))
        if target > borrowed:
            self._borrow(coin, target - borrowed)
        elif target < borrowed:
            self._repay(coin, borrowed - target)

    def supply(self, coin: str, amount: int) -> None:
        """OPERATOR supplies that much more; it must have it."""
        self._rpc.send(
            self._known["aave_v3_pool"], SUPPLY, [self._address(coin), amount, OPERATOR, 0], sender=OPERATOR
        )

    # -- stops

    def pause(self, coin: str, *, paused: bool = True) -> None:
        """While paused nothing moves: no deposit, no withdrawal, no repayment."""
        self._configure("setReservePause(address,bool)", coin, paused)

    def freeze(self, coin: str, *, frozen: bool = True) -> None:
        """While frozen nobody supplies or borrows; withdrawals go on."""
        self._configure("setReserveFreeze(address,bool)", coin, frozen)

    def set_supply_cap(self, coin: str, whole_coins: int) -> None:
        """The most that may be supplied, in whole coins; 0 is no cap."""
        self._configure("setSupplyCap(address,uint256)", coin, whole_coins)

    # -- rewards

    def emit_rewards(self, coin: str, reward: str, per_second: int, seconds: int) -> None:
        """Pays suppliers of `coin` `per_second` base units of `reward` in all, out of OPERATOR's balance."""
        manager, token = self._known["aave_v3_emission_manager"], self._address(reward)
        end = self._replica.timestamp() + seconds
        feed = self._book.feed(reward).address
        deposit = self.deposit_token(coin)
        self._rpc.send(manager, "setEmissionAdmin(address,address)", [token, OPERATOR], sender=OPERATOR)
        config = (per_second, 0, end, deposit, token, REWARD_PAYER, feed)
        self._rpc.send(manager, EMISSION, [[config]], sender=OPERATOR)
        self.pay_rewards(reward)

    def pay_rewards(self, reward: str, *, paid: bool = True) -> None:
        """While not paid, every claim of `reward` reverts: its payer may not take it from OPERATOR."""
        for amount in (0, UNLIMITED) if paid else (0,):
            args = [REWARD_PAYER, amount]
            self._rpc.send(self._address(reward), "approve(address,uint256)", args, sender=OPERATOR)

    # -- bad debt

    def default(self, coin: str, amount: int) -> int:
        """Leaves a deficit of about `amount`: a loan, a fall of ETH, a liquidation that falls short.

        The deficit left. ETH costs afterwards what it did before. ReplicaError when that much cannot be lent.
        """
        token, weth = self._address(coin), self._address("WETH")
        loan = int(amount / DEFAULT_SHARE)
        if loan > self.available(coin):
            raise ReplicaError(f"a default of {amount} {coin} needs a loan of {loan}: not that much is left")
        before = self.deficit(coin)
        price = self._replica.feed_price("ETH")
        self._take_bad_loan(coin, loan, price)
        self._replica.set_feed("ETH", price / 2)
        self._fund(coin, OPERATOR, loan)
        args = [weth, token, DEFAULTER, UNLIMITED, False]
        self._rpc.send(self._known["aave_v3_pool"], LIQUIDATE, args, sender=OPERATOR)
        self._replica.set_feed("ETH", price)
        return self.deficit(coin) - before

    def _take_bad_loan(self, coin: str, loan: int, eth_price: Price) -> None:
        pool, token = self._known["aave_v3_pool"], self._book.token(coin)
        dollars = Decimal(loan).scaleb(-token.decimals) * self._replica.feed_price(coin)
        collateral = int(dollars * COLLATERAL_MARGIN / Decimal(eth_price) * 10**18)
        weth = self._address("WETH")
        self._rpc.call("anvil_impersonateAccount", DEFAULTER)
        self._replica.give_eth(DEFAULTER, 10**20)
        self._replica.mint("WETH", DEFAULTER, collateral)
        self._rpc.send(weth, "approve(address,uint256)", [pool, collateral], sender=DEFAULTER)
        self._rpc.send(pool, SUPPLY, [weth, collateral, DEFAULTER, 0], sender=DEFAULTER)
        self._rpc.send(pool, BORROW, [token.address, loan, VARIABLE_RATE, 0, DEFAULTER], sender=DEFAULTER)

    # -- inside

    def _borrow(self, coin: str, amount: int) -> None:
        args = [self._address(coin), amount, VARIABLE_RATE, 0, BORROWER]
        self._rpc.send(self._known["aave_v3_pool"], BORROW, args, sender=BORROWER)

    def _repay(self, coin: str, amount: int) -> None:
        self._fund(coin, BORROWER, amount)
        args = [self._address(coin), amount, VARIABLE_RATE, BORROWER]
        self._rpc.send(self._known["aave_v3_pool"], REPAY, args, sender=BORROWER)

    def _fund(self, coin: str, account: str, amount: int) -> None:
        """Mints what the account lacks: interest is paid with coins that nobody has yet."""
        lacking = amount - self._replica.balance(coin, account)
        if lacking > 0:
            self._replica.mint(coin, account, lacking)

    def _configure(self, signature: str, coin: str, value: int) -> None:
        args = [self._address(coin), value]
        self._rpc.send(self._known["aave_v3_configurator"], signature, args, sender=OPERATOR)

    def _address(self, coin: str) -> str:
        return self._book.token(coin).address

    def _data(self, coin: str) -> tuple[int, ...]:
        at, args = self._known["aave_v3_data_provider"], [self._address(coin)]
        data: tuple[int, ...] = self._rpc.read(at, "getReserveData(address)", args, RESERVE_DATA)
        return data
