"""How much the drawn tests draw: one setting, BALLAST_PROFILE (quick, ci or deep) in the environment."""

import os
from dataclasses import dataclass
from typing import Final

from hypothesis import settings


@dataclass(frozen=True)
class Profile:
    """Amounts of drawn work."""

    name: str
    weight_cases: int  # drawn cases of the weights
    batch: int  # cases per eth_call
    differential_cases: int  # drawn cases of any other pure function
    look_sequences: int  # drawn rows of looks at a coin
    campaign_actions: int  # actions of a stateful campaign, all runs together
    examples: int  # examples of one Hypothesis test that sends transactions


PROFILES: Final = {
    "quick": Profile("quick", 2_000, 200, 500, 2_000, 500, 10),
    "ci": Profile("ci", 20_000, 200, 5_000, 12_000, 3_000, 50),
    "deep": Profile("deep", 500_000, 200, 100_000, 200_000, 100_000, 500),
}
DEFAULT: Final = "quick"


def current() -> Profile:
    """The profile asked for. KeyError naming the choices when there is no such profile."""
    name = os.environ.get("BALLAST_PROFILE", DEFAULT)
    if name not in PROFILES:
        raise KeyError(f"BALLAST_PROFILE={name}: choose one of {', '.join(PROFILES)}")
    return PROFILES[name]


PROFILE: Final = current()

# Only `deep` draws anew each time: a commit passes or fails whoever runs it.
settings.register_profile("ballast", derandomize=PROFILE.name != "deep")
settings.load_profile("ballast")
