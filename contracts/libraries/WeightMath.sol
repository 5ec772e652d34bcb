// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibSort} from "solady/utils/LibSort.sol";
import {Constituent} from "contracts/libraries/ConstituentLib.sol";

/// @title Bounded projection of adjusted caps onto weights.
/// @notice For one ratio L, weight_i = clamp(L x cap_i, min_i, max_i) with sum exactly 10,000 bps, rounded by
///         largest remainder. For every valid input:
///         - the weights sum to exactly 10,000, each within its bounds;
///         - coins whose bounds do not bind are proportional to their caps; none binding is plain proportion;
///         - permuting the coins permutes the weights: a tie of remainders goes to the lower token address;
///         - of two coins with the same bounds the larger cap never gets the smaller weight;
///         - raising one cap never lowers that coin's own weight: all other exact weights fall, so each either
///           keeps its whole part and loses remainder, or gives up a whole unit that is handed out again.
///         Zero caps sit at their minimum; where the other coins' maxima leave weight over, the zero caps share it
///         as equals (the limit of vanishing equal caps).
/// @dev `ballast/model/weights.py` is the exact twin. Rounding cannot break a bound: bounds are whole bps, and only
///      a coin with a non-zero remainder is rounded up.
library WeightMath {
    uint256 internal constant TOTAL_BPS = 10_000;
    uint256 internal constant MIN_COINS = 3;
    /// @dev 2**224 x 10,000 x 2**16 coins stays below 2**256, so the unchecked arithmetic below cannot overflow.
    uint256 internal constant MAX_ADJUSTED_CAP = type(uint224).max;
    uint256 internal constant MAX_COINS = type(uint8).max;

    /// @dev What is not yet at a bound.
    struct Free {
        uint256 budget; // bps to share among the free coins
        uint256 sum; // of the free coins' caps
        uint256 count; // free coins
        uint256[] index; // the first `count` are the free coins' positions
        uint256[] caps;
    }

    error LengthMismatch(uint256 caps, uint256 coins);
    error TooFewConstituents(uint256 active, uint256 minimum);
    error TooManyConstituents(uint256 active, uint256 maximum);
    error InvertedBounds(address token, uint256 minBps, uint256 maxBps);
    error InfeasibleBounds(uint256 sumMinBps, uint256 sumMaxBps);
    error AdjustedCapTooLarge(address token, uint256 cap);

    /// @param caps Adjusted caps, any unit, each <= MAX_ADJUSTED_CAP.
    /// @param coins Token (distinct) and bounds of each; the other bits are ignored.
    /// @return weights bps, in the order given.
    function boundedWeights(uint256[] memory caps, Constituent[] memory coins)
        internal
        pure
        returns (uint256[] memory weights)
    {
        if (caps.length != coins.length) revert LengthMismatch(caps.length, coins.length);
        checkBounds(coins);
        weights = new uint256[](caps.length);
        Free memory free = _allFree(caps, coins);
        _fixAtBounds(free, coins, weights);
        if (free.count != 0) _shareByLargestRemainder(free, coins, weights);
    }

    /// @notice Reverts unless some weights meet all the bounds.
    function checkBounds(Constituent[] memory coins) internal pure {
        uint256 n = coins.length;
        if (n < MIN_COINS) revert TooFewConstituents(n, MIN_COINS);
        if (n > MAX_COINS) revert TooManyConstituents(n, MAX_COINS);
        uint256 sumMin;
        uint256 sumMax;
        unchecked {
            for (uint256 i; i < n; ++i) {
                Constituent coin = coins[i];
                uint256 low = coin.minBps();
                uint256 high = coin.maxBps();
                if (low > high) revert InvertedBounds(coin.token(), low, high);
                sumMin += low;
                sumMax += high;
            }
        }
        if (sumMin > TOTAL_BPS || sumMax < TOTAL_BPS) revert InfeasibleBounds(sumMin, sumMax);
    }

    function _allFree(uint256[] memory caps, Constituent[] memory coins) private pure returns (Free memory free) {
        uint256 n = caps.length;
        uint256[] memory index = new uint256[](n);
        uint256 sum;
        unchecked {
            for (uint256 i; i < n; ++i) {
                uint256 cap = caps[i];
                if (cap > MAX_ADJUSTED_CAP) revert AdjustedCapTooLarge(coins[i].token(), cap);
                sum += cap;
                index[i] = i;
            }
        }
        (free.budget, free.sum, free.count, free.index, free.caps) = (TOTAL_BPS, sum, n, index, caps);
    }

    /// @dev At the ratio budget / sum, weights above their max want to give `over` away and weights below their min
    ///      want `under`. If more is over than under the final ratio is higher, so what is over now stays at its
    ///      max for good; and the other way round. Each round fixes at least one coin.
    function _fixAtBounds(Free memory free, Constituent[] memory coins, uint256[] memory weights) private pure {
        while (free.count != 0) {
            if (free.sum == 0) _equalise(free);
            (uint256 over, uint256 under) = _excess(free, coins);
            if (over == 0 && under == 0) return;
            _fix(free, coins, weights, over >= under, under >= over);
        }
    }

    /// @dev Only zero caps are left, with weight to share: they count as equal.
    function _equalise(Free memory free) private pure {
        uint256 n = free.caps.length;
        uint256[] memory ones = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            ones[i] = 1;
        }
        free.caps = ones;
        free.sum = free.count;
    }

    /// @return over Sum of what exceeds the maxima, in bps x sum.
    /// @return under Sum of what the minima lack, in bps x sum.
    function _excess(Free memory free, Constituent[] memory coins)
        private
        pure
        returns (uint256 over, uint256 under)
    {
        (uint256 budget, uint256 sum, uint256 count) = (free.budget, free.sum, free.count);
        (uint256[] memory index, uint256[] memory caps) = (free.index, free.caps);
        unchecked {
            for (uint256 k; k < count; ++k) {
                uint256 i = index[k];
                Constituent coin = coins[i];
                uint256 share = budget * caps[i];
                uint256 high = coin.maxBps() * sum;
                if (share > high) {
                    over += share - high;
                } else {
                    uint256 low = coin.minBps() * sum;
                    if (share < low) under += low - share;
                }
            }
        }
    }

    /// @dev Gives the coins beyond their bound that bound and takes them out of the free ones.
    function _fix(
        Free memory free,
        Constituent[] memory coins,
        uint256[] memory weights,
        bool atMax,
        bool atMin
    ) private pure {
        (uint256 budget, uint256 sum) = (free.budget, free.sum);
        (uint256[] memory index, uint256[] memory caps) = (free.index, free.caps);
        uint256 kept;
        unchecked {
            for (uint256 k; k < free.count; ++k) {
                uint256 i = index[k];
                uint256 cap = caps[i];
                Constituent coin = coins[i];
                uint256 weight;
                if (atMax && budget * cap > coin.maxBps() * sum) {
                    weight = coin.maxBps();
                } else if (atMin && budget * cap < coin.minBps() * sum) {
                    weight = coin.minBps();
                } else {
                    index[kept++] = i;
                    continue;
                }
                weights[i] = weight;
                free.budget -= weight;
                free.sum -= cap;
            }
        }
        free.count = kept;
    }

    /// @dev Whole parts first; what is left goes, one bp each, to the largest remainders.
    function _shareByLargestRemainder(Free memory free, Constituent[] memory coins, uint256[] memory weights)
        private
        pure
    {
        (uint256 budget, uint256 sum, uint256 count) = (free.budget, free.sum, free.count);
        uint256[] memory remainders = new uint256[](count);
        uint256 left = budget;
        unchecked {
            for (uint256 k; k < count; ++k) {
                uint256 i = free.index[k];
                uint256 share = budget * free.caps[i];
                uint256 whole = share / sum;
                weights[i] = whole;
                left -= whole;
                remainders[k] = share - whole * sum;
            }
        }
        if (left != 0) _roundUp(free, coins, weights, remainders, left);
    }

    /// @dev `left` is below the number of non-zero remainders, so the threshold is non-zero.
    function _roundUp(
        Free memory free,
        Constituent[] memory coins,
        uint256[] memory weights,
        uint256[] memory remainders,
        uint256 left
    ) private pure {
        uint256 count = remainders.length;
        uint256[] memory sorted = LibSort.copy(remainders);
        LibSort.sort(sorted);
        unchecked {
            uint256 threshold = sorted[count - left];
            for (uint256 k; k < count; ++k) {
                if (remainders[k] > threshold) {
                    ++weights[free.index[k]];
                    --left;
                }
            }
            for (; left != 0; --left) {
                ++weights[_takeLowestToken(free.index, coins, remainders, threshold)];
            }
        }
    }

    /// @dev Of the coins whose remainder is `threshold`, the one with the lowest address; its remainder is used up.
    function _takeLowestToken(
        uint256[] memory index,
        Constituent[] memory coins,
        uint256[] memory remainders,
        uint256 threshold
    ) private pure returns (uint256 position) {
        uint256 best;
        address lowest = address(type(uint160).max);
        unchecked {
            for (uint256 k; k < remainders.length; ++k) {
                if (remainders[k] != threshold) continue;
                address token = coins[index[k]].token();
                if (token <= lowest) (best, lowest) = (k, token);
            }
        }
        remainders[best] = 0;
        return index[best];
    }
}
