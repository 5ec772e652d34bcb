// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Basket} from "../rebalance/RebalanceTypes.sol";
import {BasketStorage} from "./BasketStorage.sol";

/// @title The basket a session aims for: what the calculator wants, and what the vault cannot drop yet.
library BasketMath {
    /// @notice The vault's coins in their order (at weight 0 when no longer wanted, left out when no more than dust is left
    ///         of them), then new coins.
    /// @dev Wanted at weight 0 is not wanted: a coin that was fled leaves, and its dead feed with it. New coins have no
    ///      reserve; their scale stays 0 until the vault knows them.
    function merge(Basket memory held, address[] memory wanted, uint256[] memory weights)
        internal
        pure
        returns (Basket memory merged)
    {
        uint256 most = held.tokens.length + wanted.length;
        merged.tokens = new address[](most);
        merged.weights = new uint256[](most);
        merged.reserves = new uint256[](most);
        merged.scales = new uint256[](most);
        uint256 n;
        for (uint256 i; i < held.tokens.length; ++i) {
            uint256 at = indexOf(wanted, held.tokens[i]);
            uint256 weight = at < wanted.length ? weights[at] : 0;
            if (weight == 0 && BasketStorage.isDust(held.reserves[i], held.scales[i])) continue;
            merged.tokens[n] = held.tokens[i];
            merged.weights[n] = weight;
            merged.reserves[n] = held.reserves[i];
            merged.scales[n++] = held.scales[i];
        }
        for (uint256 i; i < wanted.length; ++i) {
            if (weights[i] == 0 || indexOf(held.tokens, wanted[i]) < held.tokens.length) continue;
            merged.tokens[n] = wanted[i];
            merged.weights[n++] = weights[i];
        }
        _shorten(merged, n);
    }

    /// @return Index of `token`, or the length when it is not there.
    function indexOf(address[] memory tokens, address token) internal pure returns (uint256) {
        uint256 n = tokens.length;
        // Two of these a trade: the pointer walk is a third of what indexing costs.
        assembly ("memory-safe") {
            let start := add(tokens, 0x20)
            let end := add(start, shl(5, n))
            let at := start
            for {} lt(at, end) { at := add(at, 0x20) } { if eq(mload(at), token) { break } }
            n := shr(5, sub(at, start))
        }
        return n;
    }

    function _shorten(Basket memory b, uint256 n) private pure {
        (address[] memory tokens, uint256[] memory weights) = (b.tokens, b.weights);
        (uint256[] memory reserves, uint256[] memory scales) = (b.reserves, b.scales);
        // Shorter lengths over the same memory: nothing else lies in between that is still used.
        assembly ("memory-safe") {
            mstore(tokens, n)
            mstore(weights, n)
            mstore(reserves, n)
            mstore(scales, n)
        }
    }
}
