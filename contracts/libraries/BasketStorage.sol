// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title How the vault keeps its basket: few slots, since every entry and exit reads and writes all of them.
/// @dev A *lane* is 128 bits, two lanes a slot: reserve (112, own decimals) | target weight (16, bps). Nothing above it.
///      A *coin* is a word: token address (160) | decimals (8). Coins change only when the list changes, so they live
///      as the code of a data contract: one cold account read for all of them instead of one cold slot each.
library BasketStorage {
    uint256 internal constant MAX_CONSTITUENTS = 50;
    uint256 internal constant MAX_RESERVE = type(uint112).max;
    uint256 private constant _LANE = 0xffffffffffffffffffffffffffffffff;
    uint256 private constant _RESERVE_BITS = 112;
    uint256 private constant _ADDRESS_BITS = 160;

    function reserveOf(uint256 lane) internal pure returns (uint256) {
        return lane & MAX_RESERVE;
    }

    /// @return bps
    function weightOf(uint256 lane) internal pure returns (uint256) {
        return lane >> _RESERVE_BITS;
    }

    /// @dev `reserve` must be <= MAX_RESERVE and `weight` <= 10,000: callers check.
    function toLane(uint256 reserve, uint256 weight) internal pure returns (uint256) {
        return (weight << _RESERVE_BITS) | reserve;
    }

    function tokenOf(uint256 coin) internal pure returns (address) {
        return address(uint160(coin));
    }

    /// @return 10**(18 - decimals): a reserve times this is WAD{coin}.
    function scaleOf(uint256 coin) internal pure returns (uint256) {
        return 10 ** (18 - (coin >> _ADDRESS_BITS));
    }

    function toCoin(address token, uint256 decimals) internal pure returns (uint256) {
        return (decimals << _ADDRESS_BITS) | uint160(token);
    }

    /// @notice Position of `token` among the first `count` coins, or `count` when it is not there.
    /// @dev A scan of memory is cheaper than one cold mapping slot for up to about 40 coins.
    function indexOf(uint256[] memory coins, uint256 count, address token) internal pure returns (uint256 i) {
        while (i < count && address(uint160(coins[i])) != token) {
            ++i;
        }
    }

    function writeCoins(uint256[] memory coins) internal returns (address pointer) {
        return SSTORE2.write(abi.encodePacked(coins));
    }

    function readCoins(address pointer) internal view returns (uint256[] memory coins) {
        bytes memory data = SSTORE2.read(pointer);
        // The bytes are the words of the array; only the length changes its unit from bytes to words.
        assembly ("memory-safe") {
            coins := data
            mstore(coins, shr(5, mload(data)))
        }
    }

    function load(uint256[25] storage slots, uint256 count) internal view returns (uint256[] memory lanes) {
        // An even number of lanes is allocated, so that a pair is always written whole.
        lanes = new uint256[](count + (count & 1));
        assembly ("memory-safe") {
            let cursor := add(lanes, 0x20)
            let end := add(cursor, shl(5, count))
            for { let slot := slots.slot } lt(cursor, end) { slot := add(slot, 1) } {
                let pair := sload(slot)
                mstore(cursor, and(pair, _LANE))
                mstore(add(cursor, 0x20), shr(128, pair))
                cursor := add(cursor, 0x40)
            }
            mstore(lanes, count)
        }
    }

    /// @dev `lanes` must come from `load` or hold an even number of words behind its length.
    function store(uint256[25] storage slots, uint256[] memory lanes) internal {
        assembly ("memory-safe") {
            let cursor := add(lanes, 0x20)
            let end := add(cursor, shl(5, mload(lanes)))
            for { let slot := slots.slot } lt(cursor, end) { slot := add(slot, 1) } {
                sstore(slot, or(mload(cursor), shl(128, mload(add(cursor, 0x20)))))
                cursor := add(cursor, 0x40)
            }
        }
    }
}
