// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IUniswapV3SwapPool} from "../venues/UniswapV3Venue.sol";

/// @title What a rebalance costs before anything is checked: the same swaps on the same pools, out of one's own balance.
/// @dev Not to be used: whoever calls it moves its coins.
contract BareSwaps {
    uint160 private constant _LOWEST_LIMIT = 4295128740;
    uint160 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    struct Swap {
        address pool;
        address tokenIn;
        bool zeroForOne;
        uint256 amountIn;
    }

    function run(Swap[] calldata swaps) external {
        for (uint256 i; i < swaps.length; ++i) {
            Swap calldata s = swaps[i];
            uint160 limit = s.zeroForOne ? _LOWEST_LIMIT : _HIGHEST_LIMIT;
            IUniswapV3SwapPool(s.pool).swap(
                address(this), s.zeroForOne, int256(s.amountIn), limit, abi.encode(s.tokenIn)
            );
        }
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata data) external {
        uint256 amount = uint256(amount0 > 0 ? amount0 : amount1);
        SafeTransferLib.safeTransfer(abi.decode(data, (address)), msg.sender, amount);
    }
}
