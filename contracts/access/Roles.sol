// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Role ids of the fund's AccessManager.
/// @dev A delay is the holder's, not the function's: what lowers risk is GUARDIAN's, who has none; what can raise it is
///      CURATOR's or GOVERNOR's, whom the manager delays.
library Roles {
    uint64 internal constant GOVERNOR = 0; // the manager's ADMIN_ROLE: a Safe behind a delay
    uint64 internal constant CURATOR = 1; // parameters, within bounds
    uint64 internal constant GUARDIAN = 2; // stops things, starts none
    uint64 internal constant KEEPER = 3; // trades within bounds
    uint64 internal constant REPORTER = 4; // market data within bounds
    uint64 internal constant WATCHDOG = 5; // the kill switch, a contract: stops ordinary trading
}
