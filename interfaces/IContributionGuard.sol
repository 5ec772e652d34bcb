// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Says which coins may come into the fund beyond their proportion.
interface IContributionGuard {
    /// @notice Whether a coin's excess may be contributed now.
    function mayEnter(address asset) external view returns (bool);
}
