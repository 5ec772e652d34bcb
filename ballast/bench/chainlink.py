"""Chainlink feeds for coins that have none on the replica: the same real proxy and aggregator code."""

from typing import Final

from ballast.bench.gas import Lab
from ballast.replica.feeds import LINK, NOBODY, ROUND_TIMEOUT, submit
from ballast.replica.packages import fetch, pinned
from ballast.replica.place import OPERATOR, Deployer
from ballast.replica.solc import Artifact, compile_feeds

DECIMALS: Final = 8
DOLLAR: Final = 10**DECIMALS
PACKAGE: Final = "@chainlink/contracts"


class FeedMaker:
    """Makes feeds that say $1; compiles their code once."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._code: dict[str, Artifact] = {}

    def dollar_feed(self) -> str:
        """A proxy over its own aggregator, with one answer of $1."""
        if not self._code:
            self._lab.progress("Chainlink's code")
            self._code = compile_feeds(fetch(pinned()[PACKAGE]))
        deployer = Deployer(self._lab.rpc)
        types = "address,uint128,uint32,address,int256,int256,uint8,string"
        args = [LINK, 0, ROUND_TIMEOUT, NOBODY, 1, 1_000 * DOLLAR, DECIMALS, "PLAIN / USD"]
        aggregator = deployer.create(self._code["FluxAggregator"], types, args)
        oracles = "changeOracles(address[],address[],address[],uint32,uint32,uint32)"
        deployer.rpc.send(aggregator, oracles, [[], [OPERATOR], [OPERATOR], 1, 1, 0], sender=OPERATOR)
        proxy = deployer.create(self._code["EACAggregatorProxy"], "address,address", [aggregator, NOBODY])
        submit(deployer.rpc, [(proxy, DOLLAR)])
        return proxy
