// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A coin that its issuer has stopped: it answers everything as ever, and moves for nobody. For tests only.
/// @dev Its code is put in the place of a coin's own, which it calls at another address.
contract FrozenCoin {
    bytes4 private constant _TRANSFER = 0xa9059cbb;
    bytes4 private constant _TRANSFER_FROM = 0x23b872dd;

    address public immutable CODE; // the coin's own

    error Frozen();

    constructor(address code) {
        CODE = code;
    }

    // solhint-disable-next-line no-complex-fallback
    fallback() external payable {
        if (msg.sig == _TRANSFER || msg.sig == _TRANSFER_FROM) revert Frozen();
        address code = CODE;
        assembly ("memory-safe") {
            let input := mload(0x40)
            calldatacopy(input, 0, calldatasize())
            let ok := delegatecall(gas(), code, input, calldatasize(), 0, 0)
            returndatacopy(input, 0, returndatasize())
            if iszero(ok) { revert(input, returndatasize()) }
            return(input, returndatasize())
        }
    }
}
