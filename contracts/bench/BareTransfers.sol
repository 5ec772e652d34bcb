// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title What a contribution or a withdrawal costs before anything is accounted for: the transfers alone.
contract BareTransfers {
    function pull(address[] calldata tokens, uint256[] calldata amounts) external {
        for (uint256 i; i < tokens.length; ++i) {
            SafeTransferLib.safeTransferFrom(tokens[i], msg.sender, address(this), amounts[i]);
        }
    }

    function push(address[] calldata tokens, uint256[] calldata amounts, address receiver) external {
        for (uint256 i; i < tokens.length; ++i) {
            SafeTransferLib.safeTransfer(tokens[i], receiver, amounts[i]);
        }
    }
}
