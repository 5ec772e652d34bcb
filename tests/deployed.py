"""A complete five-coin index on the fork of the replica: roles on test accounts, funded investors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ape import accounts, networks

from ballast.chain.deployer import deploy_index
from ballast.chain.deployment import Deployment
from ballast.chain.multicall import aggregate, foreign, read
from ballast.chain.system import System
from ballast.index_file import IndexFile, load_index
from ballast.replica import Replica
from ballast.roles import RoleId
from ballast.settings import PACKAGED_INDEX
from ballast.units import BPS, WAD

ROLES = {RoleId.GOVERNOR: 1, RoleId.CURATOR: 2, RoleId.GUARDIAN: 3, RoleId.KEEPER: 4, RoleId.REPORTER: 5}
DEPLOYER, INVESTORS, ATTACKER = 0, (6, 7, 8), 9
FUNDS = 10_000_000  # whole coins of each kind an investor gets


@dataclass(frozen=True)
class Deployed:
    """The index, its contracts and its people; every account is an Ape test account."""

    index: IndexFile
    deployment: Deployment
    system: System
    folder: Path  # of the deployment record
    replica: Replica
    deployer: Any
    governor: Any
    curator: Any
    guardian: Any
    keeper: Any
    reporter: Any
    investors: tuple[Any, ...]
    attacker: Any

    @property
    def tokens(self) -> list[str]:
        """The vault's coins in the vault's order."""
        return list(aggregate([read(self.system.vault, "getConstituents")])[0][0])

    def amounts_worth(self, usd: int) -> list[int]:
        """Amounts, in the vault's order and own decimals, worth `usd` whole USD at the vault's targets."""
        (tokens, weights), scales = aggregate(
            [read(self.system.vault, "getConstituents"), read(self.system.vault, "getScales")]
        )
        quotes = aggregate([read(self.system.oracle, "quotes", tokens)])[0]
        mids = [(quote["low"] + quote["high"]) // 2 for quote in quotes]
        return [
            usd * WAD * weight // BPS * WAD // mid // scale
            for weight, mid, scale in zip(weights, mids, scales, strict=True)
        ]

    def contribute(self, usd: int, investor: Any = None) -> int:
        """Lets an investor (the first) put in `usd` whole USD at the targets; the shares it got."""
        investor = investor or self.investors[0]
        before = self.system.vault.balanceOf(investor)
        self.system.vault.contribute(self.amounts_worth(usd), investor, 0, sender=investor)
        return int(self.system.vault.balanceOf(investor) - before)


def five_coin_index(**changes: Any) -> IndexFile:
    """The packaged index with its roles on test accounts; `changes` replace fields of it.

    Chainlink alone prices the coins, so that a test which moves a feed need not move the pools and wait.
    """
    coins = load_index(PACKAGED_INDEX).coins
    alone = tuple(c.model_copy(update={"oracle": c.oracle[:1], "min_sources": 1}) for c in coins)
    return two_source_index(**({"coins": alone} | changes))


def lending_index(**changes: Any) -> IndexFile:
    """The five-coin index with its coins lent as the packaged one lends them."""
    return five_coin_index(**({"lending": load_index(PACKAGED_INDEX).lending} | changes))


def two_source_index(**changes: Any) -> IndexFile:
    """The packaged index, feeds and pools, with its roles on test accounts: what sees a crisis confirmed."""
    index = load_index(PACKAGED_INDEX)
    index = index.model_copy(update={"lending": None})  # most tests lend nothing and deploy the faster for it
    roles = {
        role.name.lower(): getattr(index.roles, role.name.lower()).model_copy(
            update={"account": accounts.test_accounts[number].address}
        )
        for role, number in ROLES.items()
    }
    return index.model_copy(update={"roles": index.roles.model_copy(update=roles), **changes})


def deploy_five(
    folder: Path, index: IndexFile | None = None, say: Callable[[str], None] = lambda _: None
) -> Deployed:
    """Deploys the index on the connected fork of the replica and funds the investors."""
    index = index or five_coin_index()
    replica = Replica(networks.active_provider.uri)
    test = accounts.test_accounts
    outcome = deploy_index(index, "stable5.yaml", test[DEPLOYER], folder, True, say)
    people = {role.name.lower(): test[number] for role, number in ROLES.items()}
    deployed = Deployed(
        index=index,
        deployment=outcome.deployment,
        system=outcome.system,
        folder=folder,
        replica=replica,
        deployer=test[DEPLOYER],
        investors=tuple(test[number] for number in INVESTORS),
        attacker=test[ATTACKER],
        **people,
    )
    for investor in deployed.investors:
        fund(deployed, investor.address)
    return deployed


def fund(deployed: Deployed, account: str) -> None:
    """Gives an unlocked account coins of each kind, and the vault its allowance."""
    rpc, vault = deployed.replica.rpc, str(deployed.system.vault.address)
    for coin in deployed.index.coins:
        deployed.replica.mint(coin.symbol, account, FUNDS * 10**coin.decimals)
        for allowed in (0, 2**255):  # USDT takes no second allowance over a first
            rpc.send(coin.token, "approve(address,uint256)", [vault, allowed], sender=account)


def depeg(deployed: Deployed, symbol: str, price: str) -> None:
    """Feed and pools of a coin at the price, the pools as deep as before and past their averages."""
    deployed.replica.depeg(symbol, price)
    for pool in deployed.replica.stable_pools(symbol):
        deployed.replica.provide(*pool.coins, pool.fee)
    deployed.replica.pass_time(1_900)


def confirm_crisis(deployed: Deployed, symbol: str, price: str = "0.7") -> None:
    """Lets a coin fall and the detector look until it confirms the crisis."""
    depeg(deployed, symbol, price)
    detector, token = deployed.system.detector, deployed.index.coin(symbol).token
    for _ in range(20):
        detector.observe(token, sender=deployed.attacker)
        if detector.isCrisisDetected(token):
            return
        deployed.replica.pass_time(3_600)
    raise AssertionError("no crisis")


def balance(token: str, account: str) -> int:
    """A token balance, own decimals."""
    return int(aggregate([foreign(token, "balanceOf(address)(uint256)", account)])[0])


__all__ = [
    "Deployed",
    "balance",
    "confirm_crisis",
    "depeg",
    "deploy_five",
    "five_coin_index",
    "fund",
    "lending_index",
    "two_source_index",
]
