"""The vaults that the pack is played on: ours, and those that plug in beside them."""

from collections.abc import Mapping
from typing import Final

from ballast.replica import convex, curve
from ballast.replica.aave_market import AaveMarket
from ballast.replica.comet import CometMarket
from ballast.replica.morpho_market import MorphoMarket
from tests.unit.erc4626.stage import Deviation, Lab, Scene, Stage, Subject, nothing_happens

MONTH: Final = 30 * 86_400  # s
LOSS: Final = 20_000_000  # whole coins of bad debt
GIFT: Final = 1_000  # whole coins of a harvest, or of a donation
SPARE: Final = 30_000  # whole coins that are left to withdraw where they are scarce
HARVEST: Final = "harvest((address,uint256,address,bytes)[])"


# -- ours


def strategy(lab: Lab, name: str, *args: object) -> str:
    """One of the project's strategies, with OPERATOR for its governor and prices of $1."""
    return lab.deploy(name, "Ballast test", "bt", *args, lab.authority, lab.oracle)


def aave_strategy(lab: Lab, coin: str) -> str:
    known = lab.replica.book.contracts
    return strategy(lab, "AaveStrategy", lab.address(coin), known["aave_v3_pool"], known["aave_v3_rewards"])


def compound_strategy(lab: Lab, coin: str) -> str:
    known = lab.replica.book.contracts
    return strategy(lab, "CompoundStrategy", known[f"comet_{coin.lower()}"], known["comet_rewards"])


def curve_strategy(lab: Lab, coin: str) -> str:
    pool = lab.replica.book.curve_pool("USDC", "USDT")
    return strategy(lab, "CurveStrategy", pool.address, lab.address(coin))


def convex_strategy(lab: Lab, coin: str) -> str:
    book = lab.replica.book
    pool = book.curve_pool("USDC", "USDT")
    number = convex.convex_pool(lab.rpc, book, pool).number
    staked = (book.contracts["convex_booster"], number, [])
    return strategy(lab, "ConvexStrategy", pool.address, lab.address(coin), *staked)


def month_passes(lab: Lab, stage: Stage) -> None:
    lab.wait(MONTH)


def gains_are_half_out(lab: Lab, stage: Stage) -> None:
    """A harvest of coins that lie there, a day and a half ago."""
    lab.replica.mint(stage.coin, stage.vault, GIFT * lab.unit(stage.coin))
    lab.send(stage.vault, HARVEST, [])
    lab.wait(36 * 3_600)


def deposits_are_paused(lab: Lab, stage: Stage) -> None:
    lab.send(stage.vault, "pauseDeposits()")


OWN_SCENES: Final[Mapping[str, Scene]] = {
    "empty": nothing_happens,
    "month": month_passes,
    "harvested": gains_are_half_out,
    "paused": deposits_are_paused,
}


# -- Aave


def aave_defaults(lab: Lab, stage: Stage) -> None:
    AaveMarket(lab.replica).default(stage.coin, LOSS * lab.unit(stage.coin))


def aave_is_used_up(lab: Lab, stage: Stage) -> None:
    AaveMarket(lab.replica).use(stage.coin, 1)


def aave_is_scarce(lab: Lab, stage: Stage) -> None:
    market = AaveMarket(lab.replica)
    market.use(stage.coin, 1)
    market.supply(stage.coin, SPARE * lab.unit(stage.coin))


def aave_stops(lab: Lab, stage: Stage) -> None:
    AaveMarket(lab.replica).pause(stage.coin)


AAVE_SCENES: Final[Mapping[str, Scene]] = {
    "month": month_passes,
    "defaulted": aave_defaults,
    "used_up": aave_is_used_up,
    "scarce": aave_is_scarce,
    "stopped": aave_stops,
}


# -- Compound


def comet(lab: Lab, stage: Stage) -> CometMarket:
    return CometMarket(lab.rpc, lab.replica.book, stage.coin)


def comet_is_used_up(lab: Lab, stage: Stage) -> None:
    comet(lab, stage).borrow_all()


def comet_is_scarce(lab: Lab, stage: Stage) -> None:
    market = comet(lab, stage)
    market.borrow_all()
    market.supply(SPARE * lab.unit(stage.coin))


