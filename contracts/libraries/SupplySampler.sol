// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Limits} from "./CalculatorTypes.sol";

/// @title Market cap from the token's own supply: the lowest of several samples in different blocks.
library SupplySampler {
    uint256 internal constant MAX_DECIMALS = 36;

    struct Pending {
        uint64 firstBlock; // 0: none
        uint64 lastBlock;
        uint128 lowest; // whole coins
    }

    error SameBlock(address token, uint256 blockNumber);
    error DecimalsTooLarge(address token, uint256 decimals);

    /// @dev Samples between the first and the last can only lower the outcome, so anyone who watches can defeat an
    ///      inflated pair. A window past its time starts anew.
    /// @return supply This sample, whole coins.
    /// @return lowest The window's lowest, whole coins.
    /// @return done Whether the window is complete; it is then cleared.
    function sample(Pending storage pending, address token, Limits memory limits)
        internal
        returns (uint256 supply, uint256 lowest, bool done)
    {
        supply = wholeSupply(token);
        uint256 first = pending.firstBlock;
        if (first == 0 || block.number > first + limits.sampleMaxBlocks) {
            (pending.firstBlock, pending.lastBlock) = (uint64(block.number), uint64(block.number));
            pending.lowest = uint128(supply);
            return (supply, supply, false);
        }
        if (block.number == pending.lastBlock) revert SameBlock(token, block.number);
        lowest = supply < pending.lowest ? supply : pending.lowest;
        done = block.number >= first + limits.sampleMinBlocks;
        if (done) {
            (pending.firstBlock, pending.lastBlock, pending.lowest) = (0, 0, 0);
        } else {
            (pending.lastBlock, pending.lowest) = (uint64(block.number), uint128(lowest));
        }
    }

    /// @return Whole coins, rounded down, at most 2**128 - 1.
    function wholeSupply(address token) internal view returns (uint256) {
        uint256 decimals = IERC20Metadata(token).decimals();
        if (decimals > MAX_DECIMALS) revert DecimalsTooLarge(token, decimals);
        uint256 whole = IERC20Metadata(token).totalSupply() / 10 ** decimals;
        return whole < type(uint128).max ? whole : type(uint128).max;
    }
}
