// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title As much of an ERC-4626 as the manager calls: honest, or misbehaving in one way at a time. For tests only.
/// @dev A share is worth `rate`, set by hand; whoever raises it must give the coins.
contract HostileStrategy {
    using SafeERC20 for IERC20;

    enum Mode {
        HONEST,
        VALUE_REVERTS,
        VALUE_BURNS_GAS,
        VALUE_BOMBS, // reverts with 100 kB
        VALUE_SHORT, // answers one byte
        VALUE_HUGE, // more than any reserve holds
        REDEEM_REVERTS,
        REDEEM_BURNS_GAS,
        REDEEM_BOMBS,
        REDEEM_LIES, // takes the shares, pays nothing, says it did
        REDEEM_TAKES_MORE, // takes one share unit more than it was asked to
        REDEEM_KEEPS_SHARES, // pays, and leaves the shares where they are
        LIQUIDITY_REVERTS,
        LIQUIDITY_BURNS_GAS,
        LIQUIDITY_LIES, // promises all and pays nothing
        DEPOSIT_KEEPS_HALF, // takes half of what it is offered
        REENTERS // calls `hookTarget` first wherever coins move; reverts when that reverts
    }

    uint256 public constant MODES = uint256(Mode.REENTERS) + 1;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _BPS = 10_000;

    address public immutable asset;
    mapping(address => uint256) public balanceOf;
    uint256 public totalSupply;

    Mode public mode;
    uint256 public rate = _WAD; // WAD{coin/share}
    uint256 public liquid = type(uint256).max; // {coin} that it pays
    uint256 public room = type(uint256).max; // {coin} that it takes
    uint256 public depositFeeBps;
    uint256 public exitFeeBps;
    bool public frozen; // its share does not move
    address public hookTarget;
    bytes public hookData;
    bytes public hookAnswer; // what the last hook's call reverted with, where that was let pass
    bool public hookMayFail;

    error Refused();
    error HookFailed(bytes reason);

    constructor(address asset_) {
        asset = asset_;
    }

    // --- by hand --------------------------------------------------------------------------------------------------

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    function setRate(uint256 newRate) external {
        rate = newRate;
    }

    function setLimits(uint256 newLiquid, uint256 newRoom) external {
        (liquid, room) = (newLiquid, newRoom);
    }

    function setFees(uint256 newDepositFeeBps, uint256 newExitFeeBps) external {
        (depositFeeBps, exitFeeBps) = (newDepositFeeBps, newExitFeeBps);
    }

    function setFrozen(bool value) external {
        frozen = value;
    }

    function setHook(address target, bytes calldata data, bool mayFail) external {
        (hookTarget, hookData, hookMayFail) = (target, data, mayFail);
    }

    // --- ERC-4626 -------------------------------------------------------------------------------------------------

    function convertToAssets(uint256 shares) external view returns (uint256) {
        if (mode == Mode.VALUE_REVERTS) revert Refused();
        if (mode == Mode.VALUE_BURNS_GAS) _burnGas();
        if (mode == Mode.VALUE_BOMBS) _bomb();
        if (mode == Mode.VALUE_HUGE) return type(uint112).max + uint256(1);
        if (mode == Mode.VALUE_SHORT) {
            assembly ("memory-safe") {
                mstore(0, shl(248, 1))
                return(0, 1)
            }
        }
        return _worth(shares);
    }

    function maxDeposit(address) external view returns (uint256) {
        return room;
    }

    function maxWithdraw(address owner) public view returns (uint256) {
        if (mode == Mode.LIQUIDITY_REVERTS) revert Refused();
        if (mode == Mode.LIQUIDITY_BURNS_GAS) _burnGas();
        uint256 worth = _worth(balanceOf[owner]);
        return mode == Mode.LIQUIDITY_LIES || worth < liquid ? worth : liquid;
    }

    function maxRedeem(address owner) external view returns (uint256) {
        uint256 paid = maxWithdraw(owner);
        uint256 shares = Math.mulDiv(paid, _WAD, rate);
        return paid == _worth(balanceOf[owner]) ? balanceOf[owner] : shares;
    }

    function deposit(uint256 assets, address receiver) external returns (uint256 shares) {
        if (mode == Mode.REENTERS) _callHook();
        uint256 taken = mode == Mode.DEPOSIT_KEEPS_HALF ? assets / 2 : assets;
        IERC20(asset).safeTransferFrom(msg.sender, address(this), taken);
        if (room != type(uint256).max) room -= taken;
        shares = Math.mulDiv(taken, _WAD * (_BPS - depositFeeBps), rate * _BPS);
        balanceOf[receiver] += shares;
        totalSupply += shares;
    }

    function withdraw(uint256 assets, address receiver, address owner) external returns (uint256 shares) {
        shares = Math.mulDiv(assets, _WAD * _BPS, rate * (_BPS - exitFeeBps), Math.Rounding.Ceil);
        _leave(owner, shares, assets, receiver);
    }

    function redeem(uint256 shares, address receiver, address owner) external returns (uint256 assets) {
        assets = _worth(shares) * (_BPS - exitFeeBps) / _BPS;
        _leave(owner, shares, assets, receiver);
    }

    function transfer(address to, uint256 shares) external returns (bool) {
        if (frozen) revert Refused();
        balanceOf[msg.sender] -= shares;
        balanceOf[to] += shares;
        return true;
    }

    function _leave(address owner, uint256 shares, uint256 assets, address receiver) private {
        if (mode == Mode.REENTERS) _callHook();
        if (msg.sender != owner || mode == Mode.REDEEM_REVERTS || mode == Mode.LIQUIDITY_LIES) revert Refused();
        if (mode == Mode.REDEEM_BURNS_GAS) _burnGas();
        if (mode == Mode.REDEEM_BOMBS) _bomb();
        if (assets > liquid) revert Refused();
        if (mode == Mode.REDEEM_TAKES_MORE) ++shares;
        if (mode != Mode.REDEEM_KEEPS_SHARES) {
            balanceOf[owner] -= shares;
            totalSupply -= shares;
        }
        if (mode == Mode.REDEEM_LIES) return;
        if (liquid != type(uint256).max) liquid -= assets;
        IERC20(asset).safeTransfer(receiver, assets);
    }

    function _worth(uint256 shares) private view returns (uint256) {
        return Math.mulDiv(shares, rate, _WAD);
    }

    function _callHook() private {
        (bool success, bytes memory reason) = hookTarget.call(hookData);
        if (!success && !hookMayFail) revert HookFailed(reason);
        hookAnswer = success ? bytes("") : reason;
    }

    function _burnGas() private pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    function _bomb() private pure {
        assembly ("memory-safe") {
            revert(0, 100000)
        }
    }
}
