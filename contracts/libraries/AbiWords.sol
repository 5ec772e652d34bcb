// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibBytes} from "solady/utils/LibBytes.sol";

/// @title Arrays read where an answer holds them: what the ABI decoder copies word by word is already in memory.
/// @dev For answers of our own contracts: shape is checked here, a word's range (an address, an enum) is not.
library AbiWords {
    using LibBytes for bytes;

    uint256 private constant _WORD = 32; // bytes

    error BadAnswer(uint256 place);

    /// @notice The array whose offset stands at word `place` of an ABI-encoded answer.
    /// @param width Words of one element: 1, or the fields of a struct without dynamic ones.
    /// @return words Its elements, one after another. The length is the number of elements, so with a `width` above 1
    ///         there are more words behind it than it says.
    function arrayAt(bytes memory answer, uint256 place, uint256 width) internal pure returns (uint256[] memory words) {
        uint256 size = answer.length;
        uint256 offset = place * _WORD < size ? uint256(answer.load(place * _WORD)) : size;
        if (offset > size || size - offset < _WORD) revert BadAnswer(place);
        // `offset` and a word fit into `size`.
        unchecked {
            if (uint256(answer.load(offset)) > (size - offset - _WORD) / (width * _WORD)) revert BadAnswer(place);
        }
        assembly ("memory-safe") {
            words := add(add(answer, 0x20), offset)
        }
    }
}
