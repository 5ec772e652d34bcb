// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";
import {BasketStorage} from "./BasketStorage.sol";

/// @title What a contribution and a withdrawal are worth. Pure integers; the twin is `ballast/model/shares.py`.
/// @notice With reserves R_i {coin i}, contribution a_i {coin i}, supply S {share}, T = TOLERANCE:
///
///   proportional part   p   = min over R_i > 0 of floor(a_i * S / R_i)                                  {share}
///   excess              x_i = max(0, (a_i - u_i) * S * T - p * R_i * (T + 1))               {coin i * share * T}
///   its shares          e   = floor( sum(low_i * x_i) / ((T + 1) * sum(high_i * R_i)) )                 {share}
///
/// where low_i = min(low, $1) and high_i are WAD{USD/coin} times the coin's scale; u_i is 1 unit, 0 where R_i = 0.
/// One unit of a coin that is held and one part in a million of the proportional part pass without shares and without
/// an oracle: rounding, and what other people's transactions moved since the amounts were computed, never make a
/// contribution depend on a price. Of a coin that is not held the first unit is excess.
///
/// More in never gives fewer shares: p grows with every a_i, each further share of p takes at most (T + 1) * R_i from
/// x_i, so at most (T + 1) * sum(low_i * R_i) <= (T + 1) * sum(high_i * R_i) from the sum: at most 1 from e. That needs
/// the sum to be rounded once, not coin by coin.
///
/// Bounds: reserves, R_i + a_i and S stay below 2**112, so a * S * T < 2**244.
library ShareMath {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;
    uint256 internal constant TOLERANCE = 1e6; // 1 / 1 ppm

    /// A reserve would outgrow what a slot holds.
    error ReserveOverflow(uint256 index, uint256 amount);
    /// Shares exist and every reserve is empty: no amount buys a known part of nothing.
    error EmptyBasket();

    /// @notice Shares of the proportional part, and whether something is left over that needs a price.
    /// @param amounts Own decimals, one per lane: the caller has checked the length.
    /// @param supply Total shares, > 0.
    function proportional(uint256[] calldata amounts, uint256[] memory lanes, uint256 supply)
        internal
        pure
        returns (uint256 shares, bool excess)
    {
        uint256 any;
        bool tooLarge;
        // Every entry walks these loops, so they go by pointers. Nothing wraps, by the bounds above.
        assembly ("memory-safe") {
            shares := not(0)
            let max := sub(shl(112, 1), 1) // BasketStorage.MAX_RESERVE
            let end := add(add(lanes, 0x20), shl(5, mload(lanes)))
            let source := amounts.offset
            for { let lane := add(lanes, 0x20) } lt(lane, end) { lane := add(lane, 0x20) } {
                let amount := calldataload(source)
                source := add(source, 0x20)
                let reserve := and(mload(lane), max)
                any := or(any, amount)
                tooLarge := or(tooLarge, gt(amount, sub(max, reserve)))
                if reserve {
                    let part := div(mul(amount, supply), reserve)
                    if lt(part, shares) { shares := part }
                }
            }
            let whole := mul(supply, TOLERANCE)
            let used := mul(shares, add(TOLERANCE, 1))
            source := amounts.offset
            for { let lane := add(lanes, 0x20) } lt(lane, end) { lane := add(lane, 0x20) } {
                let amount := calldataload(source)
                source := add(source, 0x20)
                if amount {
                    let reserve := and(mload(lane), max) // next line: `excessOf` != 0
                    excess := or(excess, gt(mul(sub(amount, gt(reserve, 0)), whole), mul(used, reserve)))
                }
            }
        }
        if (tooLarge) _revertTooLarge(amounts, lanes);
        if (any == 0) revert IERC7621.ZeroAmount();
        if (shares == type(uint256).max) revert EmptyBasket();
    }

    function _revertTooLarge(uint256[] calldata amounts, uint256[] memory lanes) private pure {
        for (uint256 i; i < amounts.length; ++i) {
            uint256 room = BasketStorage.MAX_RESERVE - BasketStorage.reserveOf(lanes[i]);
            if (amounts[i] > room) revert ReserveOverflow(i, amounts[i]);
        }
    }

    /// @return x_i above, {coin * share * T}
    function excessOf(uint256 amount, uint256 reserve, uint256 supply, uint256 shares)
        internal
        pure
        returns (uint256)
    {
        if (amount == 0) return 0;
        // amount, reserve, supply < 2**112 and shares * reserve <= amount * supply.
        unchecked {
            uint256 brought = (reserve == 0 ? amount : amount - 1) * supply * TOLERANCE;
            uint256 used = shares * reserve * (TOLERANCE + 1);
            return brought > used ? brought - used : 0;
        }
    }

    /// @notice Shares for what is beyond the proportional part, rounded down once.
    /// @param lows WAD{USD/coin} * scale, not above $1.
    /// @param highs WAD{USD/coin} * scale, each >= its low.
    /// @param shares Of the proportional part.
    function excessShares(
        uint256[] calldata amounts,
        uint256[] memory lanes,
        uint256[] memory lows,
        uint256[] memory highs,
        uint256 supply,
        uint256 shares
    ) internal pure returns (uint256 extra) {
        uint256 divisor = basketValue(lanes, highs) * (TOLERANCE + 1);
        if (divisor == 0) revert EmptyBasket();
        uint256 remainders;
        for (uint256 i; i < lanes.length; ++i) {
            uint256 x = excessOf(amounts[i], BasketStorage.reserveOf(lanes[i]), supply, shares);
            if (x == 0) continue;
            extra += Math.mulDiv(lows[i], x, divisor);
            remainders += mulmod(lows[i], x, divisor);
        }
        extra += remainders / divisor;
    }

    /// @return WAD * WAD {USD}: divide by WAD for dollars in WAD.
    function basketValue(uint256[] memory lanes, uint256[] memory prices) internal pure returns (uint256) {
        uint256 value;
        for (uint256 i; i < lanes.length; ++i) {
            value += BasketStorage.reserveOf(lanes[i]) * prices[i];
        }
        return value;
    }

    /// @notice How much of the basket an excess may make a coin: target + band, and nothing of one wanted no more.
    /// @param target bps
    /// @return bps
    function limitOf(uint256 target, uint256 bandBps) internal pure returns (uint256) {
        return target == 0 ? 0 : target + bandBps;
    }

    /// @notice The first coin that its own excess would carry past its limit, valued at `highs`.
    /// @return index `lanes.length` when there is none.
    /// @return weight bps after the contribution, rounded up.
    function pastBand(
        uint256[] calldata amounts,
        uint256[] memory lanes,
        uint256[] memory highs,
        uint256 supply,
        uint256 shares,
        uint256 bandBps
    ) internal pure returns (uint256 index, uint256 weight) {
        uint256 total = basketValue(lanes, highs);
        for (uint256 i; i < lanes.length; ++i) {
            total += amounts[i] * highs[i];
        }
        for (; index < lanes.length; ++index) {
            uint256 reserve = BasketStorage.reserveOf(lanes[index]);
            if (excessOf(amounts[index], reserve, supply, shares) == 0) continue;
            weight = Math.ceilDiv((reserve + amounts[index]) * highs[index] * BPS, total);
            // Rounded up, whole limits: above the limit exactly when the unrounded weight is.
            if (weight > limitOf(BasketStorage.weightOf(lanes[index]), bandBps)) return (index, weight);
        }
        weight = 0;
    }

    /// @notice Shares of the first contribution, which sets $1 of low value as one share.
    /// @return shares Value at `lows`, WAD{USD} = {share}, rounded down; the dead shares come out of it.
    /// @return index The first coin whose weight is off its target by more than the band; `lanes.length` if none.
    /// @return weight Its weight in bps, rounded away from the target.
    function firstShares(uint256[] calldata amounts, uint256[] memory lanes, uint256[] memory lows, uint256 bandBps)
        internal
        pure
        returns (uint256 shares, uint256 index, uint256 weight)
    {
        uint256 total;
        for (uint256 i; i < lanes.length; ++i) {
            if (amounts[i] > BasketStorage.MAX_RESERVE) revert ReserveOverflow(i, amounts[i]);
            total += amounts[i] * lows[i];
        }
        if (total == 0) revert IERC7621.ZeroAmount();
        shares = total / WAD;
        for (; index < lanes.length; ++index) {
            uint256 value = amounts[index] * lows[index] * BPS;
            uint256 target = BasketStorage.weightOf(lanes[index]);
            if (value > limitOf(target, bandBps) * total) return (shares, index, Math.ceilDiv(value, total));
            if (value + bandBps * total < target * total) return (shares, index, value / total);
        }
    }

    /// @notice Coins owed for `shares`, rounded down.
    function amountsForWithdrawal(uint256[] memory lanes, uint256 shares, uint256 supply)
        internal
        pure
        returns (uint256[] memory amounts)
    {
        amounts = new uint256[](lanes.length);
        // Both factors are below 2**112; supply > 0 since there are shares to burn.
        assembly ("memory-safe") {
            let gap := sub(amounts, lanes)
            let end := add(add(lanes, 0x20), shl(5, mload(lanes)))
            for { let lane := add(lanes, 0x20) } lt(lane, end) { lane := add(lane, 0x20) } {
                let reserve := and(mload(lane), sub(shl(112, 1), 1)) // BasketStorage.MAX_RESERVE
                mstore(add(lane, gap), div(mul(reserve, shares), supply))
            }
        }
    }

    /// @notice Coins, rounded up, that contribute `shares` (at least) with no excess and so with no oracle.
    function amountsForShares(uint256[] memory lanes, uint256 shares, uint256 supply)
        internal
        pure
        returns (uint256[] memory amounts)
    {
        amounts = new uint256[](lanes.length);
        for (uint256 i; i < lanes.length; ++i) {
            amounts[i] = Math.mulDiv(BasketStorage.reserveOf(lanes[i]), shares, supply, Math.Rounding.Ceil);
        }
    }
}
