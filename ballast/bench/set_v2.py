"""Set Protocol V2 as a peer: its own artifacts from npm, deployed and wired as its documentation says.

The tarball is pinned in `packages.json` beside this file; nothing of it is compiled or changed here. Its
GeneralIndexModule trades one component against one asset it calls WETH; here that asset is the hub coin, and
each trade is a transaction of its own, as in production. Steady state: a first whole rebalance is done before
one is measured, so no storage slot is written for the first time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ballast.bench.gas import MAX_UINT, ZERO, Lab
from ballast.bench.market import Coin
from ballast.errors import ReplicaError
from ballast.replica.packages import fetch_all, pinned
from ballast.units import WAD

PINS: Final = Path(__file__).with_name("packages.json")
NAME: Final = "@setprotocol/set-protocol-v2"
EXCHANGE: Final = "UniswapV3"
MOST: Final = MAX_UINT >> 128  # as good as unlimited
CREATED: Final = 1  # index of the new set's address among the topics of SetTokenCreated


@dataclass(frozen=True)
class SetV2:
    """The protocol's contracts on the laboratory's node; the deployer manages every set."""

    lab: Lab
    creator: str
    issuance: str
    index: str

    @classmethod
    def deploy(cls, lab: Lab, hub: str) -> "SetV2":
        """Deploys and wires the protocol with `hub` as the asset its index module trades against."""
        lab.progress("Set V2")
        code = _creation_code()
        me = lab.me
        controller = lab.deploy(code["Controller"], "address", me)
        creator = lab.deploy(code["SetTokenCreator"], "address", controller)
        registry = lab.deploy(code["IntegrationRegistry"], "address", controller)
        issuance = lab.deploy(code["BasicIssuanceModule"], "address", controller)
        index = lab.deploy(code["GeneralIndexModule"], "address,address", controller, hub)
        adapter = lab.deploy(
            code["UniswapV3IndexExchangeAdapter"], "address", lab.book.contracts["uniswap_v3_router"]
        )
        wire = "initialize(address[],address[],address[],uint256[])"
        lab.send(controller, wire, [creator], [issuance, index], [registry], [0])
        lab.send(registry, "addIntegration(address,string,address)", index, EXCHANGE, adapter)
        return cls(lab, creator, issuance, index)

    def create(self, components: Sequence[str], units: Sequence[int]) -> str:
        """A set with `units[i]` of each component (its own decimals) per whole set; both modules ready."""
        lab, modules = self.lab, [self.issuance, self.index]
        create = "create(address[],int256[],address[],address,string,string)"
        made = lab.send(self.creator, create, components, units, modules, lab.me, "Peer", "PEER")
        topics = next(log["topics"] for log in made.logs if log["address"].lower() == self.creator.lower())
        token = "0x" + str(topics[CREATED])[-40:]
        lab.send(self.issuance, "initialize(address,address)", token, ZERO)
        lab.send(self.index, "initialize(address)", token)
        return token

    def issue(self, token: str, sets: int) -> int:
        """Gas of issuing `sets` (WAD) to the deployer, who must have approved the components."""
        return self.lab.send(self.issuance, "issue(address,uint256,address)", token, sets, self.lab.me).gas

    def redeem(self, token: str, sets: int) -> int:
        """Gas of redeeming `sets` (WAD)."""
        return self.lab.send(self.issuance, "redeem(address,uint256,address)", token, sets, self.lab.me).gas

    def prepare_trading(self, token: str, coins: Sequence[Coin]) -> None:
        """Lets the deployer trade any amount of each coin through its pool."""
        lab, index = self.lab, self.index
        tokens = [coin.token for coin in coins]
        routes = [coin.fee.to_bytes(3, "big") for coin in coins]
        most = [MOST] * len(coins)
        lab.send(index, "setTradeMaximums(address,address[],uint256[])", token, tokens, most)
        lab.send(index, "setExchanges(address,address[],string[])", token, tokens, [EXCHANGE] * len(coins))
        lab.send(index, "setExchangeData(address,address[],bytes[])", token, tokens, routes)
        lab.send(index, "setTraderStatus(address,address[],bool[])", token, [lab.me], [True])

    def start(self, token: str, targets: Sequence[int]) -> int:
        """Gas of starting a rebalance towards `targets`, units per set in the set's own order."""
        start = "startRebalance(address,address[],uint256[],uint256[],uint256)"
        return self.lab.send(self.index, start, token, [], [], targets, WAD).gas

    def trade(self, token: str, coin: str, *, selling: bool) -> int:
        """Gas of one trade of the whole difference to its target; no limit on what it gets or gives."""
        limit = 0 if selling else MOST
        return self.lab.send(self.index, "trade(address,address,uint256)", token, coin, limit).gas


def _creation_code() -> dict[str, bytes]:
    package = pinned(PINS)[NAME]
    folder = fetch_all({NAME: package})[NAME]
    try:
        found = {Path(f).stem: json.loads((folder / f).read_text())["bytecode"] for f in package.files}
        return {name: bytes.fromhex(code.removeprefix("0x")) for name, code in found.items()}
    except (OSError, KeyError, ValueError) as error:
        raise ReplicaError(
            f"{NAME}: the unpacked artifacts cannot be read; delete .cache/npm ({error})"
        ) from error
