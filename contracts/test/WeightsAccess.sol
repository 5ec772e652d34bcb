// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @dev The manager the calculator's tests hand out roles with.
contract WeightsAccess is AccessManager {
    constructor(address admin) AccessManager(admin) {}
}
