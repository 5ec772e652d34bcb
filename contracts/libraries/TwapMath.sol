// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TickMath} from "./TickMath.sol";

/// @title Time-weighted averages of a Uniswap V3 pool and the price they mean. Twin: `ballast.model.twap`.
library TwapMath {
    /// @notice Arithmetic mean tick, that is the geometric mean price; rounded towards negative infinity.
    /// @param cumulativeDelta tick x s over the window.
    /// @param window s, above 0.
    function meanTick(int256 cumulativeDelta, uint256 window) internal pure returns (int256 tick) {
        int256 divisor = int256(window);
        tick = cumulativeDelta / divisor;
        if (cumulativeDelta < 0 && cumulativeDelta % divisor != 0) --tick;
    }

    /// @notice Harmonic mean of the liquidity in range: short moments of thin liquidity weigh heavily.
    /// @param secondsPerLiquidityDeltaX128 s / liquidity over the window, times 2**128.
    /// @param window s
    /// @return Liquidity, rounded down; 2**160 * window when the delta is 0.
    function harmonicMeanLiquidity(uint256 secondsPerLiquidityDeltaX128, uint256 window)
        internal
        pure
        returns (uint256)
    {
        if (secondsPerLiquidityDeltaX128 == 0) return window << 160;
        return (window << 128) / secondsPerLiquidityDeltaX128;
    }

    /// @notice Price of one whole base coin: floor(quotePrice x raw quote per raw base x 10**up / 10**down).
    /// @dev Two floors one after the other are the floor of the whole. Above a square root of 2**128 the ratio is
    ///      first cut from 192 to 128 fractional bits. Reverts when the result is wider than 256 bits.
    /// @param quotePrice Price of one whole quote coin, any decimals; times 10**up it must fit 256 bits.
    /// @param up Power of ten that brings decimals of coins and prices together; one of `up`, `down` is 0.
    function price(int256 tick, bool baseIsToken0, uint256 quotePrice, uint256 up, uint256 down)
        internal
        pure
        returns (uint256)
    {
        uint256 root = TickMath.sqrtRatioAtTick(tick);
        bool isWide = root >= 2 ** 128;
        uint256 ratio = isWide ? Math.mulDiv(root, root, 2 ** 64) : root * root; // raw token1 per raw token0
        uint256 one = isWide ? 2 ** 128 : 2 ** 192;
        (uint256 numerator, uint256 denominator) = baseIsToken0 ? (ratio, one) : (one, ratio);
        return Math.mulDiv(quotePrice * 10 ** up, numerator, denominator) / 10 ** down;
    }
}
