// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {LibSort} from "solady/utils/LibSort.sol";
import {Constituent, ConstituentLib} from "./ConstituentLib.sol";

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
    using ConstituentLib for Constituent[];
    using DynamicArrayLib for uint256[];

    uint256 internal constant TOTAL_BPS = 10_000;
    uint256 internal constant MIN_COINS = 3;
    /// @dev Room beside it in a word; a sum of 255 caps times a bound (16 bits) stays below 2**256, so the unchecked
    ///      arithmetic below cannot overflow.
    uint256 internal constant MAX_ADJUSTED_CAP = type(uint208).max;
    uint256 internal constant MAX_COINS = 255;

    // A coin in one word, low bits first: index (16) | minBps (16) | maxBps (16) | cap (208).
    uint256 private constant INDEX_BITS = 16;
    uint256 private constant MIN_AT = 16;
    uint256 private constant MAX_AT = 32;
    uint256 private constant CAP_AT = 48;

    /// @dev What is not yet at a bound.
    struct Free {
        uint256 budget; // bps to share among the free coins
        uint256 sum; // of the free coins' caps
        uint256 count; // of free coins
        uint256[] words; // the first `count` are free
    }

    /// @dev The coins beyond their bound on one side in one round.
    struct Excess {
        uint256 amount; // of all, bps x sum
        uint256 bounds; // of all, bps
        uint256 caps; // of all
        uint256 count;
        uint256[] words; // the first `count`
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
        (uint256[] memory words, uint256 sum) = _words(caps, coins);
        return project(words, sum, coins.tokens());
    }

    /// @notice Reverts unless some weights meet all the bounds.
    function checkBounds(Constituent[] memory coins) internal pure {
        _words(new uint256[](coins.length), coins);
    }

    /// @notice A coin as `project` takes it.
    function word(uint256 cap, Constituent coin, uint256 index) internal pure returns (uint256) {
        return (cap << CAP_AT) | (coin.bounds() << MIN_AT) | index;
    }

    /// @notice `boundedWeights` for inputs known to be valid: of coins that passed `checkBounds`, of caps in range.
    /// @param words By `word`, in order; overwritten.
    /// @param sum Of the caps.
    /// @param tokens Of the same coins.
    function project(uint256[] memory words, uint256 sum, address[] memory tokens)
        internal
        pure
        returns (uint256[] memory weights)
    {
        uint256 n = words.length;
        Free memory free = Free(TOTAL_BPS, sum, n, words);
        Excess memory over = Excess(0, 0, 0, 0, DynamicArrayLib.malloc(n));
        Excess memory under = Excess(0, 0, 0, 0, DynamicArrayLib.malloc(n));
        weights = DynamicArrayLib.malloc(n); // every coin is written once
        while (free.count != 0) {
            if (free.sum == 0) _equalise(free);
            _compare(free, over, under);
            if (over.amount == 0 && under.amount == 0) {
                _shareByLargestRemainder(free, tokens, weights);
                break;
            }
            (uint256 tooMuch, uint256 tooLittle) = (over.amount, under.amount);
            _resolve(free, over, weights, MAX_AT, tooMuch >= tooLittle);
            _resolve(free, under, weights, MIN_AT, tooLittle >= tooMuch);
        }
    }

    function _words(uint256[] memory caps, Constituent[] memory coins)
        private
        pure
        returns (uint256[] memory words, uint256 sum)
    {
        uint256 n = coins.length;
        if (caps.length != n) revert LengthMismatch(caps.length, n);
        if (n < MIN_COINS) revert TooFewConstituents(n, MIN_COINS);
        if (n > MAX_COINS) revert TooManyConstituents(n, MAX_COINS);
        words = new uint256[](n);
        uint256 sumMin;
        uint256 sumMax;
        for (uint256 i; i < n; ++i) {
            (uint256 cap, Constituent coin) = (caps[i], coins[i]);
            (uint256 low, uint256 high) = (coin.minBps(), coin.maxBps());
            if (low > high) revert InvertedBounds(coin.token(), low, high);
            if (cap > MAX_ADJUSTED_CAP) revert AdjustedCapTooLarge(coin.token(), cap);
            sumMin += low;
            sumMax += high;
            sum += cap;
            words[i] = word(cap, coin, i);
        }
        if (sumMin > TOTAL_BPS || sumMax < TOTAL_BPS) revert InfeasibleBounds(sumMin, sumMax);
    }

    /// @dev Only zero caps are left, with weight to share: they count as equal.
    function _equalise(Free memory free) private pure {
        for (uint256 k; k < free.count; ++k) {
            free.words[k] |= 1 << CAP_AT;
        }
        free.sum = free.count;
    }

    /// @dev Moves the coins that are beyond a bound at the ratio budget / sum out of the free ones. Those above their
    ///      max would give `over` away, those below their min need `under`. If more is over than under, the final
    ///      ratio is higher, so what is over now stays at its max for good; and the other way round.
    function _compare(Free memory free, Excess memory over, Excess memory under) private pure {
        (uint256 budget, uint256 sum, uint256 count) = (free.budget, free.sum, free.count);
        uint256[] memory words = free.words;
        uint256 kept;
        unchecked {
            uint256 k;
            do {
                uint256 coin = words.get(k);
                uint256 share = budget * (coin >> CAP_AT);
                uint256 bound = uint16(coin >> MAX_AT) * sum;
                if (share > bound) {
                    _add(over, coin, share - bound, uint16(coin >> MAX_AT));
                    continue;
                }
                bound = uint16(coin >> MIN_AT) * sum;
                if (share < bound) {
                    _add(under, coin, bound - share, uint16(coin >> MIN_AT));
                    continue;
                }
                if (kept != k) words.set(kept, coin);
                ++kept;
            } while (++k != count);
        }
        free.count = kept;
    }

    function _add(Excess memory excess, uint256 coin, uint256 amount, uint256 bound) private pure {
        unchecked {
            excess.words.set(excess.count++, coin);
            excess.amount += amount;
            excess.bounds += bound;
            excess.caps += coin >> CAP_AT;
        }
    }

    /// @dev Coins beyond one bound get it for good, or are free again; `excess` is emptied.
    function _resolve(Free memory free, Excess memory excess, uint256[] memory weights, uint256 boundAt, bool fixThem)
        private
        pure
    {
        uint256 count = excess.count;
        uint256[] memory words = excess.words;
        unchecked {
            for (uint256 k; k < count; ++k) {
                uint256 coin = words.get(k);
                if (fixThem) weights.set(uint16(coin), uint16(coin >> boundAt));
                else free.words.set(free.count++, coin);
            }
            if (fixThem) {
                free.budget -= excess.bounds;
                free.sum -= excess.caps;
            }
        }
        (excess.amount, excess.bounds, excess.caps, excess.count) = (0, 0, 0, 0);
    }

    /// @dev Whole parts first; what is left goes, one bp each, to the largest remainders. What is left is below the
    ///      number of non-zero remainders.
    function _shareByLargestRemainder(Free memory free, address[] memory tokens, uint256[] memory weights)
        private
        pure
    {
        (uint256 budget, uint256 sum, uint256 count) = (free.budget, free.sum, free.count);
        uint256[] memory words = free.words;
        uint256[] memory ranked = DynamicArrayLib.malloc(count); // remainder (240) | index (16)
        uint256 left = budget;
        unchecked {
            uint256 k;
            do {
                uint256 coin = words.get(k);
                uint256 share = budget * (coin >> CAP_AT);
                uint256 whole = share / sum;
                left -= whole;
                weights.set(uint16(coin), whole);
                ranked.set(k, ((share - whole * sum) << INDEX_BITS) | uint16(coin));
            } while (++k != count);
            if (left == 0) return;
            LibSort.sort(ranked);
            uint256 cut = count - left;
            if (ranked[cut] >> INDEX_BITS == ranked[cut - 1] >> INDEX_BITS) _breakTie(ranked, tokens, cut);
            for (; cut < count; ++cut) {
                ++weights[uint16(ranked[cut])];
            }
        }
    }

    /// @dev Sorts the coins whose remainder lies on both sides of the cut by address, the lowest last.
    function _breakTie(uint256[] memory ranked, address[] memory tokens, uint256 cut) private pure {
        uint256 remainder = ranked[cut] >> INDEX_BITS;
        (uint256 from, uint256 to) = (cut - 1, cut + 1);
        while (from != 0 && ranked[from - 1] >> INDEX_BITS == remainder) --from;
        while (to != ranked.length && ranked[to] >> INDEX_BITS == remainder) ++to;
        uint256[] memory tied = new uint256[](to - from);
        for (uint256 k; k < tied.length; ++k) {
            uint256 i = uint16(ranked[from + k]);
            tied[k] = (uint256(type(uint160).max - uint160(tokens[i])) << INDEX_BITS) | i;
        }
        LibSort.sort(tied);
        for (uint256 k; k < tied.length; ++k) {
            ranked[from + k] = tied[k];
        }
    }
}