def comet_loses(lab: Lab, stage: Stage) -> None:
    comet(lab, stage).push_loss(LOSS // 10 * lab.unit(stage.coin))


def comet_stops(lab: Lab, stage: Stage) -> None:
    comet(lab, stage).pause(supply=True, withdraw=True)


COMET_SCENES: Final[Mapping[str, Scene]] = {
    "lost": comet_loses,
    "used_up": comet_is_used_up,
    "scarce": comet_is_scarce,
    "stopped": comet_stops,
}


# -- Curve


def curve_pool_leans(lab: Lab, stage: Stage) -> None:
    """Pushed in the same hour, towards the other coin: ours is scarce in the pool."""
    book = lab.replica.book
    curve.push(lab.rpc, book, book.curve_pool("USDC", "USDT"), "USDT", "0.9")


def curve_pool_is_flooded(lab: Lab, stage: Stage) -> None:
    """Half a day after much of our coin was sold into the pool."""
    book = lab.replica.book
    curve.push(lab.rpc, book, book.curve_pool("USDC", "USDT"), stage.coin, "0.5")
    lab.wait(12 * 3_600)


def curve_pool_earns(lab: Lab, stage: Stage) -> None:
    book, unit = lab.replica.book, lab.unit(stage.coin)
    pool = book.curve_pool("USDC", "USDT")
    for _ in range(5):
        curve.swap(lab.rpc, book, pool, "USDC", "USDT", 4_000_000 * unit)
        curve.swap(lab.rpc, book, pool, "USDT", "USDC", 4_000_000 * unit)
    lab.wait(86_400)


CURVE_SCENES: Final[Mapping[str, Scene]] = {
    "leaning": curve_pool_leans,
    "flooded": curve_pool_is_flooded,
    "earned": curve_pool_earns,
}


def convex_shuts_down(lab: Lab, stage: Stage) -> None:
    convex.shut_down(lab.rpc, lab.replica.book)


def convex_is_left(lab: Lab, stage: Stage) -> None:
    lab.send(stage.vault, "leaveConvex()")


CONVEX_SCENES: Final[Mapping[str, Scene]] = {
    "leaning": curve_pool_leans,
    "shut down": convex_shuts_down,
    "left": convex_is_left,
}


# -- theirs


def yearn_vault(lab: Lab, coin: str) -> str:
    return lab.replica.book.contracts[f"yearn_{coin.lower()}"]


def yearn_reports(lab: Lab, stage: Stage) -> None:
    """The gain of two years is reported, and half released."""
    lab.wait(24 * MONTH)
    known = lab.replica.book.contracts
    lab.send(stage.vault, "process_report(address)", known[f"morpho_vault_{stage.coin.lower()}"])
    lab.wait(84 * 3_600)


def yearn_has_a_loss_unreported(lab: Lab, stage: Stage) -> None:
    MorphoMarket(lab.replica).default(stage.coin, LOSS // 10 * lab.unit(stage.coin))


def yearn_limits_deposits(lab: Lab, stage: Stage) -> None:
    lab.send(stage.vault, "set_deposit_limit(uint256)", 20_000_000 * lab.unit(stage.coin))


def yearn_shuts_down(lab: Lab, stage: Stage) -> None:
    lab.send(stage.vault, "shutdown_vault()")


def yearn_lends_everything(lab: Lab, stage: Stage) -> None:
    strategy_ = lab.replica.book.contracts[f"morpho_vault_{stage.coin.lower()}"]
    lab.send(stage.vault, "update_debt(address,uint256)", strategy_, 10**9 * lab.unit(stage.coin))


def morpho_vault(lab: Lab, coin: str) -> str:
    return lab.replica.book.contracts[f"morpho_vault_{coin.lower()}"]


def morpho_is_used_up(lab: Lab, stage: Stage) -> None:
    MorphoMarket(lab.replica).use(stage.coin, 1)


def morpho_defaults(lab: Lab, stage: Stage) -> None:
    MorphoMarket(lab.replica).default(stage.coin, LOSS // 10 * lab.unit(stage.coin))


def stata_token(lab: Lab, coin: str) -> str:
    return lab.replica.book.contracts[f"aave_v3_stata_{coin.lower()}"]


YEARN_SCENES: Final = {
    "reported": yearn_reports,
    "unreported loss": yearn_has_a_loss_unreported,
    "limited": yearn_limits_deposits,
    "shut down": yearn_shuts_down,
    "all lent": yearn_lends_everything,
}
MORPHO_SCENES: Final = {"month": month_passes, "used_up": morpho_is_used_up, "defaulted": morpho_defaults}
AAVE_DILUTED: Final = Deviation(
    "preview_deposit_is_close",
    "a deposit dilutes the pool's bad debt, and brings a little more than the preview says",
    ("defaulted",),
    10**15,
)
YEARN_DEVIATIONS: Final = (
    Deviation(
        "max_mint_never_reverts",
        "it overflows when deposits have no limit",
        ("reported", "unreported loss", "all lent"),
        1,
    ),
    Deviation(
        "a_withdrawal_pays_exactly_what_it_says",
        "it pays what the shares are worth that it burns, a unit more at times",
        ("reported",),
        10**12,
    ),
)
STATA_LIMITS: Final = tuple(
    Deviation(
        name,
        "Aave's cap also counts what the treasury has earned since the last update",
        ("month", "defaulted"),
        10**16,
    )
    for name in ("max_deposit_is_honoured", "max_mint_is_honoured")
)

SUBJECTS: Final = (
    Subject("AaveStrategy", "USDC", aave_strategy, {**OWN_SCENES, **AAVE_SCENES}, (AAVE_DILUTED,)),
    Subject("CompoundStrategy", "USDC", compound_strategy, {**OWN_SCENES, **COMET_SCENES}),
    Subject("CurveStrategy", "USDC", curve_strategy, {**OWN_SCENES, **CURVE_SCENES}),
    Subject("ConvexStrategy", "USDC", convex_strategy, {**OWN_SCENES, **CONVEX_SCENES}),
    Subject("YearnV3", "USDC", yearn_vault, YEARN_SCENES, YEARN_DEVIATIONS),
    Subject("MetaMorpho", "USDC", morpho_vault, MORPHO_SCENES),
    Subject("StataToken", "USDC", stata_token, AAVE_SCENES, STATA_LIMITS),
)
