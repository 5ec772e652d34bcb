// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAaveEmissions, IAavePosition, IAaveRates, IAaveReserves} from "@interfaces/ILensSources.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {RewardPricing} from "./RewardPricing.sol";

/// @title What Aave V3 pays suppliers of a strategy's coin: the borrowers' curve, and rewards that are still emitted.
/// @dev Utilisation is debt / (virtual balance + debt), as the pool reckons it: coins sent to the pool move nothing.
contract AaveLens is IYieldLens, RewardPricing {
    /// @notice Rewards of one coin that are looked at.
    uint256 public constant MAX_REWARDS = 4;
    uint256 private constant _RAY_PER_WAD = 1e9;
    uint256 private constant _WAD_PER_BPS = 1e14;
    uint256 private constant _RESERVE_FACTOR_AT = 64; // bit of the configuration, 16 bits long

    error NotListed(address asset);

    constructor(IPriceOracle oracle) RewardPricing(oracle) {}

    /// @inheritdoc IYieldLens
    function marketOf(address strategy) external view returns (Market memory market) {
        address asset = IAavePosition(strategy).asset();
        IAaveReserves pool = IAaveReserves(IAavePosition(strategy).POOL());
        IAaveReserves.Reserve memory reserve = pool.getReserveData(asset);
        if (reserve.aTokenAddress == address(0)) revert NotListed(asset);
        market.borrowed = IERC20(reserve.variableDebtTokenAddress).totalSupply();
        market.available = pool.getVirtualUnderlyingBalance(asset);
        market.supplied = market.available + market.borrowed;
        market.reserveFactor = uint16(reserve.configuration >> _RESERVE_FACTOR_AT) * _WAD_PER_BPS;
        market.ofBorrowers = true;
        _readCurve(market, IAaveRates(reserve.interestRateStrategyAddress).getInterestRateData(asset));
        address controller = IAavePosition(strategy).REWARDS();
        if (controller == address(0)) return market;
        market.rewards = _rewardsOf(IAaveEmissions(controller), reserve.aTokenAddress, asset);
    }

    function _readCurve(Market memory market, IAaveRates.Curve memory curve) private pure {
        market.base = curve.baseVariableBorrowRate / _RAY_PER_WAD;
        market.slope1 = curve.variableRateSlope1 / _RAY_PER_WAD;
        market.slope2 = curve.variableRateSlope2 / _RAY_PER_WAD;
        market.kink = curve.optimalUsageRatio / _RAY_PER_WAD;
    }

    /// @dev {asset/year} to all suppliers. A reward in the deposit's own token counts as the coin itself.
    function _rewardsOf(IAaveEmissions controller, address deposit, address asset) private view returns (uint256 sum) {
        address[] memory rewards = controller.getRewardsByAsset(deposit);
        uint256 count = Math.min(rewards.length, MAX_REWARDS);
        for (uint256 i; i < count; ++i) {
            (, uint256 perSecond,, uint256 end) = controller.getRewardsData(deposit, rewards[i]);
            if (block.timestamp >= end || perSecond == 0) continue;
            address reward = rewards[i] == deposit ? asset : rewards[i];
            sum += _worthOf(reward, perSecond * YEAR, _one(reward), asset);
        }
    }
}
