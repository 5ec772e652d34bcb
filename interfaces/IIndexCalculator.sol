// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Target weights of the index from bounded market data.
interface IIndexCalculator {
    /// @notice Bounded projection of the adjusted caps, in basis points.
    /// @dev While any input is stale the weights last computed from fresh inputs are returned unchanged (see `isStale`).
    /// @return tokens The active constituents, in a stable order.
    /// @return weights bps, sum exactly 10,000, each within its bounds.
    function calculateOptimalWeights() external view returns (address[] memory tokens, uint256[] memory weights);

    /// @notice True while some input is older than its limit: the weights are frozen.
    function isStale() external view returns (bool);
}
