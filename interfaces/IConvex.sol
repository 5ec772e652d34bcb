// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The part of Convex's Booster that a depositor of Curve LP tokens needs.
interface IConvexBooster {
    /// @notice Takes `amount` of the pool's LP tokens from the caller; with `stake` into the reward pool at once.
    function deposit(uint256 pid, uint256 amount, bool stake) external returns (bool);

    function poolInfo(uint256 pid)
        external
        view
        returns (address lptoken, address token, address gauge, address crvRewards, address stash, bool shutdown);

    /// @return Whether Convex takes no more deposits anywhere. Withdrawals go on.
    function isShutdown() external view returns (bool);

    function crv() external view returns (address);

    /// @return The CVX token, which is minted along with claimed CRV.
    function minter() external view returns (address);
}

/// @title The part of a Convex reward pool that a staker needs.
interface IConvexRewardPool {
    /// @notice Unstakes `amount` and pays it in LP tokens.
    function withdrawAndUnwrap(uint256 amount, bool claim) external returns (bool);

    /// @notice Pays `account` its CRV and CVX, with `claimExtras` the extra rewards too.
    function getReward(address account, bool claimExtras) external returns (bool);

    /// @return {LP} staked.
    function balanceOf(address account) external view returns (uint256);

    /// @return {CRV} that `getReward` would pay.
    function earned(address account) external view returns (uint256);
}
