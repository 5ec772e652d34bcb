// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICometPosition, ICometRates, ICometRewardToken} from "@interfaces/ILensSources.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {RewardPricing} from "./RewardPricing.sol";

/// @title What a Compound V3 market pays suppliers of its base coin: a curve of their own, and rewards while it emits them.
contract CometLens is IYieldLens, RewardPricing {
    uint256 private constant _WAD = 1e18;

    constructor(IPriceOracle oracle) RewardPricing(oracle) {}

    /// @inheritdoc IYieldLens
    function marketOf(address strategy) external view returns (Market memory market) {
        ICometRates comet = ICometRates(ICometPosition(strategy).COMET());
        address asset = comet.baseToken();
        market.supplied = comet.totalSupply();
        market.borrowed = comet.totalBorrow();
        market.available = IERC20(asset).balanceOf(address(comet));
        market.kink = comet.supplyKink();
        market.base = comet.supplyPerSecondInterestRateBase() * YEAR;
        market.slope1 = comet.supplyPerSecondInterestRateSlopeLow() * YEAR * market.kink / _WAD;
        market.slope2 = comet.supplyPerSecondInterestRateSlopeHigh() * YEAR * (_WAD - market.kink) / _WAD;
        market.rewards = _rewardsOf(comet, ICometPosition(strategy).REWARDS(), asset);
    }

    /// @dev {asset/year} to all suppliers.
    function _rewardsOf(ICometRates comet, address payer, address asset) private view returns (uint256) {
        uint256 speed = comet.baseTrackingSupplySpeed();
        if (speed == 0 || comet.totalsBasic().totalSupplyBase < comet.baseMinForRewards()) return 0;
        (address reward,,) = ICometRewardToken(payer).rewardConfig(address(comet));
        if (reward == address(0) || reward == asset) return 0; // no harvest sells the coin itself
        return _worthOf(reward, speed * YEAR, comet.trackingIndexScale(), asset);
    }
}
