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

    /// A coin delivered less than it was asked for: nothing, when it refused.
    error TransferShort(address token, uint256 expected, uint256 received);

    /// @return amount The vault's own balance, in the coin's decimals; reverts `BalanceUnreadable` without one.
    function balance(address token) internal view returns (uint256 amount) {
        assembly ("memory-safe") {
            mstore(0x14, address())
            mstore(0x00, 0x70a08231000000000000000000000000) // balanceOf(address)
            // Arguments of `and` are evaluated from right to left.
            if iszero(and(gt(returndatasize(), 0x1f), staticcall(gas(), token, 0x10, 0x24, 0x20, 0x20))) {
                mstore(0x00, 0xc238f08e) // BalanceUnreadable(address)
                mstore(0x20, token)
                revert(0x1c, 0x24)
            }
            amount := mload(0x20)
        }
    }

    /// @notice Takes `amounts` of `coins` from the caller of the vault, measures that they came, adds them to `lanes`.
    /// @dev Coins and lanes are BasketStorage's. The caller has checked that lengths are equal and that no reserve
    ///      outgrows its lane.
    function pullAll(uint256[] memory coins, uint256[] memory lanes, uint256[] calldata amounts) internal {
        uint256 cursor;
        uint256 end;
        uint256 gap;
        uint256 laneGap;
        assembly ("memory-safe") {
            cursor := add(coins, 0x20)
            end := add(cursor, shl(5, mload(coins)))
            gap := sub(amounts.offset, cursor)
            laneGap := sub(lanes, coins)
        }
        while (cursor < end) {
            address token;
            uint256 amount;
            assembly ("memory-safe") {
                token := shr(96, shl(96, mload(cursor)))
                amount := calldataload(add(cursor, gap))
                let lane := add(cursor, laneGap)
                mstore(lane, add(mload(lane), amount))
                cursor := add(cursor, 0x20)
            }
            if (amount == 0) continue;
            uint256 before = balance(token);
            bool paid = SafeTransferLib.trySafeTransferFrom(token, msg.sender, address(this), amount);
            uint256 afterwards = balance(token);
            // No wrap: the second condition is read only when the first does not hold.
            unchecked {
                if (!paid || afterwards < before || afterwards - before < amount) {
                    revert TransferShort(token, amount, rise(before, afterwards));
                }
            }
        }
    }

    /// @return How much `to` is above `from`, 0 when it is not.
    function rise(uint256 from, uint256 to) internal pure returns (uint256) {
        unchecked {
            return to > from ? to - from : 0;
        }
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
