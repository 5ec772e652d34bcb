"""The Rebalancer's rules as the keeper recomputes them, on top of the exact model."""
