"""The lent part of the fund in two `eth_call`s at one block: what the manager says, then what markets pay."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ballast.chain.connect import contract_at
from ballast.chain.lending_wiring import lent_coins, listed_strategies, strategy_address
from ballast.chain.multicall import Call, aggregate, foreign, read
from ballast.chain.system import System
from ballast.errors import ChainError
from ballast.index_file import Coin, IndexFile
from ballast.index_lending import AaveV3, CompoundV3, Convex, Reward, Strategy
from ballast.keeper.lending_view import LendingView, LentCoin, PendingReward, StrategyView
from ballast.model.prices import Status
from ballast.model.yields import Market, is_fit
from ballast.units import WAD, to_wad

_AAVE_OWED: Final = "getAllUserRewards(address[],address)(address[],uint256[])"
_CONVEX_OWED: Final = "earned(address)(uint256)"
_COMET_OWED: Final = "getRewardOwed(address,address)(address,uint256)"
_MAX_ROOM: Final = 2**128 - 1

Answers = Mapping[str, Any]


def lending_calls(system: System, index: IndexFile) -> dict[str, Call]:
    """Everything that does not depend on an answer, by name; nothing for an index that never lends."""
    calls: dict[str, Call] = {}
    for coin, lending in lent_coins(index):
        token = coin.token
        calls[f"lent {token}"] = read(system.manager, "strategiesOf", token)
        calls[f"terms {token}"] = read(system.manager, "termsOf", token)
        calls[f"gains {token}"] = read(system.manager, "gainsOf", token)
        calls[f"idle {token}"] = read(system.vault, "idleOf", token)
        calls[f"enter {token}"] = read(system.detector, "mayEnter", token)
        for given in lending.strategies:
            calls |= _strategy_calls(system, coin, given)
    if index.lending is not None:
        calls["yield params"] = read(system.optimizer, "getParams")
        tokens = [reward.token for reward in index.lending.rewards.values()]
        calls["reward quotes"] = read(system.oracle, "quotes", tokens)
    return calls


def _strategy_calls(system: System, coin: Coin, given: Strategy) -> dict[str, Call]:
    """What our own contracts say of a strategy."""
    at = strategy_address(system, coin, given)
    calls = {
        f"score {at}": read(system.optimizer, "scoreOf", at),
        f"lens {at}": read(system.optimizer, "lensOf", at),
    }
    match given:
        case AaveV3(rewards=str()):
            calls[f"deposit {at}"] = foreign(at, "DEPOSIT_TOKEN()(address)")
        case Convex():
            calls[f"staked {at}"] = foreign(at, "REWARDS()(address)")
            calls[f"rewards {at}"] = foreign(at, "rewardTokens()(address[])")
    return calls


def _market_calls(
    answers: Answers, system: System, index: IndexFile, coin: Coin, given: Strategy
) -> dict[str, Call]:
    """What others' contracts say of it: room, market, rewards. They may fail, or burn all gas."""
    at, manager = strategy_address(system, coin, given), str(system.manager.address)
    calls = {f"room {at}": foreign(at, "maxDeposit(address)(uint256)", manager, may_fail=True)}
    if int(answers[f"lens {at}"], 16):
        lens = contract_at("SharePriceLens", answers[f"lens {at}"])  # its ABI has what every lens answers
        calls[f"market {at}"] = read(lens, "marketOf", at, may_fail=True)
        calls[f"looks {at}"] = read(
            lens, "looksAt", at, may_fail=True
        )  # only a lens that goes by them has any
    for reward in index.lending.rewards.values() if index.lending is not None else ():
        held = foreign(reward.token, "balanceOf(address)(uint256)", at, may_fail=True)
        calls[f"held {at} {reward.token}"] = held
    match given:
        case CompoundV3():
            calls[f"owed {at}"] = foreign(given.rewards, _COMET_OWED, given.comet, at, may_fail=True)
        case AaveV3(rewards=str() as payer):
            deposit = answers[f"deposit {at}"]
            calls[f"owed {at}"] = foreign(payer, _AAVE_OWED, [deposit], at, may_fail=True)
        case Convex():
            # What it owes of CVX follows from the CRV and is sold in the next harvest, when it is there.
            calls[f"owed {at}"] = foreign(answers[f"staked {at}"], _CONVEX_OWED, at, may_fail=True)
    return calls


def _asked(groups: Sequence[dict[str, Call]], block: int) -> dict[str, Any]:
    """All groups in one call; where one spoils it, each by itself and that one left out."""
    together = {name: call for group in groups for name, call in group.items()}
    try:
        return dict(zip(together, aggregate(list(together.values()), block), strict=True))
    except ChainError:
        if len(groups) <= 1:
            return {}
    return {name: answer for group in groups for name, answer in _asked([group], block).items()}


