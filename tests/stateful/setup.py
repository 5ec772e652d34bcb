"""How the campaign's index is made: tight limits, further price sources, and a past for the detector."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ape import accounts, networks
from eth_abi import encode

from ballast.index_file import (
    Coin,
    DetectorParams,
    EmergencyTrading,
    IndexFile,
    KillSwitchParams,
)
from ballast.index_types import ChainlinkSource
from ballast.replica import Replica
from ballast.replica.rpc import Rpc, selector
from tests.deployed import DEPLOYER, deploy_five, five_coin_index, fund
from tests.stateful.world import BLOCK_TIME, World

HOUR: Final = 3_600
START_USD: Final = (3_000_000, 1_500_000)  # of the first two investors
STOCK: Final = 20_000_000  # whole coins of each kind the attacker's venue owns
# So that a run's fills meet these limits.
TIGHT: Final = {
    "loss_budget_bps": 12,
    "loss_period_seconds": 7 * 86_400,
    "max_trade_usd": Decimal(300_000),
}
# Price sources beside the coin's Chainlink feed. Two must answer; LUSD has its feed alone, so that nothing
# confirms a crisis of it.
OPINIONS: Final = {"USDC": 1, "USDT": 1, "DAI": 2, "FRAX": 1}
# So that a run lives through crises: every step of a coin's way takes some looks an hour apart.
CRISIS: Final = {
    "detector": DetectorParams(
        threshold_bps_hours=1_500,
        surge_bps=1_000,
        calm_seconds=2 * HOUR,
        recovery_seconds=2 * HOUR,
        step_seconds=HOUR,
        steps=3,
        dark_seconds=2 * HOUR,
    ),
    "emergency": EmergencyTrading(loss_budget_bps=40, max_trade_usd=Decimal(900_000)),
    "kill_switch": KillSwitchParams(drop_bps=300),
}
PAST_LOOKS: Final = 26  # at two coins, each with a volume: enough for an average
PAST_VOLUME: Final = 1_000_000  # USD an hour
WITH_A_PAST: Final = ("USDC", "FRAX")
SAFE_TRANSFER: Final = ("TransferFailed()", "TransferFromFailed()")  # solady reverts with them in assembly
CONTRACTS: Final = (
    "IndexVault",
    "Rebalancer",
    "RebalanceOutlook",
    "IndexCalculator",
    "PriceOracle",
    "IndexAccess",
    "UniswapV3Venue",
    "CrisisDetector",
    "EmergencyIndex",
    "KillSwitch",
    "StrategyManager",
    "StatefulVenue",
)


def build_world(project: Any, folder: Path) -> World:
    """Deploys an index with tight limits, LUSD weighed by its supply, and lets two investors in."""
    replica = Replica(networks.active_provider.uri)
    rpc, deployer = replica.rpc, accounts.test_accounts[DEPLOYER].address
    opinions = {
        symbol: [_opinion(replica, project, symbol, deployer) for _ in range(count)]
        for symbol, count in OPINIONS.items()
    }
    deployed = deploy_five(folder, _description(opinions))
    venue = _create(rpc, project.StatefulVenue, b"", deployer)
    bad_feed = _create(rpc, project.BadFeed, encode(["uint8", "int256"], [8, 10**8]), deployer)
    for investor, dollars in zip(deployed.investors, START_USD, strict=False):
        deployed.contribute(dollars, investor)
    fund(deployed, deployed.attacker.address)
    for coin in deployed.index.coins:
        replica.mint(coin.symbol, venue, STOCK * 10**coin.decimals)
    world = World(deployed, venue, bad_feed, opinions, known_errors(project))
    rpc.call("anvil_impersonateAccount", venue)
    replica.give_eth(venue, 10**24)
    rpc.send(world.vault, "transfer(address,uint256)", [venue, 10**21], sender=world.investors[0])
    rpc.call("anvil_setBlockTimestampInterval", BLOCK_TIME)
    _live(world)
    return world


def known_errors(project: Any) -> dict[bytes, str]:
    """Every custom error of the project's contracts by its selector, with those of the transfer library."""
    named = {selector(text): text[:-2] for text in SAFE_TRANSFER}
    for name in CONTRACTS:
        for error in getattr(project, name).contract_type.errors:
            named[selector(error.selector)] = error.name
    return named


def _description(opinions: Mapping[str, Sequence[str]]) -> IndexFile:
    index = five_coin_index()
    return index.model_copy(
        update={
            "coins": tuple(_with_opinions(coin, opinions.get(coin.symbol, ())) for coin in index.coins),
            "rebalancing": index.rebalancing.model_copy(update=TIGHT),
            "crisis": index.crisis.model_copy(update=CRISIS),
        }
    )


def _with_opinions(coin: Coin, feeds: Sequence[str]) -> Coin:
    """LUSD, which has none, is the one that is weighed by its supply."""
    if coin.symbol == "LUSD":
        by_supply = coin.market_cap.model_copy(update={"source": "SUPPLY"})
        return coin.model_copy(update={"market_cap": by_supply})
    further = (ChainlinkSource(kind="chainlink", feed=feed, heartbeat=90_000) for feed in feeds)
    return coin.model_copy(update={"oracle": (*coin.oracle, *further), "min_sources": min(2, 1 + len(feeds))})


def _opinion(replica: Replica, project: Any, symbol: str, deployer: str) -> str:
    """A feed that says what the coin's Chainlink feed says, until a run makes it say something else."""
    feed = replica.book.feed(symbol)
    answer = replica.rpc.read(feed.address, "latestAnswer()", (), "int256")
    return _create(
        replica.rpc, project.BadFeed, encode(["uint8", "int256"], [feed.decimals, answer]), deployer
    )


def _live(world: World) -> None:
    """Hours of looks at coins that keep their pegs, some with volumes."""
    coins = [world.symbols.index(symbol) for symbol in WITH_A_PAST]
    watched = [world.tokens[coin] for coin in coins]
    world.replica.pass_time(4 * HOUR)
    for look in range(PAST_LOOKS):
        world.replica.pass_time(300)
        if look % 12 == 0:
            volumes = [watched, [PAST_VOLUME] * len(watched)]
            world.rpc.send(
                world.detector, "reportVolumes(address[],uint256[])", volumes, sender=world.reporter
            )
        for token in world.tokens if look == PAST_LOOKS - 1 else watched:
            world.rpc.send(world.detector, "observe(address)", [token], sender=world.deployer)


def _create(rpc: Rpc, container: Any, args: bytes, sender: str) -> str:
    code = bytes(container.contract_type.get_deployment_bytecode()) + args
    return str(rpc.send_raw(None, code, sender=sender)["contractAddress"])
