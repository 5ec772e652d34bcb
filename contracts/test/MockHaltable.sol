// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IHaltable} from "@interfaces/IHaltable.sol";

/// @title Counts how often it was halted, and by whom. For tests only.
contract MockHaltable is IHaltable {
    uint256 public halts;
    address public haltedBy;

    function haltTrading() external {
        ++halts;
        haltedBy = msg.sender;
    }
}