def lending_view(answers: Answers, system: System, index: IndexFile, block: int) -> LendingView | None:
    """The view from the answers to `lending_calls` and the markets at the same block.

    A market that does not answer is one that nothing more is lent to; what is there can still come back.
    """
    if index.lending is None:
        return None
    groups = [_market_calls(answers, system, index, coin, given) for coin, given in listed_strategies(index)]
    answers = {**answers, **_asked(groups, block)}
    params = answers["yield params"]
    return LendingView(
        coins=tuple(_coin(answers, system, index, coin) for coin, _ in lent_coins(index)),
        differential_bps=params["differentialBps"],
        horizon=params["horizon"],
        max_share_bps=params["maxShareBps"],
        move_gas=params["moveGas"],
    )


def _coin(answers: Answers, system: System, index: IndexFile, coin: Coin) -> LentCoin:
    token, at = coin.token, [one.token for one in index.coins].index(coin.token)
    tokens, _, reserves = answers["basket"]
    quote = answers["quotes"][at]
    names = {
        strategy_address(system, coin, given): given
        for one, lending in lent_coins(index)
        if one is coin
        for given in lending.strategies
    }
    states = answers[f"lent {token}"]
    counted, locked, _ = answers[f"gains {token}"]
    value = sum(state["value"] for state in states if state["readable"])
    return LentCoin(
        token=token,
        symbol=coin.symbol,
        decimals=coin.decimals,
        idle=answers[f"idle {token}"],
        reserve=dict(zip(tokens, reserves, strict=True)).get(token, 0),
        buffer_bps=answers[f"terms {token}"]["bufferBps"],
        may_enter=answers[f"enter {token}"],
        price=quote["low"] if quote["status"] == Status.GOOD else None,
        unsynced=value - counted - locked if all(state["readable"] for state in states) else 0,
        strategies=tuple(
            _strategy(answers, index, coin, state, names.get(state["strategy"])) for state in states
        ),
    )


def _strategy(
    answers: Answers,
    index: IndexFile,
    coin: Coin,
    state: Mapping[str, Any],
    given: Strategy | None,
) -> StrategyView:
    """One strategy; of one that the description does not name, only what the manager says."""
    at = state["strategy"]
    market, looks = answers.get(f"market {at}"), answers.get(f"looks {at}")
    return StrategyView(
        address=at,
        name=given.name if given is not None else at,
        shares=state["shares"],
        value=state["value"],
        liquid=state["liquid"],
        room=min(_MAX_ROOM, answers.get(f"room {at}") or 0),
        absolute_cap=state["absoluteCap"],
        relative_cap_bps=state["relativeCapBps"],
        score=answers.get(f"score {at}", 0),
        paused=state["paused"],
        readable=state["readable"],
        # Both sides list the members in the same order: names differ in style only.
        market=_market(market),
        rewards=_rewards(answers, index, coin, at),
        recorder="" if looks is None else answers[f"lens {at}"],
        recorded_at=looks[-1]["at"] if looks else 0,
    )


def _market(answer: Mapping[str, Any] | None) -> Market | None:
    """None where the lens does not answer, or answers what no rate can be reckoned from."""
    if answer is None:
        return None
    market = Market(*answer.values())
    return market if is_fit(market, market.supplied) else None


def _rewards(answers: Answers, index: IndexFile, coin: Coin, at: str) -> tuple[PendingReward, ...]:
    """What the strategy holds and is owed of the rewards that the description names."""
    if index.lending is None or f"score {at}" not in answers:
        return ()
    owed_of = _owed(answers.get(f"owed {at}"), answers.get(f"rewards {at}", ()))
    found = []
    quotes = zip(index.lending.rewards.items(), answers["reward quotes"], strict=True)
    for (symbol, reward), quote in quotes:
        amount = owed_of.get(reward.token, 0) + (answers.get(f"held {at} {reward.token}") or 0)
        if amount:
            found.append(_pending(symbol, reward, coin, amount, quote))
    return tuple(found)


def _owed(answer: Any, tokens: Sequence[str]) -> dict[str, int]:
    """{reward} by token, as each protocol says it: Aave lists, Comet a pair, Convex the first of `tokens`."""
    match answer:
        case (list() as named, list() as amounts):
            return dict(zip(named, amounts, strict=True))
        case (str() as token, int() as amount):
            return {token: amount}
        case int():
            return {tokens[0]: answer}
    return {}


def _pending(symbol: str, reward: Reward, coin: Coin, amount: int, quote: Mapping[str, int]) -> PendingReward:
    price = quote["low"] if quote["status"] == Status.GOOD else 0
    value = to_wad(amount, reward.decimals) * price // WAD
    return PendingReward(reward.token, symbol, amount, value, _path(reward, coin))


def _path(reward: Reward, coin: Coin) -> str:
    """The route in the form of `UniswapV3Venue`, as hex; empty where the description has none."""
    hops = reward.routes.get(coin.symbol, ())
    if not hops:
        return ""
    return "0x" + reward.token[2:] + "".join(f"{hop.fee:06x}{hop.token[2:]}" for hop in hops)
