// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {CoinTransfer} from "../libraries/CoinTransfer.sol";

/// @title Calls of strategies that nobody vouches for: bounded gas, bounded return data, no revert of theirs.
/// @dev Less gas left than a fair try needs reverts `InsufficientGas`: nobody starves a good strategy into a refusal.
library StrategyCalls {
    /// @notice Gas that one question may burn: several times what a vault over a dozen markets needs.
    uint256 internal constant READ_GAS = 300_000;
    /// @notice Gas that one redemption may burn.
    uint256 internal constant REDEEM_GAS = 1_500_000;
    uint256 private constant _MAX_VALUE = type(uint112).max; // what a reserve holds

    /// @return ok Whether it answers, with what a reserve can hold.
    /// @return value {coin} of `shares`.
    function tryValue(address strategy, uint256 shares) internal view returns (bool ok, uint256 value) {
        (ok, value) = tryRead(strategy, IERC4626.convertToAssets.selector, shares);
        if (!ok || value > _MAX_VALUE) return (false, 0);
    }

    /// @return ok Whether it answers.
    /// @return assets {coin} that this contract could withdraw.
    function tryLiquidity(address strategy) internal view returns (bool ok, uint256 assets) {
        return tryRead(strategy, IERC4626.maxWithdraw.selector, uint160(address(this)));
    }

    /// @return ok Whether it answers.
    /// @return amount Of `token` that `account` has.
    function tryBalance(address token, address account) internal view returns (bool ok, uint256 amount) {
        return tryRead(token, IERC20.balanceOf.selector, uint160(account));
    }

    /// @dev Something without code answers nothing.
    function tryRead(address target, bytes4 selector, uint256 argument)
        internal
        view
        returns (bool ok, uint256 answer)
    {
        requireGas(READ_GAS);
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, argument)
            ok := staticcall(READ_GAS, target, 0x00, 0x24, 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            if ok { answer := mload(0x00) }
        }
    }

    /// @notice Calls this contract itself: what the call did is undone where it reverts.
    /// @return ok Whether it went through.
    /// @return answer Its first word.
    function trySelf(bytes memory data) internal returns (bool ok, uint256 answer) {
        requireGas(REDEEM_GAS);
        assembly ("memory-safe") {
            ok := call(REDEEM_GAS, address(), 0, add(data, 0x20), mload(data), 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            if ok { answer := mload(0x00) }
        }
    }

    /// @dev Ignores what is answered: what it did is measured.
    function tryCall(address target, bytes memory data) internal returns (bool ok) {
        assembly ("memory-safe") {
            ok := call(gas(), target, 0, add(data, 0x20), mload(data), 0x00, 0x00)
        }
    }

    function requireGas(uint256 wanted) internal view {
        uint256 required = (wanted * 64) / 63 + 5_000;
        if (gasleft() < required) revert CoinTransfer.InsufficientGas(gasleft(), required);
    }
}
