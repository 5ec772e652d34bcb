// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Prices with their uncertainty: two bounds and a status, never a bare number.
interface IPriceOracle {
    /// @dev Only GOOD may be traded on. DIVERGED carries bounds that are too far apart; for the others the bounds
    ///      are those of the sources that still answer, or 0 when none does.
    enum Status {
        UNKNOWN_ASSET, // no source configured
        GOOD, // enough sources answer and agree
        DIVERGED, // sources answer but disagree by more than allowed
        STALE, // too few fresh answers: the first bad source is older than its heartbeat
        INVALID, // too few usable answers: the first bad source is zero, negative, out of bounds, reverting, malformed ...
        SEQUENCER_DOWN // the L2 sequencer is down or has just come back
    }

    struct Quote {
        uint256 low; // WAD{USD/coin}, the lowest good source
        uint256 high; // WAD{USD/coin}, the highest good source
        Status status;
    }

    /// @notice Bounds and status of one asset's price. Never reverts because of a feed.
    function quote(address asset) external view returns (uint256 low, uint256 high, Status status);

    /// @notice The same for several assets, in their order.
    function quotes(address[] calldata assets) external view returns (Quote[] memory);

    /// @notice The prices of the sources that answer well, in the sources' order, whether they agree or not.
    /// @return prices WAD{USD/coin}; empty when frozen, unknown, or the sequencer is down.
    /// @return sources How many are configured.
    function goodPrices(address asset) external view returns (uint256[] memory prices, uint256 sources);
}
