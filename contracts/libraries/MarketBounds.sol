// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Limits, MarketData, Report} from "./CalculatorTypes.sol";
import {ConstituentStore} from "./ConstituentStore.sol";

/// @title How far a coin's market data may move, by the time since they last did.
/// @dev Relative changes compound: at 10 % an hour, many small reports move a cap by up to 10.6 % in one.
library MarketBounds {
    uint256 internal constant MAX_SCORE = 1000; // per mille
    uint256 internal constant TILT_CEILING = 5000; // bps
    /// @dev Silence does not save up: after a pause of days one report still moves a cap by this many hours' worth only.
    uint256 internal constant CHANGE_WINDOW = 4 hours;

    error ZeroCap(address token);
    error CapTooLarge(address token, uint256 cap);
    error CapIsSampled(address token);
    error NoData(address token);
    error ScoreTooLarge(address token, uint256 score, uint256 maximum);
    error TiltTooLarge(address token, uint256 tiltBps, uint256 maximum);
    error ChangeTooLarge(address token, uint256 previous, uint256 proposed, uint256 allowed);
    error ScoreChangeTooLarge(address token, uint256 previous, uint256 proposed, uint256 allowed);
    error LimitsOutOfRange();

    function defaults() internal pure returns (Limits memory) {
        return Limits({
            maxCapChangeBpsPerHour: 1000,
            maxScoreChangePerHour: 100,
            maxTiltBps: 0,
            sampleMinBlocks: 5,
            sampleMaxBlocks: 300
        });
    }

    function check(Limits memory limits) internal pure {
        if (
            limits.maxCapChangeBpsPerHour == 0 || limits.maxCapChangeBpsPerHour > 2500
                || limits.maxScoreChangePerHour == 0 || limits.maxScoreChangePerHour > MAX_SCORE
                || limits.maxTiltBps > TILT_CEILING || limits.sampleMinBlocks == 0
                || limits.sampleMaxBlocks <= limits.sampleMinBlocks
        ) revert LimitsOutOfRange();
    }

    /// @dev First data, unbounded but by their range.
    function seed(MarketData storage data, address token, uint256 cap, uint256 score) internal {
        if (!data.listed) revert ConstituentStore.UnknownConstituent(token);
        _checkCap(token, cap);
        _checkScore(token, score);
        (data.cap, data.score) = (uint96(cap), uint16(score));
        uint32 time = uint32(block.timestamp);
        (data.oldestAt, data.capAt, data.scoreAt) = (time, time, time);
    }

    function report(MarketData storage data, Report memory r, Limits memory limits) internal {
        MarketData memory d = data;
        if (!d.listed) revert ConstituentStore.UnknownConstituent(r.token);
        if (d.oldestAt == 0) revert NoData(r.token);
        if (d.sampled) {
            if (r.cap != 0) revert CapIsSampled(r.token);
        } else {
            _checkCap(r.token, r.cap);
            uint256 capAllowed = nearestCap(d, r.cap, limits);
            if (capAllowed != r.cap) revert ChangeTooLarge(r.token, d.cap, r.cap, capAllowed);
            (d.cap, d.capAt) = (uint96(r.cap), uint32(block.timestamp));
        }
        _checkScore(r.token, r.score);
        uint256 scoreAllowed = nearestScore(d, r.score, limits);
        if (scoreAllowed != r.score) revert ScoreChangeTooLarge(r.token, d.score, r.score, scoreAllowed);
        uint256 tilt = Math.max(r.volatilityBps, r.yieldBps);
        if (tilt > limits.maxTiltBps) revert TiltTooLarge(r.token, tilt, limits.maxTiltBps);
        (d.score, d.scoreAt) = (uint16(r.score), uint32(block.timestamp));
        (d.volatilityBps, d.yieldBps) = (uint16(r.volatilityBps), uint16(r.yieldBps));
        _write(data, d);
    }

    /// @dev Towards a measured cap, as far as the limit allows: nobody proposes here who could walk.
    function moveCap(MarketData storage data, address token, uint256 measured, Limits memory limits)
        internal
        returns (uint256 cap)
    {
        MarketData memory d = data;
        if (d.oldestAt == 0) revert NoData(token);
        if (measured == 0) revert ZeroCap(token);
        cap = nearestCap(d, Math.min(measured, type(uint96).max), limits);
        (data.cap, data.capAt, data.oldestAt) = (uint96(cap), uint32(block.timestamp), d.scoreAt);
    }

    function cutTilts(MarketData storage data, uint16 maxTiltBps) internal {
        if (data.volatilityBps > maxTiltBps) data.volatilityBps = maxTiltBps;
        if (data.yieldBps > maxTiltBps) data.yieldBps = maxTiltBps;
    }

    /// @return The proposed cap, or the furthest one allowed on the way to it. Whole USD.
    function nearestCap(MarketData memory d, uint256 proposed, Limits memory limits) internal view returns (uint256) {
        uint256 step = uint256(d.cap) * limits.maxCapChangeBpsPerHour * _elapsed(d.capAt) / (10_000 * 1 hours);
        return _clamp(proposed, d.cap, step);
    }

    /// @return The proposed score, or the furthest one allowed on the way to it. Per mille.
    function nearestScore(MarketData memory d, uint256 proposed, Limits memory limits)
        internal
        view
        returns (uint256)
    {
        return _clamp(proposed, d.score, uint256(limits.maxScoreChangePerHour) * _elapsed(d.scoreAt) / 1 hours);
    }

    function _clamp(uint256 proposed, uint256 previous, uint256 step) private pure returns (uint256) {
        return Math.max(Math.min(proposed, previous + step), previous - Math.min(step, previous));
    }

    function _elapsed(uint256 since) private view returns (uint256) {
        return Math.min(block.timestamp - since, CHANGE_WINDOW);
    }

    function _checkCap(address token, uint256 cap) private pure {
        if (cap == 0) revert ZeroCap(token);
        if (cap > type(uint96).max) revert CapTooLarge(token, cap);
    }

    function _checkScore(address token, uint256 score) private pure {
        if (score > MAX_SCORE) revert ScoreTooLarge(token, score, MAX_SCORE);
    }

    function _write(MarketData storage data, MarketData memory d) private {
        (data.cap, data.score, data.volatilityBps, data.yieldBps) = (d.cap, d.score, d.volatilityBps, d.yieldBps);
        // The score is new in a report; the cap is at most as new.
        (data.capAt, data.scoreAt, data.oldestAt) = (d.capAt, d.scoreAt, d.capAt);
    }
}
