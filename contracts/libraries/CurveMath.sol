// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What a Curve LP token is worth in one of the pool's coins, at rest. Pure integers; the twin is
///        `ballast/model/curve.py`.
/// @notice With the virtual price v, the pool's averaged prices p_k (p_0 = 1), our coin c and n coins:
///
///   price = v * min_k(p_k) / p_c * (1 - fee * n / (2 * (n - 1)))                              WAD{coin/LP}
///
/// min_k includes k = c, so the price is never above the virtual price. On the invariant the balances add up to at
/// least D, so a portfolio of D at prices p is worth at least D * min_k(p_k): that is what a small withdrawal in coin c
/// pays in a pool which stands at those prices, before the fee; the fee of leaving in one coin is at most the last
/// factor while the pool does not lean.
///
/// v changes by fees and gifts alone and p by earlier blocks alone: pushing the pool moves neither.
library CurveMath {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant FEE_UNIT = 1e10;

    /// @param virtualPrice WAD{unit/LP}
    /// @param averages WAD{coin 0/coin k + 1}, one fewer than coins.
    /// @param index Of our coin.
    /// @param fee The pool's swap fee over 10^10.
    /// @return WAD{coin/LP}, rounded down; 0 when an average is.
    function lpPrice(uint256 virtualPrice, uint256[] memory averages, uint256 index, uint256 fee)
        internal
        pure
        returns (uint256)
    {
        uint256 lowest = WAD;
        for (uint256 k; k < averages.length; ++k) {
            lowest = Math.min(lowest, averages[k]);
        }
        uint256 own = index == 0 ? WAD : averages[index - 1];
        if (own == 0) return 0;
        uint256 atPrices = Math.mulDiv(virtualPrice, lowest, own);
        return Math.mulDiv(atPrices, FEE_UNIT - exitFee(fee, averages.length + 1), FEE_UNIT);
    }

    /// @return Over 10^10, rounded up: the most that leaving in one coin costs a pool that does not lean.
    function exitFee(uint256 fee, uint256 coins) internal pure returns (uint256) {
        return Math.ceilDiv(fee * coins, 2 * (coins - 1));
    }

    /// @param price WAD{coin/LP}
    /// @param unit 10^(36 - the coin's decimals)
    /// @return {coin}, rounded as asked.
    function valueOf(uint256 lp, uint256 price, uint256 unit, Math.Rounding rounding) internal pure returns (uint256) {
        return Math.mulDiv(lp, price, unit, rounding);
    }

    /// @return {LP} worth at most `assets`; 0 when LP is worth nothing.
    function lpFor(uint256 assets, uint256 price, uint256 unit) internal pure returns (uint256) {
        return price == 0 ? 0 : Math.mulDiv(assets, unit, price);
    }
}
