"""Typed errors: each carries one line that says what is wrong and what to do about it."""


class BallastError(Exception):
    """A mistake or a fault with a way out; scripts print it as one line and exit with 1."""


class ConfigError(BallastError):
    """A setting or a description file is missing, malformed or out of bounds."""


class ChainError(BallastError):
    """The chain is unreachable, is another chain, or answers what it must not."""


class DataError(BallastError):
    """A price, supply or market data file or feed cannot be read as it stands."""


class ReplicaError(BallastError):
    """The local mainnet cannot be built, started or reached."""


class OptimizerError(BallastError):
    """No split of the money keeps every limit, or a limit or estimate makes no sense."""
