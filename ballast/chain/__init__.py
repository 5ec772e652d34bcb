"""The edge to the chain: the only code, with the replica, that speaks to Ape and to a node."""
