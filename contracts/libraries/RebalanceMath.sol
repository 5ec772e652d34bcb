// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {Facts, TriggerParams} from "../rebalance/RebalanceTypes.sol";

/// @title Drift, floors, budget and decision: pure integers, twin of `ballast/model/rebalance.py`.
/// @dev Values WAD{USD}, prices WAD{USD/coin}, weights and drifts bps, budget 1e-12 of the fund ("ppt").
///      Unchecked below: a value is some uint256 / 1e18, so below 2**197; a sum of fewer than 64 below 2**203; times 1e4,
///      which no weight is above, below 2**217.
library RebalanceMath {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant WAD = 1e18;
    uint256 internal constant PPT = 1e12; // the whole fund
    uint256 internal constant PPT_PER_BPS = 1e8;

    enum Move {
        OK,
        AWAY, // farther from its target than before
        OVERSHOT // on the other side of its target, beyond the tolerance
    }

    /// @return WAD{USD} = {token} * 10**(18 - decimals) * WAD{USD/coin} / WAD, rounded down.
    function valueOf(uint256 reserve, uint256 scale, uint256 price) internal pure returns (uint256) {
        return reserve * scale * price / WAD;
    }

    /// @return values WAD{USD} per coin.
    /// @return total Their sum.
    function valuesOf(uint256[] memory reserves, uint256[] memory scales, uint256[] memory prices)
        internal
        pure
        returns (uint256[] memory values, uint256 total)
    {
        uint256 n = reserves.length;
        values = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            uint256 value = valueOf(reserves[i], scales[i], prices[i]);
            values[i] = value;
            unchecked {
                total += value;
            }
        }
    }

    /// @return bps{fund} of the coin farthest from its target, rounded up; 0 for an empty fund.
    function maxDrift(uint256[] memory values, uint256 total, uint256[] memory weights)
        internal
        pure
        returns (uint256)
    {
        uint256 worst; // bps * WAD{USD}
        for (uint256 i; i < values.length; ++i) {
            uint256 distance = offTarget(values[i], weights[i], total);
            if (distance > worst) worst = distance;
        }
        return driftOf(worst, total);
    }

    /// @notice One coin's part in `maxDrift`, which is the largest of these over the total, rounded up.
    /// @return bps * WAD{USD}
    function offTarget(uint256 value, uint256 weight, uint256 total) internal pure returns (uint256) {
        unchecked {
            return _distance(value * BPS, weight * total);
        }
    }

    /// @return bps{fund} of the largest `offTarget`, rounded up; 0 for an empty fund.
    function driftOf(uint256 worst, uint256 total) internal pure returns (uint256) {
        return total == 0 ? 0 : _ceilDiv(worst, total);
    }

    /// @return WAD{USD} that must change hands to be on target: half of all distances, rounded down.
    function valueToMove(uint256[] memory values, uint256 total, uint256[] memory weights)
        internal
        pure
        returns (uint256)
    {
        uint256 sum; // bps * WAD{USD}
        for (uint256 i; i < values.length; ++i) {
            unchecked {
                sum += offTarget(values[i], weights[i], total);
            }
        }
        return sum / (2 * BPS);
    }

    /// @return worst bps{$1} of the coin farthest from one dollar, rounded up.
    function worstPeg(uint256[] memory prices) internal pure returns (uint256 worst) {
        for (uint256 i; i < prices.length; ++i) {
            uint256 distance = _distance(prices[i], WAD);
            if (distance > worst) worst = distance;
        }
        return _ceilDiv(worst * BPS, WAD);
    }

    /// @return WAD{USD} = {wei/gas} * {gas} * WAD{USD/ETH} / WAD, rounded down.
    function gasCost(uint256 gasPrice, uint256 gasUnits, uint256 ethPrice) internal pure returns (uint256) {
        return gasPrice * gasUnits * ethPrice / WAD;
    }

    /// @notice One reason for every yes and every no.
    function decide(Facts memory f, TriggerParams memory p, uint256 settleBandBps)
        internal
        pure
        returns (bool, IRebalancer.Reason)
    {
        if (f.paused) return (false, IRebalancer.Reason.PAUSED);
        if (f.crisis) return (true, IRebalancer.Reason.CRISIS);
        if (f.halted) return (false, IRebalancer.Reason.PAUSED);
        if (!f.dataGood) return (false, IRebalancer.Reason.STALE_DATA);
        if (f.sessionOpen) return (true, IRebalancer.Reason.SESSION_OPEN);
        if (f.sinceEnded < p.cooldown) return (false, IRebalancer.Reason.COOLDOWN);
        IRebalancer.Reason trigger = _trigger(f, p, settleBandBps);
        if (trigger == IRebalancer.Reason.IN_BAND) return (false, trigger);
        if (f.toMove < p.minValue) return (false, IRebalancer.Reason.BELOW_MIN_VALUE);
        if (f.gasCost > p.gasCeiling) return (false, IRebalancer.Reason.GAS_TOO_HIGH);
        return (true, trigger);
    }

    /// @notice Slippage limit of a pair: at rest, plus how far its rate has moved since the session opened.
    /// @param midIn WAD{USD/coin} now.
    /// @param snapIn The session's price of the same coin, any unit shared with `snapOut`.
    /// @return bps{trade}, at most `ceiling`; the ceiling too where a price is missing.
    function slippage(
        uint256 base,
        uint256 ceiling,
        uint256 midIn,
        uint256 midOut,
        uint256 snapIn,
        uint256 snapOut
    ) internal pure returns (uint256) {
        // The oracle's prices are below 2**188 and a snapshot's below 2**43; bps are few.
        unchecked {
            uint256 rateNow = midIn * snapOut;
            uint256 rateThen = midOut * snapIn;
            if (rateThen == 0) return ceiling;
            uint256 limit = base + _distance(rateNow, rateThen) * BPS / rateThen;
            return limit < ceiling ? limit : ceiling;
        }
    }

    /// @notice The least a trade may bring: what was sold at its low price, buying at the high one, times what is kept.
    /// @param keepBps bps of the price: 10,000 less the slippage, above it where a premium is asked.
    /// @return {tokenOut}, own decimals, rounded up.
    function minimumOut(
        uint256 sold,
        uint256 scaleIn,
        uint256 lowIn,
        uint256 scaleOut,
        uint256 highOut,
        uint256 keepBps
    ) internal pure returns (uint256) {
        return _ceilDiv(sold * scaleIn * lowIn * keepBps, scaleOut * highOut * BPS);
    }

    /// @notice How a coin moved against its target value, which is fixed on the fund's value before the fill.
    /// @param valueBefore WAD{USD}.
    /// @param total WAD{USD} before the fill.
    /// @param dust WAD{USD} of one unit of the coin.
    /// @param tolerance bps{fund} that a coin may land beyond its target.
    function movement(
        uint256 valueBefore,
        uint256 valueAfter,
        uint256 weight,
        uint256 total,
        uint256 dust,
        uint256 tolerance
    ) internal pure returns (Move) {
        unchecked {
            uint256 target = weight * total; // bps * WAD{USD}, like the rest here
            uint256 beforeFill = valueBefore * BPS;
            uint256 afterFill = valueAfter * BPS;
            uint256 distance = _distance(afterFill, target);
            if (distance > _distance(beforeFill, target) + dust * BPS) return Move.AWAY;
            bool crossed = beforeFill > target ? afterFill < target : afterFill > target;
            return crossed && distance > tolerance * total ? Move.OVERSHOT : Move.OK;
        }
    }

    /// @return WAD{USD} of one unit of the coin, rounded up.
    function unitValue(uint256 scale, uint256 price) internal pure returns (uint256) {
        return _ceilDiv(scale * price, WAD);
    }

    /// @notice What is still spent of the budget after it has refilled for `elapsed` seconds.
    /// @return ppt, at least 0.
    function refilled(uint256 used, uint256 elapsed, uint256 budgetBps, uint256 period)
        internal
        pure
        returns (uint256)
    {
        uint256 back = budgetBps * PPT_PER_BPS * elapsed / period;
        return back < used ? used - back : 0;
    }

    /// @return ppt of `total` that `loss` is, rounded up.
    function lossShare(uint256 loss, uint256 total) internal pure returns (uint256) {
        return _ceilDiv(loss * PPT, total);
    }

    /// @return WAD{USD} left to lose, rounded down.
    function lossAvailable(uint256 used, uint256 budgetBps, uint256 total) internal pure returns (uint256) {
        uint256 capacity = budgetBps * PPT_PER_BPS;
        return used < capacity ? (capacity - used) * total / PPT : 0;
    }

    /// @notice A coin's part in what an emergency fill lost: sold at its high price, bought at its low one, so that whichever
    ///         source is false, the fund loses no more than is counted.
    /// @param valueBefore WAD{USD} at mid, as `valueAfter`.
    /// @param low WAD{USD/coin}, and `high`; their mid is not 0.
    /// @return given WAD{USD}, rounded up.
    /// @return taken WAD{USD}, rounded down.
    function atWorst(uint256 valueBefore, uint256 valueAfter, uint256 low, uint256 high)
        internal
        pure
        returns (uint256 given, uint256 taken)
    {
        uint256 mid = (low + high) / 2;
        if (valueAfter < valueBefore) given = _ceilDiv((valueBefore - valueAfter) * high, mid);
        else taken = (valueAfter - valueBefore) * low / mid;
    }

    function _trigger(Facts memory f, TriggerParams memory p, uint256 settleBandBps)
        private
        pure
        returns (IRebalancer.Reason)
    {
        if (f.driftBps > p.driftBps) return IRebalancer.Reason.DRIFT;
        if (f.driftBps <= settleBandBps) return IRebalancer.Reason.IN_BAND;
        if (f.pegBps > p.priceBps) return IRebalancer.Reason.PRICE;
        if (f.sinceSettled > p.calendarInterval) return IRebalancer.Reason.CALENDAR;
        return IRebalancer.Reason.IN_BAND;
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return a > b ? a - b : b - a;
        }
    }

    function _ceilDiv(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return a == 0 ? 0 : (a - 1) / b + 1;
        }
    }
}
