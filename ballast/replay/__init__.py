"""A price history on the chain: feeds and pools of the replica follow it, and the fund lives through it."""
