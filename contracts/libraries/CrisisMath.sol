// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {LibSort} from "solady/utils/LibSort.sol";
import {Look, Record, Sight} from "../crisis/CrisisTypes.sol";

/// @title What one look at a coin shows, and the state that a row of looks leads to; twin of `ballast/model/crisis.py`.
/// @notice A look believes what as many sources as `confirmations` asks for agree on. CRISIS needs depth and time
///         together: what two looks in a row both show below the peg beyond an allowance, times the time between them, adds
///         up to an area that runs back while less than the allowance shows (a CUSUM chart).
/// @dev Unchecked below: prices are below 2**188; a time is below 2**40 s, and calm and blind time are no longer than the
///      time since the first look; an area is at most 2 * threshold < 2**41 bps * s.
library CrisisMath {
    uint256 internal constant MAX_DEVIATION = 2 ** 15 - 1; // bps
    uint256 internal constant MAX_SPREAD = 2 ** 16 - 1; // bps
    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;
    uint256 private constant TENTHS = 10; // a surge factor's unit

    /// @notice One look. Sorts `prices` in place.
    /// @param prices WAD{USD/coin} of the good sources, none of them 0.
    /// @param sources How many are configured.
    function sight(uint256[] memory prices, uint256 sources, uint256 confirmations)
        internal
        pure
        returns (Sight memory s)
    {
        uint256 good = prices.length;
        if (good == 0) return s;
        uint256 needed = Math.min(confirmations, Math.max(sources, 1));
        LibSort.insertionSort(prices);
        unchecked {
            s.good = good;
            s.spread = Math.min((prices[good - 1] - prices[0]) * BPS / prices[0], MAX_SPREAD);
            if (good < needed) return s;
            (s.seen, s.confirmed) = (true, needed == confirmations);
            // Each shown by `needed` sources at least.
            s.deviation = _deviation(prices[needed - 1], prices[good - needed]);
        }
    }

    /// @notice Whether a volume exceeds `tenths` tenths of the average of `volumeCount` earlier ones, which are `least`
    ///         at least. Volumes in whole USD.
    function isSurge(uint256 volume, uint256 volumeSum, uint256 volumeCount, uint256 least, uint256 tenths)
        internal
        pure
        returns (bool)
    {
        if (volumeCount < least || volume == 0) return false;
        return volume * volumeCount * TENTHS > volumeSum * tenths;
    }

    /// @notice Turns the record into the one after a look at `time`. The caller keeps the spacing.
    function look(Record memory r, Look memory shown, uint256 time, ICrisisDetector.CrisisParams memory p)
        internal
        pure
    {
        Sight memory s = shown.sight;
        unchecked {
            uint256 passed = r.at == 0 ? 0 : Math.min(time - r.at, p.maxGap);
            uint256 both = _both(r, s);
            if (s.confirmed && r.confirmed) r.area = _area(r.area, both, passed, p);
            bool isCalm = s.seen && !shown.stopped && SignedMath.abs(s.deviation) < p.calmBps;
            if (isCalm && r.wasCalm) r.calm += uint40(passed);
            else if (r.state != ICrisisDetector.State.RECOVERING) r.calm = 0;
            r.blind = s.seen ? 0 : r.blind + uint40(passed);
            if (!(shown.surge && s.confirmed && _down(s.deviation) >= p.surgeBps)) r.surges = 0;
            else if (r.surges != type(uint8).max) ++r.surges;
            (r.at, r.deviation) = (uint40(time), int16(s.deviation));
            (r.confirmed, r.wasCalm) = (s.confirmed, isCalm);
            _move(r, _next(r, shown, both, p), time);
        }
    }

    /// @return Steps back that a recovering coin has taken; 0 in any other state.
    function stepsDone(Record memory r, ICrisisDetector.CrisisParams memory p) internal pure returns (uint256) {
        if (r.state != ICrisisDetector.State.RECOVERING) return 0;
        return Math.min(p.steps, r.calm / p.stepInterval);
    }

    /// @return bps{$1}, negative below the peg, towards zero; above it at most `MAX_DEVIATION`.
    function _deviation(uint256 low, uint256 high) private pure returns (int256) {
        unchecked {
            uint256 down = low < WAD ? (WAD - low) * BPS / WAD : 0;
            if (down != 0) return -int256(down);
            uint256 up = high > WAD ? (high - WAD) * BPS / WAD : 0;
            return int256(Math.min(up, MAX_DEVIATION));
        }
    }

    /// @return bps{$1} below the peg that the last look and this one both show; 0 when one was not confirmed.
    function _both(Record memory r, Sight memory s) private pure returns (uint256) {
        return s.confirmed && r.confirmed ? Math.min(_down(s.deviation), _down(r.deviation)) : 0;
    }

    function _down(int256 deviation) private pure returns (uint256) {
        unchecked {
            return deviation < 0 ? uint256(-deviation) : 0;
        }
    }

    function _area(uint256 area, uint256 both, uint256 passed, ICrisisDetector.CrisisParams memory p)
        private
        pure
        returns (uint48)
    {
        unchecked {
            if (both > p.allowanceBps) {
                return uint48(Math.min(2 * uint256(p.threshold), area + (both - p.allowanceBps) * passed));
            }
            uint256 back = (p.allowanceBps - both) * passed;
            return uint48(back < area ? Math.min(2 * uint256(p.threshold), area - back) : 0);
        }
    }

    /// @dev `r` holds the look already, its state is the one before it.
    function _next(Record memory r, Look memory shown, uint256 both, ICrisisDetector.CrisisParams memory p)
        private
        pure
        returns (ICrisisDetector.State)
    {
        ICrisisDetector.State state = r.state;
        if (state == ICrisisDetector.State.SOUND) {
            if (shown.stopped || _isOff(shown.sight, p)) return ICrisisDetector.State.WATCH;
            if (r.blind >= p.darkPeriod) return ICrisisDetector.State.DARK;
        } else if (state == ICrisisDetector.State.WATCH) {
            if (r.area >= p.threshold || r.surges >= p.surgeLooks) return ICrisisDetector.State.CRISIS;
            if (r.calm >= p.calmPeriod) return ICrisisDetector.State.SOUND;
            if (r.blind >= p.darkPeriod) return ICrisisDetector.State.DARK;
        } else if (state == ICrisisDetector.State.DARK) {
            if (shown.sight.seen) return ICrisisDetector.State.WATCH;
        } else if (state == ICrisisDetector.State.CRISIS) {
            if (r.calm >= p.recoveryPeriod) return ICrisisDetector.State.RECOVERING;
        } else {
            if (both >= p.allowanceBps || r.blind >= p.darkPeriod) return ICrisisDetector.State.CRISIS;
            if (r.calm >= uint256(p.steps) * p.stepInterval) return ICrisisDetector.State.SOUND;
        }
        return state;
    }

    function _isOff(Sight memory s, ICrisisDetector.CrisisParams memory p) private pure returns (bool) {
        return s.seen && SignedMath.abs(s.deviation) >= p.watchBps;
    }

    /// @dev A new state starts its calm anew; one that leaves a crisis forgets its area.
    function _move(Record memory r, ICrisisDetector.State state, uint256 time) private pure {
        if (state == r.state) return;
        (r.state, r.since, r.calm, r.surges) = (state, uint40(time), 0, 0);
        if (state == ICrisisDetector.State.RECOVERING || state == ICrisisDetector.State.SOUND) r.area = 0;
    }
}
