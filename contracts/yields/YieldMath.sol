// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";

/// @title What lending markets pay at any size, and the split among them that pays most; twin of `ballast/model/yields.py`.
/// @notice A market pays every supplier the same rate, which falls as more is supplied, so what counts is what one more coin
///         adds: the marginal yield d/dy of y * rate(others + y). At the best split all markets that could take more or
///         give some up have the same. One thing spoils that rule: where more supply brings utilisation below the kink,
///         the marginal yield jumps UP, so two splits may both look best. Each market is cut at its kink into a steep and
///         a calm piece, on each of which marginal yield falls all the way as long as our position is no larger than
///         everybody else's. A market counts at first as its upper envelope, where the tangent that touches both pieces
///         bridges the dent; that gives a bound which no split can beat. Where the best split of the envelopes ends on a
///         bridge, both of that market's pieces are tried apart, until the best split is within `TOLERANCE` of the bound.
/// @dev Amounts {asset}, rates WAD{1/year}, scores per mille. A price is a risk-adjusted marginal yield, per mille *
///      WAD{1/year}; a worth per mille * WAD{asset/year}. Unchecked below: of offers that are fit, amounts are below 2**128
///      and together below 2**131, utilisation is below 2**62, a kink's gradient below 2**80, rates below 2**84,
///      coefficients below 2**87, prices below 2**99, worths below 2**226. Loops: at most 127 nodes of 53 halvings.
library YieldMath {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant PER_MILLE = 1_000;
    uint256 internal constant MAX_OFFERS = 6;
    uint256 internal constant MAX_AMOUNT = type(uint128).max; // {asset}
    uint256 internal constant MAX_RATE = 100e18; // WAD{1/year}
    uint256 internal constant MAX_UTILISATION = 4e18; // WAD: a market that lends its own reserves too may be above 1
    uint256 internal constant KINK_MARGIN = 1e14; // WAD: a kink is that far from 0 and from 1
    uint256 internal constant TOLERANCE = 1e16; // price: a tenth of a bp of APY
    uint256 internal constant RESOLUTION = 1e14; // price
    uint256 internal constant MAX_STEPS = 24; // of Newton's method
    int256 internal constant SMALL_STEP = 1e6; // WAD: where it ends

    int256 private constant _WAD = 1e18;
    uint256 private constant _NONE = type(uint256).max;
    uint256 private constant _CALM_AT = 8; // bit of the first offer held to its calm piece; the steep ones are from 0 on

    /// @dev A market, and how much of it may be ours.
    struct Offer {
        IYieldLens.Market market;
        uint256 others; // {asset} supplied by everybody else
        uint256 low; // {asset} that is ours at least: what cannot leave
        uint256 high; // {asset} that is ours at most; no more than `others` counts, unless `low` is
        uint256 score; // per mille of its yield that counts
    }

    /// @dev A market on one side of its kink: marginal yield c0 + (c1 + c2 * z) * z**2 with z = start / total.
    struct Piece {
        uint256 low; // {asset} that is ours
        uint256 high;
        uint256 others;
        uint256 start; // {asset} in all at `low`
        int256 end; // WAD{1}: z at `high`
        int256 c0; // WAD{1/year}, and the others
        int256 c1;
        int256 c2;
    }

    /// @dev An offer cut into pieces.
    struct Curve {
        IYieldLens.Market market;
        uint256 others;
        uint256 score;
        bool dented; // whether there are two pieces
        Piece steep; // above the kink, where little is ours; the only piece of one that is not dented
        Piece calm;
        uint256 bridge; // WAD{1/year}: marginal yield of the tangent that touches both
    }

    /// @dev A split, what it is worth, and what none that keeps to the same pieces can beat.
    struct Split {
        uint256[] positions; // {asset}
        uint256 worth;
        uint256 bound;
        uint256 torn; // an offer that stands on its bridge, or `_NONE`
    }

    error TooManyOffers(uint256 count, uint256 maximum);
    error LowsAboveAmount(uint256 lows, uint256 amount);

    // --- rates ----------------------------------------------------------------------------------------------------

    /// @notice Whether a market with at least `least` in it is in the range that this library reckons in.
    function isFit(IYieldLens.Market memory m, uint256 least) internal pure returns (bool) {
        if (m.base > MAX_RATE || m.slope1 > MAX_RATE || m.slope2 > MAX_RATE || m.flat > MAX_RATE) return false;
        if (m.kink < KINK_MARGIN || m.kink > WAD - KINK_MARGIN || m.reserveFactor > WAD) return false;
        if (m.supplied > MAX_AMOUNT || m.borrowed > MAX_AMOUNT || m.available > MAX_AMOUNT) return false;
        if (m.rewards > MAX_AMOUNT || least > 2 * MAX_AMOUNT) return false;
        unchecked {
            return m.borrowed * WAD <= least * MAX_UTILISATION && m.rewards * WAD <= least * MAX_RATE;
        }
    }

    /// @return WAD{1/year} that every supplier earns when `total` is supplied; the market must be fit for it.
    function rate(IYieldLens.Market memory m, uint256 total) internal pure returns (uint256) {
        unchecked {
            if (total == 0) return m.flat + (m.ofBorrowers ? 0 : m.base);
            uint256 used = m.borrowed * WAD / total;
            uint256 paid = used <= m.kink
                ? m.base + m.slope1 * used / m.kink
                : m.base + m.slope1 + m.slope2 * (used - m.kink) / (WAD - m.kink);
            if (m.ofBorrowers) paid = paid * used / WAD * (WAD - m.reserveFactor) / WAD;
            return paid + m.flat + m.rewards * WAD / total;
        }
    }

    /// @return WAD{1/year}: d/dy of y * rate(others + y) at `position`; at the kink itself its calm side.
    function marginal(IYieldLens.Market memory m, uint256 others, uint256 position) internal pure returns (int256) {
        return _slope(_piece(m, others, position, position, position < _kinkAt(m, others)), _WAD);
    }

    /// @return Per mille * WAD{asset/year} that a position earns, risk-adjusted.
    function worth(Offer memory o, uint256 position) internal pure returns (uint256) {
        unchecked {
            return o.score * position * rate(o.market, o.others + position);
        }
    }

    // --- the split ------------------------------------------------------------------------------------------------

    /// @notice The positions whose risk-adjusted yield is within `TOLERANCE` of the highest possible.
    /// @param offers At most `MAX_OFFERS`, each fit for others + low.
    /// @param amount {asset}, at least the sum of the lower bounds.
    /// @return {asset} in the offers' order: each within its bounds, in all at most `amount`; what would only lower the yield
    ///         stays out.
    function split(Offer[] memory offers, uint256 amount) internal pure returns (uint256[] memory) {
        uint256 n = offers.length;
        if (n > MAX_OFFERS) revert TooManyOffers(n, MAX_OFFERS);
        amount = _within(offers, amount);
        Curve[] memory curves = new Curve[](n);
        uint256 top;
        for (uint256 i; i < n; ++i) {
            curves[i] = _curve(offers[i]);
            top = Math.max(top, _top(curves[i]));
        }
        Split memory best;
        uint256[2 * MAX_OFFERS] memory waiting; // a node's bits: which offers are held to which piece
        uint256 count = 1;
        while (count != 0) {
            uint256 held = waiting[--count];
            (bool possible, Split memory found) = _bestOf(curves, held, amount, top);
            if (!possible) continue;
            if (best.positions.length == 0 || found.worth > best.worth) best = found;
            if (found.torn == _NONE || found.bound <= best.worth + amount * TOLERANCE) continue;
            waiting[count++] = held | (1 << found.torn);
            waiting[count++] = held | (1 << (_CALM_AT + found.torn));
        }
        return best.positions;
    }

    /// @dev The amount, no more than all offers together take.
    function _within(Offer[] memory offers, uint256 amount) private pure returns (uint256) {
        uint256 lows;
        uint256 highs;
        for (uint256 i; i < offers.length; ++i) {
            lows += offers[i].low;
            highs += Math.max(offers[i].low, Math.min(offers[i].high, offers[i].others));
        }
        if (lows > amount) revert LowsAboveAmount(lows, amount);
        return Math.min(amount, highs);
    }

    /// @dev Price: above every marginal yield that the curve has.
    function _top(Curve memory c) private pure returns (uint256) {
        unchecked {
            return c.score * _highest(c.steep, c.calm) + 1;
        }
    }

    /// @dev The best split of the envelopes, filled up to the amount; not possible when even the least is too much.
    function _bestOf(Curve[] memory curves, uint256 held, uint256 amount, uint256 top)
        private
        pure
        returns (bool, Split memory found)
    {
        uint256 sum;
        (found.positions, sum) = _wantedOf(curves, held, top);
        if (sum > amount) return (false, found);
        (found.positions, sum) = _wantedOf(curves, held, 0);
        if (sum <= amount) {
            found.worth = _worthOf(curves, found.positions);
            (found.bound, found.torn) = (found.worth, _NONE);
            return (true, found);
        }
        (uint256 below, uint256 above) = (0, top);
        while (above - below > RESOLUTION) {
            uint256 middle = (below + above) / 2;
            if (_demand(curves, held, middle) > amount) below = middle;
            else above = middle;
        }
        _fill(found, curves, held, amount, below, above);
        return (true, found);
    }

    /// @dev From the positions wanted at the price `above` towards those at `below`, bridges last, up to the amount.
    function _fill(
        Split memory found,
        Curve[] memory curves,
        uint256 held,
        uint256 amount,
        uint256 below,
        uint256 above
    ) private pure {
        uint256[] memory positions;
        (positions, found.bound) = _wantedOf(curves, held, above);
        uint256 left = amount - found.bound;
        found.bound = _worthOf(curves, positions) + above * left;
        found.torn = _NONE;
        for (uint256 k; k < 2 * curves.length; ++k) {
            uint256 i = k % curves.length;
            bool crosses = _isSteep(curves[i], i, held, above) && !_isSteep(curves[i], i, held, below);
            if (crosses != k >= curves.length) continue;
            uint256 goal = _wantedAt(curves[i], i, held, below);
            if (goal <= positions[i]) continue;
            uint256 more = Math.min(goal - positions[i], left);
            if (crosses && more != 0 && more < goal - positions[i]) found.torn = i;
            positions[i] += more;
            left -= more;
        }
        (found.positions, found.worth) = (positions, _worthOf(curves, positions));
    }

    function _wantedOf(Curve[] memory curves, uint256 held, uint256 price)
        private
        pure
        returns (uint256[] memory positions, uint256 sum)
    {
        positions = new uint256[](curves.length);
        for (uint256 i; i < curves.length; ++i) {
            sum += positions[i] = _wantedAt(curves[i], i, held, price);
        }
    }

    function _demand(Curve[] memory curves, uint256 held, uint256 price) private pure returns (uint256 sum) {
        unchecked {
            for (uint256 i; i < curves.length; ++i) {
                sum += _wantedAt(curves[i], i, held, price);
            }
        }
    }

    function _wantedAt(Curve memory c, uint256 i, uint256 held, uint256 price) private pure returns (uint256) {
        if (c.score == 0) return c.steep.low;
        unchecked {
            return _wanted(_isSteep(c, i, held, price) ? c.steep : c.calm, int256(price / c.score));
        }
    }

    function _isSteep(Curve memory c, uint256 i, uint256 held, uint256 price) private pure returns (bool) {
        unchecked {
            if (!c.dented || (held >> i) & 1 == 1) return true;
            return (held >> (_CALM_AT + i)) & 1 == 0 && price / c.score >= c.bridge;
        }
    }

    function _worthOf(Curve[] memory curves, uint256[] memory positions) private pure returns (uint256 sum) {
        unchecked {
            for (uint256 i; i < curves.length; ++i) {
                Curve memory c = curves[i];
                sum += c.score * positions[i] * rate(c.market, c.others + positions[i]);
            }
        }
    }

    // --- pieces ---------------------------------------------------------------------------------------------------

    function _curve(Offer memory o) private pure returns (Curve memory c) {
        (uint256 low, uint256 high) = (o.low, o.low);
        if (o.score != 0) high = Math.max(low, Math.min(o.high, o.others));
        (c.market, c.others, c.score) = (o.market, o.others, o.score);
        uint256 kinkAt = _kinkAt(o.market, o.others);
        c.dented = low < kinkAt && kinkAt < high;
        if (c.dented) {
            c.steep = _piece(o.market, o.others, low, kinkAt, true);
            c.calm = _piece(o.market, o.others, kinkAt, high, false);
            c.bridge = _bridge(o.market, c.steep, c.calm);
        } else {
            c.steep = c.calm = _piece(o.market, o.others, low, high, kinkAt >= high);
        }
    }

    /// @dev {asset} of ours from which on utilisation is at the kink or below.
    function _kinkAt(IYieldLens.Market memory m, uint256 others) private pure returns (uint256) {
        uint256 total = Math.ceilDiv(m.borrowed * WAD, m.kink);
        return total > others ? total - others : 0;
    }

    function _piece(IYieldLens.Market memory m, uint256 others, uint256 low, uint256 high, bool above)
        private
        pure
        returns (Piece memory p)
    {
        (p.low, p.high, p.others, p.start) = (low, high, others, others + low);
        (p.end, p.c0) = (_WAD, int256(m.flat));
        if (p.start == 0) return p;
        unchecked {
            int256 used = int256(m.borrowed * WAD / p.start);
            int256 rest = int256(others * WAD / p.start);
            int256 lent; // the kink's gradient * utilisation
            int256 level; // what its line would pay at no utilisation
            if (above) {
                level = int256(m.slope2 * WAD / (WAD - m.kink)); // the gradient
                lent = level * used / _WAD;
                level = int256(m.base + m.slope1) - level * int256(m.kink) / _WAD;
            } else {
                lent = int256(m.slope1 * WAD / m.kink) * used / _WAD;
                level = int256(m.base);
            }
            p.end = int256(p.start * WAD / (others + high));
            p.c1 = int256(m.rewards * WAD / p.start) * rest / _WAD;
            if (m.ofBorrowers) {
                int256 kept = _WAD - int256(m.reserveFactor);
                p.c1 += (level * rest / _WAD - lent) * used / _WAD * kept / _WAD;
                p.c2 = 2 * lent * used / _WAD * rest / _WAD * kept / _WAD;
            } else {
                p.c0 += level;
                p.c1 += lent * rest / _WAD;
            }
        }
    }

    /// @dev WAD{1/year}: marginal yield where start / total is `z`.
    function _slope(Piece memory p, int256 z) private pure returns (int256) {
        unchecked {
            return p.c0 + (p.c1 + p.c2 * z / _WAD) * z / _WAD * z / _WAD;
        }
    }

    /// @dev {asset}: the position on a piece whose marginal yield is `floor`, WAD{1/year}, by Newton's method. The slope is
    ///      convex and rises with z, so every step from z = 1 on lands on the same side of the answer.
    function _wanted(Piece memory p, int256 floor) private pure returns (uint256) {
        if (p.low == p.high || _slope(p, _WAD) <= floor) return p.low;
        if (_slope(p, p.end) >= floor) return p.high;
        int256 z = _WAD;
        unchecked {
            for (uint256 k; k < MAX_STEPS; ++k) {
                int256 rise = (2 * p.c1 + 3 * p.c2 * z / _WAD) * z / _WAD;
                if (rise <= 0) break;
                int256 step = (_slope(p, z) - floor) * _WAD / rise;
                z -= step;
                if (step <= SMALL_STEP) break;
            }
            if (z <= p.end) return p.high;
            uint256 total = p.start * WAD / uint256(z);
            return total <= p.others + p.low ? p.low : Math.min(total - p.others, p.high);
        }
    }

    /// @dev WAD{1/year} at which both pieces earn as much beyond it; 0 when the calm one never does.
    function _bridge(IYieldLens.Market memory m, Piece memory steep, Piece memory calm)
        private
        pure
        returns (uint256 below)
    {
        unchecked {
            uint256 above = _highest(steep, calm) + 1;
            while (above - below > RESOLUTION / PER_MILLE) {
                uint256 middle = (below + above) / 2;
                if (_beyond(m, calm, int256(middle)) >= _beyond(m, steep, int256(middle))) below = middle;
                else above = middle;
            }
        }
    }

    /// @dev WAD{asset/year}: the most that a position on the piece earns beyond `floor`.
    function _beyond(IYieldLens.Market memory m, Piece memory p, int256 floor) private pure returns (int256) {
        uint256 position = _wanted(p, floor);
        unchecked {
            return int256(position) * (int256(rate(m, p.others + position)) - floor);
        }
    }

    /// @dev WAD{1/year}: the highest marginal yield of both pieces, at least 0.
    function _highest(Piece memory steep, Piece memory calm) private pure returns (uint256) {
        int256 highest = _slope(steep, _WAD);
        int256 other = _slope(calm, _WAD);
        if (other > highest) highest = other;
        return highest > 0 ? uint256(highest) : 0;
    }
}
