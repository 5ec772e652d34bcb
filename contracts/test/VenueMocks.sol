// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @title Exchanges out of its own stock at a set rate, honestly or not. For tests only.
contract VenueMocks is IVenue {
    using SafeERC20 for IERC20;

    enum Mode {
        HONEST,
        NO_FUND, // pays, never draws
        DOUBLE_FUND, // draws twice
        SHORT, // pays one unit less than the rate
        NO_PAY, // draws, pays nothing
        REENTERS, // calls `hookTarget` with `hookData` and reverts when that call reverts
        FUND_TO_VAULT, // asks for the coins to be sent to the vault itself
        FUND_TO_ZERO,
        REFUNDS_HALF, // gives half of the coins drawn back
        STEALS, // tries transferFrom of `hookTarget`, another coin of the vault
        OTHER_CALLER // lets `hookTarget` draw in its place
    }

    Mode public mode;
    uint256 public rateOut = 1e18; // WAD{unit out / unit in}
    address public hookTarget;
    bytes public hookData;

    error HookFailed(bytes reason);

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    function setRate(uint256 newRate) external {
        rateOut = newRate;
    }

    function setHook(address target, bytes calldata data) external {
        hookTarget = target;
        hookData = data;
    }

    /// @inheritdoc IVenue
    function swap(address tokenIn, address tokenOut, uint256 amountIn, bytes calldata) external {
        Mode current = mode;
        if (current == Mode.REENTERS) _callHook();
        if (current == Mode.STEALS) IERC20(hookTarget).safeTransferFrom(msg.sender, address(this), 1);
        _draw(current);
        uint256 amountOut = (amountIn * rateOut) / 1e18;
        if (current == Mode.SHORT) --amountOut;
        if (current == Mode.REFUNDS_HALF) IERC20(tokenIn).safeTransfer(msg.sender, amountIn / 2);
        if (current != Mode.NO_PAY) IERC20(tokenOut).safeTransfer(msg.sender, amountOut);
    }

    /// @notice Draws a vault's open trade; for OTHER_CALLER and for calls outside a trade.
    function drawFrom(address vault) external {
        ITradeFunding(vault).fund(address(this));
    }

    function _draw(Mode current) private {
        if (current == Mode.NO_FUND) return;
        if (current == Mode.OTHER_CALLER) return VenueMocks(hookTarget).drawFrom(msg.sender);
        address to = address(this);
        if (current == Mode.FUND_TO_VAULT) to = msg.sender;
        if (current == Mode.FUND_TO_ZERO) to = address(0);
        ITradeFunding(msg.sender).fund(to);
        if (current == Mode.DOUBLE_FUND) ITradeFunding(msg.sender).fund(to);
    }

    function _callHook() private {
        (bool success, bytes memory reason) = hookTarget.call(hookData);
        if (!success) revert HookFailed(reason);
    }
}
