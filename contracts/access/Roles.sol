// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Role ids of the fund's AccessManager.
/// @dev De-risking functions belong to GUARDIAN or to CURATOR without delay; what raises risk is delayed by the manager.
library Roles {
    uint64 internal constant GOVERNOR = 0; // the manager's ADMIN_ROLE: a Safe behind a delay
    uint64 internal constant CURATOR = 1; // parameters, within bounds
    uint64 internal constant GUARDIAN = 2; // stops things, starts none
    uint64 internal constant KEEPER = 3; // trades within bounds
    uint64 internal constant REPORTER = 4; // market data within bounds
}
