// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";

/// @title How the vault keeps its basket: few slots, since every entry and exit reads and writes all of them.
/// @dev A *lane* is 128 bits: reserve (112, own decimals) | target weight (16, bps). Nothing above it in memory.
///      Slot 0, the *head*, is lane 0 | list version (32) | band (16, bps) | paused (1) |
///      lending (1). Slot k > 0 is lanes 2k-1, 2k.
///      A *coin* is a word: token address (160) | decimals (8). Coins change only when the list changes, so they live
///      as the code of a data contract: one cold account read for all of them instead of one cold slot each. It is
///      the version-th contract that the vault made, so its address needs no slot either.
library BasketStorage {
    using DynamicArrayLib for uint256[];

    uint256 internal constant MAX_CONSTITUENTS = 50;
    uint256 internal constant MAX_RESERVE = type(uint112).max;
    /// @dev WAD{coin}. What is left of a coin at or below this may be left behind when the coin is dropped: too little
    ///      for any pool to buy, it would keep the coin in the list, and the list in need of its price, for good.
    uint256 internal constant DUST = 0.01e18;
    uint256 private constant _LANE = 0xffffffffffffffffffffffffffffffff;
    uint256 private constant _RESERVE_BITS = 112;
    uint256 private constant _ADDRESS_BITS = 160;
    uint256 private constant _VERSION_AT = 128;
    uint256 private constant _BAND_AT = 160;
    uint256 private constant _PAUSED_AT = 176;
    uint256 private constant _LENDING_AT = 177;

    error UnsupportedCoin(address token);
    error ReserveNotEmpty(address token);

    // --- the head -------------------------------------------------------------------------------------------------

    function isPaused(uint256 head) internal pure returns (bool) {
        return head >> _PAUSED_AT & 1 != 0;
    }

    /// @notice Whether some of the reserves may be with the manager: a fund that lends nothing never asks it.
    /// @dev Both in one look: contributions pay for it.
    function isPausedOrLending(uint256 head) internal pure returns (bool) {
        return head >> _PAUSED_AT != 0;
    }

    function isLending(uint256 head) internal pure returns (bool) {
        return head >> _LENDING_AT != 0;
    }

    /// @return bps
    function bandOf(uint256 head) internal pure returns (uint256) {
        return uint16(head >> _BAND_AT);
    }

    function withPaused(uint256 head, bool paused) internal pure returns (uint256) {
        return (head & ~(uint256(1) << _PAUSED_AT)) | (paused ? uint256(1) << _PAUSED_AT : 0);
    }

    function withLending(uint256 head, bool lending) internal pure returns (uint256) {
        return (head & ~(uint256(1) << _LENDING_AT)) | (lending ? uint256(1) << _LENDING_AT : 0);
    }

    function withBand(uint256 head, uint16 bandBps) internal pure returns (uint256) {
        return (head & ~(uint256(type(uint16).max) << _BAND_AT)) | (uint256(bandBps) << _BAND_AT);
    }

    // --- words ----------------------------------------------------------------------------------------------------

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

    /// @notice Whether so little of a coin may be left behind, nobody's, when it is dropped.
    function isDust(uint256 reserve, uint256 scale) internal pure returns (bool) {
        return reserve * scale <= DUST;
    }

    function toCoin(address token, uint256 decimals) internal pure returns (uint256) {
        return (decimals << _ADDRESS_BITS) | uint160(token);
    }

    /// @notice Position of `token` among the first `count` coins, or `count` when it is not there.
    /// @dev A scan of memory is cheaper than one cold mapping slot for up to about 40 coins.
    function indexOf(uint256[] memory coins, uint256 count, address token) internal pure returns (uint256 i) {
        assembly ("memory-safe") {
            let start := add(coins, 0x20)
            let end := add(start, shl(5, count))
            let wanted := shl(96, token)
            let at := start
            for {} lt(at, end) { at := add(at, 0x20) } { if eq(shl(96, mload(at)), wanted) { break } }
            i := shr(5, sub(at, start))
        }
    }

    /// @notice Puts a new list in place of the old one.
    /// @return The head with the next version.
    function writeCoins(uint256 head, uint256[] memory coins) internal returns (uint256) {
        uint256 next = head + (1 << _VERSION_AT);
        address data = SSTORE2.write(abi.encodePacked(coins));
        // Holds as long as the vault makes no other contract.
        assert(data == LibRLP.computeAddress(address(this), uint32(next >> _VERSION_AT)));
        return next;
    }

    /// @notice The list that `head` points at; empty before the first one.
    function coinsOf(uint256 head) internal view returns (uint256[] memory coins) {
        uint256 version = uint32(head >> _VERSION_AT);
        if (version == 0) return new uint256[](0);
        bytes memory data = SSTORE2.read(LibRLP.computeAddress(address(this), version));
        // The bytes are the words of the array; only the length changes its unit from bytes to words.
        assembly ("memory-safe") {
            coins := data
            mstore(coins, shr(5, mload(data)))
        }
    }

    /// @param head What slot 0 holds.
    function load(uint256[26] storage slots, uint256 head, uint256 count)
        internal
        view
        returns (uint256[] memory lanes)
    {
        assembly ("memory-safe") {
            // Pairs are read and written whole: memory is taken for lane 0 and an even number behind it.
            lanes := mload(0x40)
            mstore(0x40, add(lanes, add(0x20, shl(5, or(count, 1)))))
            mstore(lanes, count)
            mstore(add(lanes, 0x20), and(head, _LANE))
            let end := add(add(lanes, 0x20), shl(5, count))
            let slot := slots.slot
            for { let cursor := add(lanes, 0x40) } lt(cursor, end) { cursor := add(cursor, 0x40) } {
                slot := add(slot, 1)
                let pair := sload(slot)
                mstore(cursor, and(pair, _LANE))
                mstore(add(cursor, 0x20), shr(128, pair))
            }
        }
    }

    /// @dev `lanes` must come from `load` or hold an odd number of words behind its length.
    function store(uint256[26] storage slots, uint256 head, uint256[] memory lanes) internal {
        assembly ("memory-safe") {
            let slot := slots.slot
            sstore(slot, or(and(head, not(_LANE)), mload(add(lanes, 0x20))))
            let end := add(add(lanes, 0x20), shl(5, mload(lanes)))
            for { let cursor := add(lanes, 0x40) } lt(cursor, end) { cursor := add(cursor, 0x40) } {
                slot := add(slot, 1)
                sstore(slot, or(mload(cursor), shl(128, mload(add(cursor, 0x20)))))
            }
        }
    }

    /// @notice Takes `amounts`, none above its reserve, out of the lanes.
    /// @return short Whether some amount is below its minimum.
    function subtract(uint256[] memory lanes, uint256[] memory amounts, uint256[] calldata minimums)
        internal
        pure
        returns (bool short)
    {
        assembly ("memory-safe") {
            let amountGap := sub(amounts, lanes)
            let minimumGap := sub(minimums.offset, add(lanes, 0x20))
            let end := add(add(lanes, 0x20), shl(5, mload(lanes)))
            for { let lane := add(lanes, 0x20) } lt(lane, end) { lane := add(lane, 0x20) } {
                let amount := mload(add(lane, amountGap))
                mstore(lane, sub(mload(lane), amount))
                short := or(short, lt(amount, calldataload(add(lane, minimumGap))))
            }
        }
    }

    // --- changes of the list, seldom ------------------------------------------------------------------------------

    /// @notice The new list with the old reserves, and no more than dust left behind in a coin that goes.
    /// @dev Slots beyond a shorter list keep stale lanes that nothing reads: `load` knows the count, and a longer list
    ///      is built anew.
    /// @param whole The old lanes with what is lent; the same as `lanes` where nothing is.
    /// @return newCoins One word per token.
    /// @return newLanes Weights 0; an odd number of words behind the length, as `store` wants it.
    function relist(
        address[] memory tokens,
        uint256[] memory coins,
        uint256[] memory lanes,
        uint256[] memory whole
    ) internal view returns (uint256[] memory newCoins, uint256[] memory newLanes) {
        uint256 count = tokens.length;
        newCoins = new uint256[](count);
        newLanes = new uint256[](count | 1);
        for (uint256 i; i < count; ++i) {
            address token = tokens[i];
            if (token == address(0)) revert IERC7621.ZeroAddress();
            if (indexOf(newCoins, i, token) != i) revert IERC7621.DuplicateConstituent(token);
            uint256 old = indexOf(coins, coins.length, token);
            if (old == coins.length) {
                newCoins[i] = _newCoin(token);
            } else {
                newCoins[i] = coins[old];
                newLanes[i] = reserveOf(lanes[old]);
                whole[old] = 0;
            }
        }
        for (uint256 i; i < coins.length; ++i) {
            if (!isDust(reserveOf(whole[i]), scaleOf(coins[i]))) revert ReserveNotEmpty(tokenOf(coins[i]));
        }
        assembly ("memory-safe") {
            mstore(newLanes, count)
        }
    }

    function _newCoin(address token) private view returns (uint256) {
        if (token == address(this) || token.code.length == 0) revert UnsupportedCoin(token);
        (bool success, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20Metadata.decimals, ()));
        if (!success || answer.length < 32) revert UnsupportedCoin(token);
        uint256 decimals = abi.decode(answer, (uint256));
        if (decimals > 18) revert UnsupportedCoin(token);
        return toCoin(token, decimals);
    }

    function isList(uint256[] memory coins, address[] memory tokens) internal pure returns (bool) {
        if (tokens.length != coins.length) return false;
        for (uint256 i; i < coins.length; ++i) {
            if (tokenOf(coins[i]) != tokens[i]) return false;
        }
        return true;
    }

    function toTokens(uint256[] memory coins) internal pure returns (address[] memory tokens) {
        uint256 count = coins.length;
        uint256[] memory words = DynamicArrayLib.malloc(count);
        for (uint256 i; i < count;) {
            words.set(i, tokenOf(coins.get(i)));
            unchecked {
                ++i;
            }
        }
        return words.asAddressArray();
    }
}
