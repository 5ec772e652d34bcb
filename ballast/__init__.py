"""Ballast: an on-chain index fund of dollar stablecoins that keeps itself balanced."""
