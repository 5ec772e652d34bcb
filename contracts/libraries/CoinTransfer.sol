// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title A payment that cannot fail for another: bounded gas, bounded return data, no revert.
library CoinTransfer {
    /// @notice Gas one payment may burn; several times what the dearest constituent needs.
    uint256 internal constant TRANSFER_GAS = 250_000;
    /// @dev What must be left before the call so that the 63/64 rule leaves TRANSFER_GAS, a cold account included.
    uint256 internal constant REQUIRED_GAS = (TRANSFER_GAS * 64) / 63 + 5_000;

    /// The transaction's gas limit is too low to give every coin its fair try; send again with more.
    error InsufficientGas(uint256 available, uint256 required);

    /// The coin does not say how much the vault has of it.
    error BalanceUnreadable(address token);

    /// @return amount The vault's own balance, in the coin's decimals.
    function balance(address token) internal view returns (uint256 amount) {
        bool readable;
        (readable, amount) = SafeTransferLib.checkBalanceOf(token, address(this));
        if (!readable) revert BalanceUnreadable(token);
    }

    /// @notice Whether `token` said that it paid. A coin that answers nothing is believed when it has code.
    /// @dev The gas check keeps a caller from starving a good transfer into a refusal.
    function trySend(address token, address to, uint256 amount) internal returns (bool paid) {
        if (gasleft() < REQUIRED_GAS) revert InsufficientGas(gasleft(), REQUIRED_GAS);
        assembly ("memory-safe") {
            mstore(0x14, to)
            mstore(0x34, amount)
            mstore(0x00, 0xa9059cbb000000000000000000000000) // transfer(address,uint256)
            paid := call(TRANSFER_GAS, token, 0, 0x10, 0x44, 0x00, 0x20)
            switch returndatasize()
            case 0 { paid := and(paid, iszero(iszero(extcodesize(token)))) }
            default { paid := and(and(paid, gt(returndatasize(), 0x1f)), eq(mload(0x00), 1)) }
            mstore(0x34, 0) // the upper half of the free memory pointer, overwritten by `amount`
        }
    }
}
