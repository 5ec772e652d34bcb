"""The reporter of the demo: once a day, caps as the path has them, scores of the last month."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ape.api import AccountAPI

from ballast.chain.market import market_state, plan_changes, reports
from ballast.chain.system import System
from ballast.chain.transactor import send_call
from ballast.errors import ChainError
from ballast.index_file import IndexFile
from ballast.market_data import MarketRow
from ballast.model.stability import stability_score
from ballast.replica import Replica
from ballast.units import WAD, wad_of

MONTH: Final = (
    30  # prices that a score looks back on, one a day; days that the path leaves out were at a dollar
)
_DAY: Final = timedelta(days=1)
_MAX_REPORTS: Final = 60  # until caps have arrived


def month_score(prices: list[int]) -> int:
    """Per mille. `prices` WAD{USD/coin}, the last ones of a coin, a day each."""
    return stability_score([WAD] * (MONTH - len(prices)) + prices[-MONTH:])


class Reporter:
    """Knows the path so far."""

    def __init__(self, replica: Replica, index: IndexFile) -> None:
        self._replica, self._index = replica, index
        self._seen: dict[str, list[int]] = {coin.symbol: [] for coin in index.coins}
        self._seen_at: datetime | None = None
        self.caps = {coin.symbol: int(coin.market_cap.initial_usd) for coin in index.coins}

    def remember(self, at: datetime, prices: Mapping[str, Decimal]) -> bool:
        """Whether a day has gone by since the last prices that were remembered."""
        if self._seen_at is not None and at - self._seen_at < _DAY:
            return False
        self._seen_at = at
        for coin, seen in self._seen.items():
            seen.append(wad_of(prices[coin]))
        return True

    def report(self, system: System, account: AccountAPI, caps: Mapping[str, int]) -> None:
        """Brings caps and scores on chain, walking where the contract's bounds make it."""
        self.caps.update(caps)
        rows = [MarketRow(coin, self.caps[coin], month_score(seen)) for coin, seen in self._seen.items()]
        calculator = system.calculator
        pause = calculator.CHANGE_WINDOW()
        for _ in range(_MAX_REPORTS):
            changes = plan_changes(market_state(calculator, self._index), rows, walk=True)
            send_call(account, "reporting", calculator, "report", *reports(changes))
            if all(change.arrives for change in changes):
                return
            self._replica.pass_time(pause)
        raise ChainError(f"market caps did not arrive in {_MAX_REPORTS} reports: they lie too far apart")
