// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Roles} from "../access/Roles.sol";

/// @title The fund's one authority: who may call what, and after which delay.
/// @dev A guardian may cancel what a curator has scheduled; everything else is wired by the governor after deployment.
contract IndexAccess is AccessManager {
    /// @param governor Holder of GOVERNOR, the manager's admin.
    constructor(address governor) AccessManager(governor) {
        _setRoleGuardian(Roles.CURATOR, Roles.GUARDIAN);
        emit RoleLabel(Roles.CURATOR, "CURATOR");
        emit RoleLabel(Roles.GUARDIAN, "GUARDIAN");
        emit RoleLabel(Roles.KEEPER, "KEEPER");
        emit RoleLabel(Roles.REPORTER, "REPORTER");
        emit RoleLabel(Roles.WATCHDOG, "WATCHDOG");
    }
}
