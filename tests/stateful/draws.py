"""What is drawn, for all rules."""

from typing import Final

from hypothesis import strategies as st

from tests.bad_feeds import MODES

INVESTOR: Final = st.integers(0, 2)
HOLDER: Final = st.integers(0, 3)  # the attacker too
ANYBODY: Final = st.integers(0, 4)  # and the attacker's contract
COIN: Final = st.integers(0, 4)
POOL: Final = st.integers(0, 8)
DOLLARS: Final = st.integers(1, 150_000)
PERMILLE: Final = st.integers(-1_000, 1_000)
JUMP: Final = st.integers(100, 1_500).flatmap(lambda bps: st.sampled_from((bps, -bps)))
BAD_MODES: Final = tuple(mode for mode in MODES if mode not in ("GOOD", "ROUND", "BURNING"))
POOL_TRADES: Final = st.lists(
    st.tuples(POOL, st.sampled_from((True, True, False)), st.integers(0, 1_100)), min_size=1, max_size=3
)
HOSTILE_TRADES: Final = st.lists(
    st.tuples(
        st.sampled_from((0, 0, 0, 1, 2)),  # rank of the coin sold, from the one farthest above its target
        st.sampled_from((0, 0, 0, 1, 2)),  # of the coin bought, from the one farthest below
        st.sampled_from((1, 100, 500, 900, 1_000, 1_010, 2_000)),  # per mille of the way
        st.sampled_from((-1, 0, 0, 1, 2_000, 9_000)),  # ppm that the terms are off the floor
    ),
    min_size=1,
    max_size=3,
)
