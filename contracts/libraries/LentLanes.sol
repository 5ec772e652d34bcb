// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {BasketStorage} from "./BasketStorage.sol";

/// @title Lanes with what is lent added to what is idle.
/// @dev Copies: the vault's own lanes hold idle coins only. A sum beyond what a lane holds stays at that; the vault refuses
///      contributions long before.
library LentLanes {
    using BasketStorage for uint256;
    using DynamicArrayLib for uint256[];

    /// @param lent {coin}, one per lane, each below 2**127; below zero, so much of the idle coins does not count yet.
    function plus(uint256[] memory lanes, int256[] memory lent) internal pure returns (uint256[] memory told) {
        uint256 count = lanes.length;
        told = DynamicArrayLib.malloc(count);
        for (uint256 i; i < count;) {
            uint256 lane = lanes.get(i);
            // The reserve makes way for the sum: no bit of the weight is touched.
            unchecked {
                told.set(i, lane - lane.reserveOf() + sumOf(lane, get(lent, i)));
                ++i;
            }
        }
    }

    /// @return sum {coin}
    function sumOf(uint256 lane, int256 lent) internal pure returns (uint256 sum) {
        unchecked {
            int256 signed = int256(lane.reserveOf()) + lent;
            sum = signed < 0 ? 0 : uint256(signed);
        }
        if (sum > BasketStorage.MAX_RESERVE) sum = BasketStorage.MAX_RESERVE;
    }

    /// @dev Unchecked, like solady's for unsigned words.
    function get(int256[] memory words, uint256 i) internal pure returns (int256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(words, 0x20), shl(5, i)))
        }
    }
}
