"""Attacks on the whole deployment: five real coins, real Rebalancer, calculator and oracle on the fork."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi import encode

from ballast.model.rebalance import minimum_out
from ballast.replica import address_book
from ballast.units import BPS, WAD
from tests.deployed import Deployed, confirm_crisis, deploy_five, fund, two_source_index

FUND = 1_000_000  # USD of the first contribution
DELAY = 2 * 86_400  # s, the curator's


@dataclass(frozen=True)
class Stage:
    """A deployed index that holds $1,000,000 of the first investor, and a venue that gives any terms."""

    deployed: Deployed
    venue: Any

    @property
    def vault(self) -> Any:
        return self.deployed.system.vault

    @property
    def rebalancer(self) -> Any:
        return self.deployed.system.rebalancer

    def token(self, symbol: str) -> str:
        return str(address_book().token(symbol).address)

    def position(self, symbol: str) -> int:
        return self.deployed.tokens.index(self.token(symbol))

    def amounts(self, **units: int) -> list[int]:
        """A contribution of these coins, own decimals, in the vault's order."""
        named = {self.token(symbol): amount for symbol, amount in units.items()}
        return [named.get(token, 0) for token in self.deployed.tokens]

    def announce(self, contract: Any, method: str, *args: Any) -> None:
        """The curator schedules a call, the delay passes, the curator executes it."""
        access, data = self.deployed.system.access, getattr(contract, method).encode_input(*args)
        access.schedule(contract, data, 0, sender=self.deployed.curator)
        self.deployed.replica.pass_time(DELAY, keep_feeds=True)
        access.execute(contract, data, sender=self.deployed.curator)
        self.report()

    def report(self) -> None:
        """The reporter says that nothing has changed."""
        calculator = self.deployed.system.calculator
        rows = calculator.getMarketData()
        columns = [[row[name] for row in rows] for name in ("token", "cap", "score")]
        still = [0] * len(rows)
        calculator.report(*columns, still, still, sender=self.deployed.reporter)

    def values(self) -> list[int]:
        """WAD{USD} of each coin at mid, in the vault's order."""
        basket, scales = self.vault.getBasket(), self.vault.getScales()
        quotes = self.deployed.system.oracle.quotes(basket.tokens)
        return [
            r * s * ((q.low + q.high) // 2) // WAD
            for r, s, q in zip(basket.reserves, scales, quotes, strict=True)
        ]

    def gaps(self) -> list[int]:
        """WAD{USD} of each coin above its target."""
        values, weights = self.values(), self.vault.getBasket().weights
        return [v - w * sum(values) // BPS for v, w in zip(values, weights, strict=True)]

    def trade(self, token_in: str, token_out: str, sold: int, bought: int) -> tuple:
        """One trade at the terms given, own decimals."""
        data = encode(["uint256", "address", "bytes"], [bought, "0x" + "00" * 20, b""])
        return (token_in, token_out, sold, 0, self.venue.address, data)

    def sell_out(self, symbol: str) -> list[tuple]:
        """Trades at the oracle's mid that sell a coin's whole reserve for what is below its target."""
        basket, scales = self.vault.getBasket(), list(self.vault.getScales())
        quotes = self.deployed.system.oracle.quotes(basket.tokens)
        mids = [(q.low + q.high) // 2 for q in quotes]
        source, gaps = self.position(symbol), self.gaps()
        wanted = {i: -gap for i, gap in enumerate(gaps) if gap < 0}
        left, trades = basket.reserves[source], []
        for number, (i, gap) in enumerate(wanted.items(), start=1):
            share = basket.reserves[source] * gap // sum(wanted.values())
            sold = left if number == len(wanted) else share
            bought = sold * scales[source] * mids[source] // (scales[i] * mids[i])
            trades.append(self.trade(basket.tokens[source], basket.tokens[i], sold, bought))
            left -= sold
        return trades

    @property
    def detector(self) -> Any:
        return self.deployed.system.detector

    @property
    def emergency(self) -> Any:
        return self.deployed.system.emergency

    def flee(self, symbol: str) -> Any:
        """Anyone opens the emergency of a coin."""
        return self.rebalancer.executeEmergencyRebalance(self.token(symbol), sender=self.deployed.attacker)

    def look(self, token: str) -> None:
        """The attacker has the detector look at a coin."""
        rpc, sender = self.deployed.replica.rpc, str(self.deployed.attacker)
        rpc.send(str(self.detector.address), "observe(address)", [token], sender=sender)

    def floor(self, source: str, target: str, sold: int, keep: int) -> int:
        """The least of `target` that `keep` bps of the oracle's price allow for so much of `source`."""
        (low, _, _), (_, high, _) = self.deployed.system.oracle.quotes(
            [self.token(source), self.token(target)]
        )
        scales = dict(zip(self.deployed.tokens, self.vault.getScales(), strict=True))
        scale_in, scale_out = scales[self.token(source)], scales[self.token(target)]
        return minimum_out(sold, scale_in, low, scale_out, high, BPS - keep)

    def fill(self, trades: Sequence[tuple]) -> Any:
        return self.rebalancer.executeRebalance(list(trades), sender=self.deployed.keeper)


@pytest.fixture(scope="session")
def deployed(networks: Any, tmp_path_factory: Any) -> Deployed:
    return deploy_five(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="session")
def guarded(networks: Any, tmp_path_factory: Any) -> Deployed:
    """As it ships: feeds and pools, so that a crisis can be confirmed."""
    return deploy_five(tmp_path_factory.mktemp("guarded"), two_source_index())


@pytest.fixture
def stage(deployed: Deployed, project: Any) -> Stage:
    return _stage(deployed, project)


@pytest.fixture
def watched(guarded: Deployed, project: Any) -> Stage:
    """A stage whose coins are looked at through two sources each."""
    return _stage(guarded, project)


@pytest.fixture
def fleeing(watched: Stage) -> Stage:
    """USDT, half of the fund, is at 70 cents by both its sources; anyone has opened the emergency."""
    confirm_crisis(watched.deployed, "USDT")
    watched.flee("USDT")
    return watched


def _stage(deployed: Deployed, project: Any) -> Stage:
    deployed.contribute(FUND)
    venue = deployed.deployer.deploy(project.TermsVenue)
    for coin in deployed.index.coins:
        deployed.replica.mint(coin.symbol, str(venue.address), 10_000_000 * 10**coin.decimals)
    fund(deployed, str(deployed.attacker))
    return Stage(deployed, venue)


@pytest.fixture
def dropped(stage: Stage) -> Stage:
    """The curator has taken DAI out of the index; a session is open, DAI wanted no more and still held."""
    stage.announce(stage.deployed.system.calculator, "setActive", stage.token("DAI"), False)
    stage.rebalancer.open(sender=stage.deployed.attacker)
    assert stage.vault.getWeight(stage.token("DAI")) == 0
    return stage


@pytest.fixture
def sold(dropped: Stage) -> Stage:
    """... and the keeper has sold every unit of it; the next session will leave it out."""
    dropped.fill(dropped.sell_out("DAI"))
    assert dropped.vault.getReserve(dropped.token("DAI")) == 0
    return dropped
