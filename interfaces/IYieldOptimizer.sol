// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title How an asset is best split among its strategies. Only views, and the curator's judgement of risks.
interface IYieldOptimizer {
    /// @dev One named reason for every yes and every no.
    enum Reason {
        BEST_ALREADY, // no: the split stands as well as it can within the differential
        YIELD, // yes: the differential is large enough and pays back its gas within the horizon
        NOTHING_QUALIFIES, // no: no strategy may be used now
        DIFFERENTIAL_TOO_SMALL, // no
        GAS_NOT_PAID_BACK, // no: not within the horizon
        COIN_ON_WATCH, // no: a coin off its peg is not lent, whatever it yields
        STALE_DATA // no: a price is not GOOD
    }

    /// @notice The best single strategy for `amount` more of `asset`.
    /// @return strategy Zero when none qualifies.
    /// @return score WAD{1/year}, risk-adjusted APY at the size that results.
    function optimizeYield(address asset, uint256 amount) external view returns (address strategy, uint256 score);

    /// @notice The split of `amount` of `asset` that equalises risk-adjusted marginal APY under the caps.
    /// @return strategies In the manager's order.
    /// @return amounts {asset}, in all at most `amount`; what no strategy may take stays idle.
    function optimalAllocation(address asset, uint256 amount)
        external
        view
        returns (address[] memory strategies, uint256[] memory amounts);

    /// @notice Whether moving the asset's lent and idle coins to the optimal split is worth it now.
    /// @return gain WAD{USD/year} before gas, at the asset's low price.
    function shouldReallocate(address asset) external view returns (bool, Reason, uint256 gain);
}
