// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What a kill switch can stop.
interface IHaltable {
    /// @notice WATCHDOG: stops ordinary trading; emergencies and exits go on.
    function haltTrading() external;
}
