// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The part of a Compound V3 market (Comet) that Ballast uses.
/// @dev Amounts are {base} in its own decimals; rates and factors have 18 decimals, prices 8, indices 15.
interface ICometMarket {
    struct TotalsBasic {
        uint64 baseSupplyIndex; // at the last accrual
        uint64 baseBorrowIndex;
        uint64 trackingSupplyIndex;
        uint64 trackingBorrowIndex;
        uint104 totalSupplyBase; // principal
        uint104 totalBorrowBase; // principal
        uint40 lastAccrualTime; // s
        uint8 pauseFlags;
    }

    struct AssetInfo {
        uint8 offset;
        address asset;
        address priceFeed;
        uint64 scale;
        uint64 borrowCollateralFactor;
        uint64 liquidateCollateralFactor;
        uint64 liquidationFactor;
        uint128 supplyCap; // {collateral}
    }

    function supply(address asset, uint256 amount) external;

    function withdrawTo(address to, address asset, uint256 amount) external;

    function baseToken() external view returns (address);

    function baseTokenPriceFeed() external view returns (address);

    function baseScale() external view returns (uint256);

    function balanceOf(address account) external view returns (uint256);

    function totalSupply() external view returns (uint256);

    /// @return Below zero when the market owes its suppliers more base coins than it has and is owed.
    function getReserves() external view returns (int256);

    function totalsBasic() external view returns (TotalsBasic memory);

    function isSupplyPaused() external view returns (bool);

    function isWithdrawPaused() external view returns (bool);

    function numAssets() external view returns (uint8);

    function getAssetInfo(uint8 index) external view returns (AssetInfo memory);

    /// @return {collateral} of defaulted borrowers that the market holds for sale.
    function getCollateralReserves(address asset) external view returns (uint256);

    /// @return USD, 8 decimals
    function getPrice(address priceFeed) external view returns (uint256);
}

/// @title The part of CometRewards that Ballast uses.
interface ICometRewardPayer {
    /// @notice Pays `account` what it has earned in the market; for anybody to call.
    function claim(address comet, address account, bool shouldAccrue) external;

    /// @return token The reward of a market; zero when it has none.
    function rewardConfig(address comet)
        external
        view
        returns (address token, uint64 rescaleFactor, bool shouldUpscale);
}
