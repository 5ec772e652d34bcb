// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev What the lenses ask of strategies and of the protocols behind them, and nothing more.

/// @title The getters of a strategy on Aave V3.
interface IAavePosition {
    function asset() external view returns (address);

    function POOL() external view returns (address);

    /// @return Zero where rewards are not claimed.
    function REWARDS() external view returns (address);
}

/// @title The part of Aave V3's pool that says how a coin is used.
interface IAaveReserves {
    struct Reserve {
        uint256 configuration; // bits 64 to 79: reserve factor, bps
        uint128 liquidityIndex;
        uint128 currentLiquidityRate; // RAY{1/year} since the last touch
        uint128 variableBorrowIndex;
        uint128 currentVariableBorrowRate;
        uint128 currentStableBorrowRate;
        uint40 lastUpdateTimestamp;
        uint16 id;
        address aTokenAddress; // zero: not listed
        address stableDebtTokenAddress;
        address variableDebtTokenAddress;
        address interestRateStrategyAddress;
        uint128 accruedToTreasury;
        uint128 unbacked;
        uint128 isolationModeTotalDebt;
    }

    function getReserveData(address asset) external view returns (Reserve memory);

    /// @return {asset} that rates are reckoned by: what was donated does not count.
    function getVirtualUnderlyingBalance(address asset) external view returns (uint128);
}

/// @title Aave V3's interest curves.
interface IAaveRates {
    struct Curve {
        uint256 optimalUsageRatio; // RAY{1}, and the others RAY{1/year}
        uint256 baseVariableBorrowRate;
        uint256 variableRateSlope1;
        uint256 variableRateSlope2;
    }

    function getInterestRateData(address reserve) external view returns (Curve memory);
}

/// @title Aave V3's rewards.
interface IAaveEmissions {
    function getRewardsByAsset(address asset) external view returns (address[] memory);

    /// @return index of the distribution.
    /// @return emissionPerSecond {reward/s} to all holders of the asset together.
    /// @return lastUpdate s
    /// @return distributionEnd s
    function getRewardsData(address asset, address reward)
        external
        view
        returns (uint256 index, uint256 emissionPerSecond, uint256 lastUpdate, uint256 distributionEnd);
}

/// @title The getters of a strategy on Compound V3.
interface ICometPosition {
    function asset() external view returns (address);

    function COMET() external view returns (address);

    function REWARDS() external view returns (address);
}

/// @title The part of a Compound V3 market that says what it pays. Rates per second, 18 decimals.
interface ICometRates {
    struct Totals {
        uint64 baseSupplyIndex;
        uint64 baseBorrowIndex;
        uint64 trackingSupplyIndex;
        uint64 trackingBorrowIndex;
        uint104 totalSupplyBase; // principal
        uint104 totalBorrowBase;
        uint40 lastAccrualTime;
        uint8 pauseFlags;
    }

    function baseToken() external view returns (address);

    function totalSupply() external view returns (uint256);

    function totalBorrow() external view returns (uint256);

    function totalsBasic() external view returns (Totals memory);

    function supplyKink() external view returns (uint256);

    function supplyPerSecondInterestRateBase() external view returns (uint256);

    function supplyPerSecondInterestRateSlopeLow() external view returns (uint256);

    function supplyPerSecondInterestRateSlopeHigh() external view returns (uint256);

    /// @return Whole rewards a second to all suppliers, times `trackingIndexScale`.
    function baseTrackingSupplySpeed() external view returns (uint256);

    function trackingIndexScale() external view returns (uint256);

    /// @return Principal below which nothing is emitted.
    function baseMinForRewards() external view returns (uint256);
}

/// @title Which token a market's suppliers are rewarded in.
interface ICometRewardToken {
    function rewardConfig(address comet)
        external
        view
        returns (address token, uint64 rescaleFactor, bool shouldUpscale);
}

/// @title The getters of a strategy on Curve.
interface ICurvePoolPosition {
    function asset() external view returns (address);

    function POOL() external view returns (address);
}

/// @title The getters of a strategy on Convex.
interface IConvexPosition is ICurvePoolPosition {
    function REWARDS() external view returns (address);

    /// @return Whether the LP tokens were taken out of Convex for good.
    function left() external view returns (bool);
}

/// @title The part of a Convex reward pool that says what it pays.
interface IConvexEmissions {
    function rewardToken() external view returns (address);

    /// @return {reward/s} to all who stake.
    function rewardRate() external view returns (uint256);

    /// @return s, when the rate ends.
    function periodFinish() external view returns (uint256);

    /// @return {LP} staked by all.
    function totalSupply() external view returns (uint256);
}

/// @title The part of a Curve pool that says what liquidity is worth. The pool is its own LP token.
interface ICurveLiquidity {
    function totalSupply() external view returns (uint256);

    /// @return WAD{unit/LP}
    function get_virtual_price() external view returns (uint256);
}
