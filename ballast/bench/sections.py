"""Every section of the bench by the prefix of its rows; later work adds its own here."""

from typing import Final

from ballast.bench import crisis, emergency, lending, optimizer, rebalance, shares, throughput, weights
from ballast.bench.rows import Registry

SECTIONS: Final = Registry(
    {
        "weights": weights.rows,
        "rebalance": rebalance.rows,
        "contribute": shares.contribute_rows,
        "withdraw": shares.withdraw_rows,
        "observe": crisis.observe_rows,
        "is_crisis_detected": crisis.verdict_rows,
        "emergency": emergency.rows,
        "optimizer": optimizer.rows,
        "lending": lending.rows,
        "properties": throughput.rows,
    }
)
