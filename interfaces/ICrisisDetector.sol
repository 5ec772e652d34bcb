// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Whether a coin holds its peg, from what several sources show over time.
interface ICrisisDetector {
    enum State {
        SOUND,
        WATCH, // off its peg or stopped by its issuer: not bought
        CRISIS, // cut to its emergency weight
        RECOVERING, // calm after a crisis: comes back in steps
        DARK // too few sources answer, for too long: not bought
    }

    /// @dev As `ballast.model.crisis.CrisisParams` has them.
    struct CrisisParams {
        uint8 confirmations; // sources that must agree
        uint16 watchBps; // bps{$1}: WATCH at this distance from the peg, either way
        uint16 calmBps; // bps{$1}: calm below this distance
        uint16 allowanceBps; // bps{$1} below the peg: what adds nothing to the area
        uint40 threshold; // bps * s: CRISIS at this area
        uint16 surgeBps; // bps{$1} below the peg: CRISIS at once with a surge of volume
        uint16 surgeTenths; // of the average volume
        uint8 surgeLooks; // looks in a row that must show it
        uint32 spacing; // s between two looks at least
        uint32 maxGap; // s: a longer gap between two looks counts as this
        uint32 calmPeriod; // s of calm from WATCH to SOUND
        uint32 recoveryPeriod; // s of calm from CRISIS to RECOVERING
        uint32 stepInterval; // s of calm for one step back
        uint8 steps; // until SOUND
        uint32 darkPeriod; // s without sight until DARK
    }

    event Observed(address indexed asset, int256 deviationBps, uint256 spreadBps, uint256 good, uint256 area);
    event StateChanged(address indexed asset, State from, State to);

    /// @notice Anyone, spaced: one look at the coin. Reverts `ObservedTooSoon` before the spacing has passed.
    function observe(address asset) external returns (State);

    /// @notice True in CRISIS only.
    function isCrisisDetected(address asset) external view returns (bool);

    function stateOf(address asset) external view returns (State);

    function statesOf(address[] calldata assets) external view returns (State[] memory);

    /// @return done Steps back that a recovering coin has taken; 0 in any other state.
    /// @return steps All of them.
    function recoverySteps(address asset) external view returns (uint256 done, uint256 steps);

    /// @notice Whether every coin ever looked at is SOUND: one storage read.
    function allSound() external view returns (bool);

    /// @notice s, when any coin's state last changed towards caution (to WATCH, CRISIS or DARK).
    function lastWorsenedAt() external view returns (uint256);

    function getParams() external view returns (CrisisParams memory);
}
