// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Constituent} from "../libraries/ConstituentLib.sol";
import {IndexCalculator} from "../IndexCalculator.sol";

/// @title The least a read of the calculator's storage can cost: the same bytes loaded and returned, nothing computed.
contract FloorCalculator is IndexCalculator {
    constructor(address authority) IndexCalculator(authority) {}

    function readOnly() external view returns (address[] memory tokens, uint256[] memory raw) {
        Constituent[] memory coins = _activeCoins(_header);
        uint256 n = coins.length;
        tokens = new address[](n);
        raw = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            tokens[i] = coins[i].token();
            raw[i] = _data[tokens[i]].cap;
        }
    }
}
