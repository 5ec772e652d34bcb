// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IConvexEmissions, IConvexPosition, ICurveLiquidity} from "@interfaces/ILensSources.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {CurveLens} from "./CurveLens.sol";
import {RewardPricing} from "./RewardPricing.sol";

/// @title What a Curve pool staked with Convex pays: the swap fees, and the CRV that Convex passes on.
/// @notice CVX and extra rewards on top are not counted: the yield is more, never less.
/// @dev Convex pays those who stake there alone. What a staked LP token gets is counted as if all of the pool were staked,
///      because the gauge's emission is shared by all its liquidity, through Convex or not.
contract ConvexLens is CurveLens, RewardPricing {
    constructor(IPriceOracle oracle) RewardPricing(oracle) {}

    /// @inheritdoc IYieldLens
    function marketOf(address strategy) public view override returns (Market memory market) {
        market = super.marketOf(strategy);
        IConvexPosition position = IConvexPosition(strategy);
        IConvexEmissions pool = IConvexEmissions(position.REWARDS());
        uint256 staked = pool.totalSupply();
        if (position.left() || staked == 0 || block.timestamp >= pool.periodFinish()) return market;
        address reward = pool.rewardToken();
        uint256 yearly = _worthOf(reward, pool.rewardRate() * YEAR, _one(reward), position.asset());
        market.rewards += Math.mulDiv(yearly, ICurveLiquidity(position.POOL()).totalSupply(), staked);
    }
}
