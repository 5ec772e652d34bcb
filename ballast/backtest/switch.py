"""The kill switch of a backtest: what KillSwitch would remember, and when it would stop ordinary trading."""

from collections.abc import Sequence

from ballast.index_file import KillSwitchParams
from ballast.keeper.rules import is_tradable
from ballast.keeper.snapshot import Coin, KillSwitch
from ballast.model.rebalance import value_of
from ballast.units import WAD


class Switch:
    """Values of a share, WAD{USD/share}, and when each was written down (s). Nobody ever resumes here."""

    def __init__(self, given: KillSwitchParams, supply: int) -> None:
        self._given, self._supply = given, supply
        self._checkpoints: list[tuple[int, int]] = []
        self._last_at = 0
        self.halted_at: int | None = None

    def view(self, coins: Sequence[Coin], now: int) -> KillSwitch:
        """What a keeper's snapshot shows of it."""
        given, worth = self._given, self._worth(coins)
        since = now - given.window_seconds
        return KillSwitch(
            drop_bps=given.drop_bps,
            window=given.window_seconds,
            spacing=given.spacing_seconds,
            last_at=self._last_at,
            highest=max((value for at, value in self._checkpoints if at >= since), default=0),
            value=None if worth is None else worth[1],
        )

    def checkpoint(self, coins: Sequence[Coin], now: int) -> None:
        """Remembers a share's value at the lowest prices."""
        worth = self._worth(coins)
        assert worth is not None, "a keeper has looked that there is one"
        since = now - self._given.window_seconds
        self._checkpoints = [one for one in self._checkpoints if one[0] >= since] + [(now, worth[0])]
        self._last_at = now

    def trip(self, now: int) -> None:
        """Stops ordinary trading; what was written down before no longer counts."""
        self.halted_at, self._checkpoints = now, []

    def _worth(self, coins: Sequence[Coin]) -> tuple[int, int] | None:
        """At each coin's lowest and at its highest source; None while one held has no usable price."""
        held = [coin for coin in coins if coin.reserve]
        if not all(is_tradable(coin.quote, lenient=True) for coin in held):
            return None
        low = sum(value_of(coin.reserve, coin.scale, coin.quote.low) for coin in held)
        high = sum(value_of(coin.reserve, coin.scale, coin.quote.high) for coin in held)
        return low * WAD // self._supply, high * WAD // self._supply
