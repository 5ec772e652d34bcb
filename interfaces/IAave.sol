// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What is used of Aave's lending pools. V2 and V3 share all but the call that supplies, the pause and `getReserveData`.
/// @dev {scaled}: amounts divided by an index in RAY (27 decimals).
interface IAavePool {
    /// @dev V3.
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;

    /// @dev V2.
    function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;

    /// @return The amount that was paid.
    function withdraw(address asset, uint256 amount, address to) external returns (uint256);

    /// @return RAY: what one scaled unit of a deposit is worth now.
    function getReserveNormalizedIncome(address asset) external view returns (uint256);

    /// @return RAY: what one scaled unit of debt is worth now.
    function getReserveNormalizedVariableDebt(address asset) external view returns (uint256);

    /// @return A bitmap: bit 56 active, 57 frozen, 60 paused (V3), 64-79 reserve factor in bps, 116-151 supply cap in whole
    ///         coins (V3; 0: none).
    function getConfiguration(address asset) external view returns (uint256);

    /// @dev V2: everything at once.
    function paused() external view returns (bool);

    /// @dev V3.
    function ADDRESSES_PROVIDER() external view returns (address);

    /// @dev V3 since 3.1: {asset} that may leave; coins that somebody sent to the deposit token do not count.
    function getVirtualUnderlyingBalance(address asset) external view returns (uint128);

    /// @dev V3 since 3.3: {asset} of bad debt that nobody has covered.
    function getReserveDeficit(address asset) external view returns (uint256);
}

/// @title The token of a deposit or of a debt: balances grow with interest.
interface IAaveToken {
    function POOL() external view returns (address);

    function UNDERLYING_ASSET_ADDRESS() external view returns (address);

    /// @return {scaled}
    function scaledTotalSupply() external view returns (uint256);
}

/// @title What pays rewards to those who hold a deposit token.
interface IAaveRewards {
    function getRewardsByAsset(address asset) external view returns (address[] memory);

    /// @param assets The deposit tokens.
    /// @param amount type(uint256).max: all.
    function claimRewardsToSelf(address[] calldata assets, uint256 amount, address reward) external returns (uint256);
}
