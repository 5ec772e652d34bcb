// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVenue} from "@interfaces/IVenue.sol";

/// @title A venue of an attacker's own: does whatever the trade's data say, call by call. For tests only.
contract StatefulVenue is IVenue {
    /// @dev One call of the script; with `needed` its failure ends the trade.
    struct Act {
        address target;
        bytes data;
        bool needed;
    }

    /// @notice How an act of the script that may fail went.
    event Acted(uint256 index, bool success, bytes4 reason);

    error ActFailed(uint256 index, bytes reason);

    /// @inheritdoc IVenue
    /// @dev data = abi.encode(Act[]).
    function swap(address, address, uint256, bytes calldata data) external {
        Act[] memory acts = abi.decode(data, (Act[]));
        for (uint256 i; i < acts.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory reason) = acts[i].target.call(acts[i].data);
            if (acts[i].needed) {
                if (!success) revert ActFailed(i, reason);
            } else {
                emit Acted(i, success, bytes4(reason));
            }
        }
    }
}
