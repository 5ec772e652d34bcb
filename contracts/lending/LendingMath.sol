// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {Gains} from "./LendingTypes.sol";

/// @title What lent coins count for, who is paid from where, how much may be lent. Pure integers; the twin is
///        `ballast/model/lending.py`.
/// @notice With V {coin} the value of a coin's strategies now, C what is counted for who leaves, L the gains still locked:
///
///   still locked at t          L(t) = ceil(L * (fullAt - t) / (fullAt - since)), 0 from fullAt on          {coin}
///   counted at t               C(t) = C + L - L(t)                                                         {coin}
///   who leaves counts          low  = min(V, C(t)), who enters counts high = V                             {coin}
///   a look at V (`settle`)     V > C + L: the gain is locked, for the time that is the mean of what is left of the old
///                              and the whole period for the new, weighted by amounts; else the loss is taken from L first
///
/// So a gain that shows between two transactions pays nobody who came in between, and a loss is everybody's at once.
/// C is below zero after gains have come back as coins before they were counted: so much of the idle coins waits.
///
/// Bounds: values < 2**112, shares < 2**128, at most six strategies of a coin.
library LendingMath {
    uint256 internal constant BPS = 10_000;
    uint256 private constant _MAX_USED = type(uint40).max; // ppt

    // --- gains ----------------------------------------------------------------------------------------------------

    /// @notice Brings `g` up to `time`: what has unlocked counts.
    function accrue(Gains memory g, uint256 time) internal pure {
        uint256 left;
        if (time < g.fullAt) {
            left = Math.mulDiv(g.locked, g.fullAt - time, g.fullAt - g.since, Math.Rounding.Ceil);
        }
        g.counted += int128(uint128(g.locked - left));
        (g.locked, g.since) = (uint128(left), uint40(time));
    }

    /// @notice Takes a look at the value into `g`, which is up to `time`.
    /// @return gain {coin} newly locked.
    /// @return loss {coin}
    function settle(Gains memory g, uint256 value, uint256 period, uint256 time)
        internal
        pure
        returns (uint256 gain, uint256 loss)
    {
        int256 expected = int256(g.counted) + int256(uint256(g.locked));
        if (int256(value) > expected) {
            gain = uint256(int256(value) - expected);
            uint256 left = g.fullAt > time ? g.fullAt - time : 0;
            uint256 locked = g.locked + gain;
            g.fullAt = uint40(time + (g.locked * left + gain * period) / locked);
            g.locked = uint128(locked);
            return (gain, 0);
        }
        loss = uint256(expected - int256(value));
        if (int256(g.counted) > int256(value)) (g.counted, g.locked) = (int128(uint128(value)), 0);
        else g.locked = uint128(uint256(int256(value) - g.counted));
    }

    /// @return {coin} that leaving holders count, given C(t).
    function lowOf(uint256 value, int256 counted) internal pure returns (int256) {
        return counted < int256(value) ? counted : int256(value);
    }

    /// @notice Takes `part` of `whole` of everything lent out of `g`, which is up to date: nothing shows as a loss.
    function scaleDown(Gains memory g, uint256 part, uint256 whole) internal pure {
        if (g.counted > 0) {
            uint256 counted = uint256(int256(g.counted));
            g.counted -= int128(uint128(Math.mulDiv(counted, part, whole, Math.Rounding.Ceil)));
        }
        g.locked -= uint128(Math.mulDiv(g.locked, part, whole, Math.Rounding.Ceil));
    }

    // --- shares and payments ----------------------------------------------------------------------------------------

    /// @return {share} worth at most `assets` of a holding's `value`.
    function sharesFor(uint256 shares, uint256 assets, uint256 value) internal pure returns (uint256) {
        return assets >= value ? shares : Math.mulDiv(shares, assets, value);
    }

    /// @return {share} worth at least `assets` of a holding's `value`, all of them at most.
    function sharesCovering(uint256 shares, uint256 assets, uint256 value) internal pure returns (uint256) {
        return assets >= value ? shares : Math.mulDiv(shares, assets, value, Math.Rounding.Ceil);
    }

    /// @return {coin} that `part` of a holding's `shares` are worth, rounded down.
    function worthOf(uint256 part, uint256 shares, uint256 value) internal pure returns (uint256) {
        return shares == 0 ? 0 : Math.mulDiv(value, part, shares);
    }

    /// @notice Whether a share's price moved by more than `jumpBps` between two looks, beyond what rounding values explains.
    function jumped(uint256 seenValue, uint256 seenShares, uint256 value, uint256 shares, uint256 jumpBps)
        internal
        pure
        returns (bool)
    {
        if (seenShares == 0 || shares == 0) return false;
        uint256 then = seenValue * shares;
        uint256 now_ = value * seenShares;
        uint256 moved = now_ > then ? now_ - then : then - now_;
        uint256 rounding = shares + seenShares; // a unit of either value
        return moved > rounding && moved - rounding > Math.mulDiv(then, jumpBps, BPS);
    }

    /// @return order Positions, the largest first, equal ones as they come.
    function byLargest(uint256[] memory amounts) internal pure returns (uint256[] memory order) {
        uint256 count = amounts.length;
        order = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 at = i;
            for (; at != 0 && amounts[order[at - 1]] < amounts[i]; --at) {
                order[at] = order[at - 1];
            }
            order[at] = i;
        }
    }

    // --- how much may be lent ---------------------------------------------------------------------------------------

    /// @return {coin} that a strategy may take under its caps.
    function roomUnderCaps(uint256 reserve, uint256 value, uint256 absoluteCap, uint256 relativeCapBps)
        internal
        pure
        returns (uint256)
    {
        uint256 cap = Math.min(absoluteCap, reserve * relativeCapBps / BPS);
        return cap > value ? cap - value : 0;
    }

    /// @return {coin} of the idle ones beyond the buffer.
    function beyondBuffer(uint256 reserve, uint256 idle, uint256 bufferBps) internal pure returns (uint256) {
        uint256 buffer = Math.mulDiv(reserve, bufferBps, BPS, Math.Rounding.Ceil);
        return idle > buffer ? idle - buffer : 0;
    }

    // --- loss budget ------------------------------------------------------------------------------------------------

    /// @param used ppt{reserve} `elapsed` seconds ago.
    /// @return ppt{reserve} used now, after `loss` {coin} of `reserve` {coin}; as much as can be remembered at most.
    function charged(uint256 used, uint256 elapsed, uint256 budgetBps, uint256 period, uint256 loss, uint256 reserve)
        internal
        pure
        returns (uint256)
    {
        used = RebalanceMath.refilled(used, elapsed, budgetBps, period);
        if (loss == 0) return used;
        if (reserve == 0) return _MAX_USED;
        return Math.min(used + RebalanceMath.lossShare(loss, reserve), _MAX_USED);
    }
}
