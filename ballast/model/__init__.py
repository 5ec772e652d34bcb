"""Exact-integer twin of the contracts' maths: the same inputs give the same integers, bit for bit."""
