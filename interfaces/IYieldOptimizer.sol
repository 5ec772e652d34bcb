// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title How an asset is best split among its strategies. Only views, and the curator's judgement of risks.
interface IYieldOptimizer {
    /// @dev One named reason for every yes and every no.
    enum Reason {
        BEST_ALREADY, // no: nothing worth a move of its own would change
        YIELD, // yes: what is moved gains more than the differential, and pays back its gas within the horizon
        NOTHING_QUALIFIES, // no: no strategy may be used now
        DIFFERENTIAL_TOO_SMALL, // no
        GAS_NOT_PAID_BACK, // no: not within the horizon
        COIN_ON_WATCH, // no: a coin off its peg is not lent, whatever it yields
        STALE_DATA // no: a price is not GOOD
    }

    /// @notice The strategy that would pay most for all of `amount` more of `asset`, and may take it now.
    /// @return strategy Zero when none qualifies.
    /// @return score WAD{1/year}, risk-adjusted APY at the size that results.
    function optimizeYield(address asset, uint256 amount) external view returns (address strategy, uint256 score);

    /// @notice The split of `amount` more of `asset` that equalises risk-adjusted marginal APY under the caps, as it could be
    ///         allocated now: what is lent already stays where it is, and the buffer stays idle.
    /// @return strategies In the manager's order.
    /// @return amounts {asset}, in all at most `amount`; what no strategy may take stays idle.
    function optimalAllocation(address asset, uint256 amount)
        external
        view
        returns (address[] memory strategies, uint256[] memory amounts);

    /// @notice The positions that all coins of `asset`, lent and idle above the buffer, would best be in. What cannot leave
    ///         now stays, and so does what is in a strategy that does not qualify.
    /// @return strategies In the manager's order.
    /// @return held {asset} now.
    /// @return targets {asset}
    function optimalPositions(address asset)
        external
        view
        returns (address[] memory strategies, uint256[] memory held, uint256[] memory targets);

    /// @notice Whether going to `optimalPositions` is worth it now.
    /// @return gain WAD{USD/year}, risk-adjusted, before gas, at the asset's low price.
    function shouldReallocate(address asset) external view returns (bool, Reason, uint256 gain);
}
