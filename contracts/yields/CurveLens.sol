// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ICurveLiquidity, ICurvePoolPosition} from "@interfaces/ILensSources.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {GrowthRecorder} from "./GrowthRecorder.sol";

/// @title What the swap fees of a Curve pool of dollar coins pay: the growth of its virtual price.
/// @notice Fees come from trades, not from liquidity: more of it shares the same fees, so they count as rewards to all.
/// @dev Every coin of the pool counts as one of the strategy's coin. Rewards of gauges are not counted here.
contract CurveLens is IYieldLens, GrowthRecorder {
    uint256 private constant _WAD = 1e18;
    uint256 private constant _HALF = 0.5e18; // a kink is asked for; without borrowers it means nothing

    /// @inheritdoc IYieldLens
    function marketOf(address strategy) public view virtual returns (Market memory market) {
        address asset = ICurvePoolPosition(strategy).asset();
        ICurveLiquidity pool = ICurveLiquidity(ICurvePoolPosition(strategy).POOL());
        uint256 one = 10 ** IERC20Metadata(asset).decimals();
        market.supplied = pool.totalSupply() * pool.get_virtual_price() / _WAD * one / _WAD;
        market.available = IERC20(asset).balanceOf(address(pool));
        market.rewards = market.supplied * growthOf(strategy) / _WAD;
        market.kink = _HALF;
    }

    function _priceOf(address strategy) internal view override returns (uint256) {
        return ICurveLiquidity(ICurvePoolPosition(strategy).POOL()).get_virtual_price();
    }
}
