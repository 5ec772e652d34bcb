"""Which coin is to be fled: the model of `EmergencyIndex.emergencyDue`."""

from ballast.model.crisis import State
from ballast.model.emergency import Situation, first_due

BAND = 50


def coin(share: int, state: State = State.CRISIS, forced: bool = False) -> Situation:
    return Situation(2_000, share, state, forced=forced)


def test_first_due__cut_coins__the_first_above_target_and_band() -> None:
    weights = [100, 0, 0, 9_900]
    at_band, above, more = coin(150), coin(51), coin(3_000)
    sound = coin(6_799, State.WATCH)
    assert first_due([at_band, above, more, sound], weights, BAND) == 1
    assert first_due([at_band, coin(50), more, sound], weights, BAND) == 2
    assert first_due([at_band, coin(50), coin(0), sound], weights, BAND) is None


def test_first_due__guardians_word__cuts_a_sound_coin() -> None:
    assert first_due([coin(500, State.SOUND)], [0], BAND) is None
    assert first_due([coin(500, State.SOUND, forced=True)], [0], BAND) == 0
