"""What a look at a coin costs, and what asking for the verdict does.

Every coin is SOUND and its ring has gone round: no slot is written for the first time. Its sources are some
basis points off a dollar and off each other, as real ones are. Figures of looks are whole transactions. Two
settings: a coin of two Chainlink proxies, and the five coins as the packaged index has them (Chainlink, the
pool's average, what issuers are asked), where a figure is the mean of the five. Peers:
- tutorial: the sources asked, a struct pushed, the verdict found by going over the last looks;
- floor: the sources asked, one used slot written; of a verdict, one slot read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from ballast.bench.chainlink import FeedMaker
from ballast.bench.fund import deploy_detector
from ballast.bench.gas import Lab
from ballast.bench.market import COINS, HUB, Market, fund_market
from ballast.bench.rows import Row
from ballast.bench.sources import Sources, chainlink_sources, shipped_sources
from ballast.chain.crisis_wiring import probe_data
from ballast.index_file import IndexFile, load_index
from ballast.settings import PACKAGED_INDEX

RING: Final = 64  # looks
SPACING: Final = 300  # s
REPORT_EVERY: Final = 12  # looks, within a volume's lifetime
PRICE: Final = "0.9995"  # USD, what the coins' own feeds say
VOLUME: Final = 1_000_000  # {USD/h}
LOOK: Final = "observe(address)"
FLOOR_LOOK: Final = "observe(address,address[])"
VERDICT: Final = "isCrisisDetected(address)"

Looks = tuple[int, int, int]  # gas of one look: ours, the tutorial's, the floor's


@dataclass(frozen=True)
class Scene:
    """The detectors, warm, and the coins they look at."""

    lab: Lab
    market: Market
    sources: Sources
    ours: str
    tutorial: str
    floor: str

    @classmethod
    def warm(cls, lab: Lab, market: Market, sources: Sources) -> "Scene":
        """All three deployed; ours and the tutorial's have looked until the ring has gone round."""
        _, _, ours = deploy_detector(lab, market, sources)
        tutorial, floor = lab.deploy("TutorialDetector"), lab.deploy("FloorDetector")
        scene = cls(lab, market, sources, ours, tutorial, floor)
        for token, feeds in zip(market.tokens, sources.feeds, strict=True):
            lab.send(tutorial, "setFeeds(address,address[])", token, list(feeds))
        for number in range(RING + 1):
            if number % REPORT_EVERY == 0:
                scene.report()
            scene.look()
        return scene

    def report(self) -> None:
        """Every coin's volume, to both who ask for it."""
        tokens = self.market.tokens
        volumes = [VOLUME] * len(tokens)
        self.lab.send(self.ours, "reportVolumes(address[],uint256[])", tokens, volumes)
        for token in tokens:
            self.lab.send(self.tutorial, "reportVolume(address,uint256)", token, VOLUME)

    def look(self) -> list[Looks]:
        """Everyone looks at every coin, when it may next be done."""
        self.lab.rpc.mine_after(SPACING)
        pairs = zip(self.market.tokens, self.sources.feeds, strict=True)
        return [
            (
                self.lab.send(self.ours, LOOK, token).gas,
                self.lab.send(self.tutorial, LOOK, token).gas,
                self.lab.send(self.floor, FLOOR_LOOK, token, list(feeds)).gas,
            )
            for token, feeds in pairs
        ]

    def feeds_gas(self, coin: int) -> int:
        """Of asking that coin's sources once, by themselves."""
        return self.lab.view_gas(self.floor, "ask(address[])", list(self.sources.feeds[coin]))


def observe_rows(lab: Lab) -> Iterator[Row]:
    """Every `observe` row."""
    market = fund_market(lab, 0)
    lab.replica.set_feeds(dict.fromkeys((HUB, *COINS), PRICE))
    with lab.aside():
        lab.progress("looks")
        yield from _chainlink_rows(
            Scene.warm(lab, market, chainlink_sources(market, FeedMaker(lab), lab, each=2))
        )
    with lab.aside():
        lab.progress("looks as shipped")
        yield from _shipped_rows(lab, load_index(PACKAGED_INDEX))


def verdict_rows(lab: Lab) -> Iterator[Row]:
    """Every `is_crisis_detected` row."""
    market = fund_market(lab, 0)
    scene = Scene.warm(lab, market, chainlink_sources(market, FeedMaker(lab), lab, each=2))
    ours, tutorial, floor = (
        lab.view_gas(detector, VERDICT, market.hub.token)
        for detector in (scene.ours, scene.tutorial, scene.floor)
    )
    yield Row("is_crisis_detected.vs_tutorial", ours, tutorial, note="cold view; the last looks gone over")
    yield Row("is_crisis_detected.vs_floor", ours, floor, note="cold view; one slot read")


def _chainlink_rows(scene: Scene) -> Iterator[Row]:
    [(ours, tutorial, floor)] = scene.look()
    feeds = scene.feeds_gas(0)
    note = "look at a SOUND coin of two Chainlink proxies"
    yield Row("observe.vs_tutorial", ours, tutorial, note=note)
    yield Row("observe.vs_floor", ours, floor, note=f"{note}; they asked, one slot written")
    note = f"{note}, less what these take ({feeds:,})"
    yield Row("observe.without_feeds.vs_tutorial", ours - feeds, tutorial - feeds, note=note)


def _shipped_rows(lab: Lab, index: IndexFile) -> Iterator[Row]:
    market = fund_market(lab, len(COINS))
    scene = Scene.warm(lab, market, shipped_sources(market, lab, index))
    for symbol, probes in index.crisis.issuer_probes.items():
        token = index.coin(symbol).token
        asked = [(token, probe_data(probe, lab.me)) for probe in probes]
        lab.send(scene.ours, "setIssuerProbes(address,(address,bytes)[])", token, asked)
    looks = scene.look()
    ours, tutorial, floor = (round(fmean(look[who] for look in looks)) for who in range(3))
    note = "look at a SOUND coin as shipped (Chainlink, pool average, issuer probes), mean of five coins"
    most = {"ours_max": max(look[0] for look in looks)}
    yield Row("observe.shipped.vs_tutorial", ours, tutorial, note=note, extra=dict(most))
    yield Row("observe.shipped.vs_floor", ours, floor, note=note, extra=dict(most))
