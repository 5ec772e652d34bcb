// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IUniswapV3SwapPool} from "../venues/UniswapV3Venue.sol";

/// @title The same swaps with nothing round them: a contract that holds the coins and trades them for whatever comes.
/// @dev No caller is checked, no price, no amount: nobody should run this. It is what a rebalance cannot do without.
contract BareSwaps {
    struct Swap {
        address pool;
        address tokenIn;
        bool zeroForOne;
        uint256 amountIn;
    }

    uint160 private constant _LOWEST_LIMIT = 4295128740;
    uint160 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    function run(Swap[] calldata swaps) external {
        _run(swaps);
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata data) external {
        SafeTransferLib.safeTransfer(abi.decode(data, (address)), msg.sender, uint256(amount0 > 0 ? amount0 : amount1));
    }

    function _run(Swap[] calldata swaps) internal {
        for (uint256 i; i < swaps.length; ++i) {
            Swap calldata s = swaps[i];
            IUniswapV3SwapPool(s.pool).swap(
                address(this),
                s.zeroForOne,
                int256(s.amountIn),
                s.zeroForOne ? _LOWEST_LIMIT : _HIGHEST_LIMIT,
                abi.encode(s.tokenIn)
            );
        }
    }
}
