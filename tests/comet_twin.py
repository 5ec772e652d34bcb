"""The integers of a Compound V3 market as its documentation gives them, exactly.

Rates are per second at 1e18, indices begin at 1e15, amounts are base units of a coin with 6 decimals.
"""

from dataclasses import dataclass, field

from ballast.units import WAD, ceil_div

INDEX_ONE = 10**15
YEAR = 365 * 86_400  # s
BASE_ONE = 10**6


@dataclass(frozen=True)
class Curve:
    """Interest by utilisation, a straight line on either side of a kink; per second, WAD."""

    kink: int
    low: int
    high: int
    base: int

    @classmethod
    def yearly(cls, kink: int, low: int, high: int, base: int) -> "Curve":
        """As Compound publishes it: WAD a year."""
        return cls(kink, low // YEAR, high // YEAR, base // YEAR)

    def rate(self, utilization: int) -> int:
        """Per second, WAD."""
        if utilization <= self.kink:
            return self.base + self.low * utilization // WAD
        return self.base + self.low * self.kink // WAD + self.high * (utilization - self.kink) // WAD


@dataclass
class Twin:
    """A market: indices, totals, and the signed principals of its accounts."""

    supply_curve: Curve
    borrow_curve: Curve
    supply_speed: int  # rewards, 1e15 = 1 a second
    borrow_speed: int
    least_for_rewards: int
    supply_index: int = INDEX_ONE
    borrow_index: int = INDEX_ONE
    tracking_supply: int = 0
    tracking_borrow: int = 0
    supplied: int = 0  # principal
    borrowed: int = 0  # principal
    principals: dict[str, int] = field(default_factory=dict)

    def utilization(self) -> int:
        """WAD."""
        supply = self.supplied * self.supply_index // INDEX_ONE
        return self.borrowed * self.borrow_index // INDEX_ONE * WAD // supply if supply else 0

    def accrue(self, seconds: int) -> None:
        """Simple interest from the last accrual to now."""
        if not seconds:
            return
        at = self.utilization()
        self.supply_index += self.supply_index * (self.supply_curve.rate(at) * seconds) // WAD
        self.borrow_index += self.borrow_index * (self.borrow_curve.rate(at) * seconds) // WAD
        if self.supplied >= self.least_for_rewards:
            self.tracking_supply += self.supply_speed * seconds * BASE_ONE // self.supplied
        if self.borrowed >= self.least_for_rewards:
            self.tracking_borrow += self.borrow_speed * seconds * BASE_ONE // self.borrowed

    def balance(self, account: str) -> int:
        """What an account has, or owes below zero."""
        principal = self.principals.get(account, 0)
        if principal >= 0:
            return principal * self.supply_index // INDEX_ONE
        return -(-principal * self.borrow_index // INDEX_ONE)

    def change(self, account: str, amount: int) -> None:
        """Supply or repayment above zero, withdrawal or borrowing below."""
        old, balance = self.principals.get(account, 0), self.balance(account) + amount
        new = (
            balance * INDEX_ONE // self.supply_index
            if balance >= 0
            else -ceil_div(-balance * INDEX_ONE, self.borrow_index)
        )
        if (new - old) * amount > 0:  # rounding alone moves no total
            self.supplied += max(new, 0) - max(old, 0)
            self.borrowed += max(-new, 0) - max(-old, 0)
        self.principals[account] = new
