// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Trade} from "@interfaces/IIndexVault.sol";

/// @title When and how the basket is traded back to its targets.
interface IRebalancer {
    /// @dev One named reason for every yes and every no. New reasons are appended, never inserted.
    enum Reason {
        IN_BAND, // no: nothing to do
        DRIFT, // yes: a weight is off its target by more than the drift limit
        PRICE, // yes: a coin is off $1 by more than the price limit, and weights are off the settle band
        CALENDAR, // yes: the interval has passed, and weights are off the settle band
        SESSION_OPEN, // yes: a session waits for its fills
        COOLDOWN, // no: the last session ended too recently
        BELOW_MIN_VALUE, // no: what would be traded is worth less than the minimum
        GAS_TOO_HIGH, // no: gas x price x ETH/USD is above the ceiling
        STALE_DATA, // no: a price is not GOOD, or the market data are stale
        PAUSED, // no: a guardian stopped trading
        CRISIS // yes: a coin in crisis is above its emergency weight (`executeEmergencyRebalance`)
    }

    event SessionOpened(uint256 indexed session, Reason reason, address[] tokens, uint256[] weights, uint256[] prices);
    event Filled(uint256 indexed session, uint256 valueBefore, uint256 valueAfter, uint256 driftBefore, uint256 driftAfter);
    event SessionSettled(uint256 indexed session, uint256 drift);
    event SessionExpired(uint256 indexed session);

    /// @notice Whether a rebalance may run now, and why or why not.
    function shouldRebalance() external view returns (bool, Reason);

    /// @notice IDLE -> OPEN, by anyone, when `shouldRebalance` says so: snapshots targets and prices.
    function open() external returns (uint256 session);

    /// @notice KEEPER: fills the open session (opening one first when it should), sells before buys.
    function executeRebalance(Trade[] calldata trades) external;

    /// @notice Opens an emergency session away from `asset`: GUARDIAN at any time, anyone once the detector confirms.
    /// @dev Replaces an ordinary session; skips cooldown, minimum value and gas ceiling.
    function executeEmergencyRebalance(address asset) external returns (uint256 session);

    /// @notice Anyone, in an emergency session: fills it at a price that falls from above the oracle to the floor.
    /// @dev Each trade's venue is the filler's own.
    function fill(Trade[] calldata trades) external;

    /// @notice Ends a session that is inside the settle band or past its time; anyone.
    function close() external;

    /// @return bps Largest absolute distance of a weight from its target, on mid prices.
    function maxDrift() external view returns (uint256 bps);
}
