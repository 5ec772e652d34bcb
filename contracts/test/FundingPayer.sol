// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @title Stands for the vault in a venue's tests: swaps out of its own balance and funds what it is asked for.
contract FundingPayer is ITradeFunding {
    using SafeERC20 for IERC20;

    address public token;
    uint256 public amount;
    uint256 public calls; // of `fund` in the last swap
    address public lastTo; // where the last `fund` went

    function swap(IVenue venue, address tokenIn, address tokenOut, uint256 amountIn, bytes calldata data) external {
        (token, amount, calls) = (tokenIn, amountIn, 0);
        venue.swap(tokenIn, tokenOut, amountIn, data);
    }

    function fund(address to) external {
        ++calls;
        lastTo = to;
        IERC20(token).safeTransfer(to, amount);
    }
}
