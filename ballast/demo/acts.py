"""What the demo plays: an ordinary summer, the weekend that came back, and a fall that did not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from ballast.histories import FOLDER
from ballast.scenario import PACKAGED, Scenario, ScenarioStep, load_history, load_scenario


@dataclass(frozen=True)
class Act:
    """One price path and how it is told."""

    headline: str
    scenario: Scenario
    is_drawn: bool = True
    is_brief: bool = False  # only steps at which something happens are told
    is_overture: bool = False  # its first step only prepares the fund: what is compared begins after it


@dataclass(frozen=True)
class Excerpt:
    """A part of a shipped history: every row at first, then rows at least `spacing` apart."""

    name: str
    history: str
    source: str
    columns: Mapping[str, str]  # coin of the index by column
    market_caps: Mapping[str, int]  # whole USD, reported before it begins
    first: datetime
    dense_until: datetime
    last: datetime
    spacing: timedelta

    def read(self, begin: datetime | None = None) -> Scenario:
        """The price path, moved to begin at `begin` where that is given."""
        steps: list[ScenarioStep] = []
        news: dict[str, Decimal] = {}  # since the last step that was taken
        for step in load_history(FOLDER / f"{self.history}.csv", self.columns).steps:
            news.update(step.prices)
            if not self.first <= step.at <= self.last:
                continue
            if steps and step.at > self.dense_until and step.at < steps[-1].at + self.spacing:
                continue
            steps.append(replace(step, prices=news))
            news = {}
        steps[0] = replace(steps[0], market_caps=self.market_caps)
        shift = timedelta() if begin is None else begin - steps[0].at
        return Scenario(self.name, self.source, tuple(replace(step, at=step.at + shift) for step in steps))


# Supplies at $1 on 2023-03-10, DefiLlama's public stablecoin series.
_MARCH_CAPS: Final = {
    "USDC": 43_176_000_000,
    "USDT": 71_799_000_000,
    "DAI": 4_914_000_000,
    "FRAX": 1_045_000_000,
    "LUSD": 232_000_000,
}
_UST_CAP: Final = 18_700_000_000  # 2022-05-05, DefiLlama

SVB: Final = Excerpt(
    name="svb-weekend",
    history="usdc_march_2023",
    source="hourly prices of March 2023, see ballast/histories",
    columns={
        "USDC@aggregate": "USDC",
        "USDT@aggregate": "USDT",
        "DAI": "DAI",
        "FRAX": "FRAX",
        "LUSD": "LUSD",
    },
    market_caps=_MARCH_CAPS,
    first=datetime(2023, 3, 10, 20, tzinfo=UTC),
    dense_until=datetime(2023, 3, 11, 13, tzinfo=UTC),
    last=datetime(2023, 3, 18, tzinfo=UTC),
    spacing=timedelta(hours=3),
)
WHAT_IF: Final = Excerpt(
    name="what-if-frax-were-ust",
    history="ust_may_2022",
    source="UST's hourly prices of May 2022 under FRAX's name, see ballast/histories",
    columns={"USDC": "USDC", "USDT": "USDT", "DAI": "DAI", "UST": "FRAX"},
    market_caps={**_MARCH_CAPS, "FRAX": _UST_CAP},
    first=datetime(2022, 5, 9, 12, tzinfo=UTC),
    dense_until=datetime(2022, 5, 10, 18, tzinfo=UTC),
    last=datetime(2022, 5, 13, 18, tzinfo=UTC),
    spacing=timedelta(hours=6),
)


def shipped_acts(known: tuple[str, ...]) -> tuple[Act, ...]:
    """The demo's own three acts, of the `known` coins."""
    summer = load_scenario(PACKAGED, known)
    weekend = SVB.read()
    fall = WHAT_IF.read(begin=weekend.steps[-1].at + timedelta(days=7))
    return (
        Act("May and June 2022: market caps shift, the fund follows", summer, is_drawn=False),
        Act(
            "March 2023: the bank that holds USDC's reserves fails; USDC falls to $0.90 and comes back",
            weekend,
            is_brief=True,
            is_overture=True,
        ),
        Act(
            "What if FRAX, as large as UST was, had gone the way of UST? It does not come back",
            fall,
            is_brief=True,
            is_overture=True,
        ),
    )
