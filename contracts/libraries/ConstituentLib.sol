// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev One coin of the index with its bounds, in one word, low bits first:
///      token (160) | minBps (16) | maxBps (16) | active (1) | sampled (1).
type Constituent is uint256;

using ConstituentLib for Constituent global;

/// @title Packing of a constituent: the whole configuration of N coins is N words of one code blob.
library ConstituentLib {
    uint256 private constant MIN_AT = 160;
    uint256 private constant MAX_AT = 176;
    uint256 private constant ACTIVE = 1 << 192;
    uint256 private constant SAMPLED = 1 << 193;

    /// @param min bps
    /// @param max bps
    /// @param isSampled Whether the coin's cap is sampled from its supply instead of being reported.
    function pack(address coin, uint16 min, uint16 max, bool isSampled) internal pure returns (Constituent) {
        uint256 word = uint160(coin) | (uint256(min) << MIN_AT) | (uint256(max) << MAX_AT) | ACTIVE;
        return Constituent.wrap(isSampled ? word | SAMPLED : word);
    }

    /// @notice The same coin, switched on or off.
    function withActive(Constituent c, bool on) internal pure returns (Constituent) {
        uint256 word = Constituent.unwrap(c);
        return Constituent.wrap(on ? word | ACTIVE : word & ~ACTIVE);
    }

    function token(Constituent c) internal pure returns (address) {
        return address(uint160(Constituent.unwrap(c)));
    }

    /// @return bps
    function minBps(Constituent c) internal pure returns (uint256) {
        return uint16(Constituent.unwrap(c) >> MIN_AT);
    }

    /// @return bps
    function maxBps(Constituent c) internal pure returns (uint256) {
        return uint16(Constituent.unwrap(c) >> MAX_AT);
    }

    /// @return minBps (16) | maxBps (16), low bits first.
    function bounds(Constituent c) internal pure returns (uint256) {
        return uint32(Constituent.unwrap(c) >> MIN_AT);
    }

    function active(Constituent c) internal pure returns (bool) {
        return Constituent.unwrap(c) & ACTIVE != 0;
    }

    function sampled(Constituent c) internal pure returns (bool) {
        return Constituent.unwrap(c) & SAMPLED != 0;
    }

    function tokens(Constituent[] memory list) internal pure returns (address[] memory found) {
        found = new address[](list.length);
        for (uint256 i; i < list.length; ++i) {
            found[i] = list[i].token();
        }
    }

    /// @notice The same array, untyped.
    function asWords(Constituent[] memory list) internal pure returns (uint256[] memory words) {
        assembly ("memory-safe") {
            words := list
        }
    }
}
