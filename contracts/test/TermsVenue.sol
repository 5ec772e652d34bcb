// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @title Gives each trade the terms its own data name, good or bad, and calls whom they name. For tests only.
/// @dev data = abi.encode(amountOut, target, call): `target` is called before the payment when it is not zero.
contract TermsVenue is IVenue {
    using SafeERC20 for IERC20;

    /// @notice What the last call answered, so that a test can see why it was refused.
    bytes public lastReason;
    bool public lastSuccess;

    /// @inheritdoc IVenue
    function swap(address, address tokenOut, uint256, bytes calldata data) external {
        (uint256 amountOut, address target, bytes memory callData) = abi.decode(data, (uint256, address, bytes));
        ITradeFunding(msg.sender).fund(address(this));
        if (target != address(0)) (lastSuccess, lastReason) = target.call(callData);
        IERC20(tokenOut).safeTransfer(msg.sender, amountOut);
    }
}
