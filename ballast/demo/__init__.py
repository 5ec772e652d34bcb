"""The demonstration: a real index on the local mainnet, driven along a price path and told as it happened."""
