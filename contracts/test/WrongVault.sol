// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A vault with one fault, to show that the property which should find it does. For tests only.
contract WrongVault is ERC4626 {
    using SafeERC20 for IERC20;

    enum Fault {
        NONE,
        TOTALS_REVERT,
        NO_METADATA,
        CONVERSION_REVERTS,
        MAX_DEPOSIT_REVERTS,
        MAX_MINT_REVERTS,
        MAX_WITHDRAW_REVERTS,
        MAX_REDEEM_REVERTS,
        PREVIEW_HAS_LIMITS,
        CONVERSION_DEPENDS_ON_CALLER,
        CONVERSION_ROUNDS_UP,
        CONVERSION_HAS_SLIPPAGE,
        MAX_DEPOSIT_TOO_HIGH,
        MAX_MINT_TOO_HIGH,
        MAX_WITHDRAW_TOO_HIGH,
        MAX_REDEEM_TOO_HIGH,
        MAX_FOR_NOBODY,
        REDEEMS_UNOWNED,
        DEPOSIT_TAKES_LESS,
        MINT_MAKES_LESS,
        WITHDRAWAL_PAYS_LESS,
        REDEMPTION_BURNS_LESS,
        PREVIEW_DEPOSIT_HIGH,
        PREVIEW_MINT_LOW,
        PREVIEW_WITHDRAW_LOW,
        PREVIEW_REDEEM_HIGH,
        PREVIEW_DEPOSIT_FAR,
        PREVIEW_MINT_FAR,
        PREVIEW_WITHDRAW_FAR,
        PREVIEW_REDEEM_FAR,
        SHARES_UNPAID,
        NO_ALLOWANCE_NEEDED,
        BOUND_TO_DEPOSITOR,
        FREE_SHARES,
        ZERO_MINTS,
        DEPOSIT_ROUNDS_UP,
        REDEEM_ROUNDS_UP,
        MINT_ROUNDS_DOWN,
        WITHDRAW_ROUNDS_DOWN,
        DEPOSIT_DILUTES,
        DONATION_ROBS,
        NO_DEPOSIT_EVENT,
        NO_WITHDRAW_EVENT
    }

    uint256 private constant _CAP = 1e11; // {asset} beyond which some faults show

    Fault public immutable FAULT;
    mapping(address => bool) private _came;

    error Faulty();

    constructor(IERC20 asset_, Fault fault) ERC20("Wrong vault", "wrong") ERC4626(asset_) {
        FAULT = fault;
    }

    // --- views ----------------------------------------------------------------------------------------------------

    function name() public view override(ERC20, IERC20Metadata) returns (string memory) {
        _revertIf(Fault.NO_METADATA);
        return super.name();
    }

    function totalAssets() public view override returns (uint256) {
        uint256 held = super.totalAssets();
        if (FAULT == Fault.TOTALS_REVERT && held > _CAP) revert Faulty();
        return held;
    }

    function convertToShares(uint256 assets) public view override returns (uint256) {
        if (FAULT == Fault.CONVERSION_REVERTS && assets > _CAP) revert Faulty();
        uint256 shares = super.convertToShares(assets);
        return FAULT == Fault.CONVERSION_DEPENDS_ON_CALLER && balanceOf(msg.sender) == 0 ? shares / 2 : shares;
    }

    function convertToAssets(uint256 shares) public view override returns (uint256) {
        if (FAULT == Fault.CONVERSION_ROUNDS_UP) return _convertToAssets(shares, Math.Rounding.Ceil) + 1;
        uint256 assets = super.convertToAssets(shares);
        return FAULT == Fault.CONVERSION_HAS_SLIPPAGE && assets > _CAP ? assets - assets / 100 : assets;
    }

    function maxDeposit(address receiver) public view override returns (uint256) {
        if (receiver == address(0)) _revertIf(Fault.MAX_DEPOSIT_REVERTS);
        return super.maxDeposit(receiver);
    }

    function maxMint(address receiver) public view override returns (uint256) {
        if (receiver == address(0)) _revertIf(Fault.MAX_MINT_REVERTS);
        return super.maxMint(receiver);
    }

    function maxWithdraw(address owner) public view override returns (uint256) {
        if (owner == address(0)) _revertIf(Fault.MAX_WITHDRAW_REVERTS);
        if (FAULT == Fault.MAX_FOR_NOBODY && balanceOf(owner) == 0) return 1;
        uint256 most = super.maxWithdraw(owner);
        return FAULT == Fault.MAX_WITHDRAW_TOO_HIGH ? most * 2 + 1 : most;
    }

    function maxRedeem(address owner) public view override returns (uint256) {
        if (owner == address(0)) _revertIf(Fault.MAX_REDEEM_REVERTS);
        uint256 most = super.maxRedeem(owner);
        return FAULT == Fault.MAX_REDEEM_TOO_HIGH ? most * 2 + 1 : most;
    }

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        if (IERC20(asset()).balanceOf(msg.sender) < assets) _revertIf(Fault.PREVIEW_HAS_LIMITS);
        uint256 shares = super.previewDeposit(assets);
        if (FAULT == Fault.DEPOSIT_ROUNDS_UP) return _convertToShares(assets, Math.Rounding.Ceil) + 1e6;
        if (FAULT == Fault.PREVIEW_DEPOSIT_FAR) return shares - shares / 1000;
        return FAULT == Fault.PREVIEW_DEPOSIT_HIGH ? shares + 1 : shares;
    }

    function previewMint(uint256 shares) public view override returns (uint256) {
        uint256 assets = super.previewMint(shares);
        if (FAULT == Fault.FREE_SHARES || FAULT == Fault.MINT_ROUNDS_DOWN) return Math.saturatingSub(assets, 2);
        if (FAULT == Fault.PREVIEW_MINT_FAR) return assets + assets / 1000;
        return FAULT == Fault.PREVIEW_MINT_LOW ? Math.saturatingSub(assets, 1) : assets;
    }

    function previewWithdraw(uint256 assets) public view override returns (uint256) {
        uint256 shares = super.previewWithdraw(assets);
        if (FAULT == Fault.WITHDRAW_ROUNDS_DOWN) return Math.saturatingSub(shares, 3e6);
        if (FAULT == Fault.PREVIEW_WITHDRAW_FAR) return shares + shares / 1000;
        return FAULT == Fault.PREVIEW_WITHDRAW_LOW ? Math.saturatingSub(shares, 1) : shares;
    }

    function previewRedeem(uint256 shares) public view override returns (uint256) {
        uint256 assets = super.previewRedeem(shares);
        if (FAULT == Fault.REDEEM_ROUNDS_UP) return assets == 0 ? 0 : assets + 2;
        if (FAULT == Fault.PREVIEW_REDEEM_FAR) return assets - assets / 1000;
        return FAULT == Fault.PREVIEW_REDEEM_HIGH ? assets + 1 : assets;
    }

    function _revertIf(Fault fault) private view {
        if (FAULT == fault) revert Faulty();
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return FAULT == Fault.DONATION_ROBS ? 0 : 6;
    }

    // --- in and out -----------------------------------------------------------------------------------------------

    function deposit(uint256 assets, address receiver) public override returns (uint256 shares) {
        if (FAULT == Fault.MAX_DEPOSIT_TOO_HIGH && assets > _CAP) revert Faulty();
        if (FAULT == Fault.ZERO_MINTS && assets == 0) _mint(receiver, 1);
        if (FAULT == Fault.PREVIEW_DEPOSIT_FAR) {
            shares = super.previewDeposit(assets);
            _deposit(msg.sender, receiver, assets, shares);
            return shares;
        }
        shares = super.deposit(assets, receiver);
        if (FAULT == Fault.PREVIEW_DEPOSIT_HIGH) --shares;
    }

    function mint(uint256 shares, address receiver) public override returns (uint256 assets) {
        if (FAULT == Fault.MAX_MINT_TOO_HIGH && shares > _CAP * 1e6) revert Faulty();
        if (FAULT == Fault.PREVIEW_MINT_FAR) {
            assets = super.previewMint(shares);
            _deposit(msg.sender, receiver, assets, shares);
            return assets;
        }
        assets = super.mint(shares, receiver);
        if (FAULT == Fault.PREVIEW_MINT_LOW) ++assets;
    }

    function withdraw(uint256 assets, address receiver, address owner) public override returns (uint256 shares) {
        if (FAULT == Fault.PREVIEW_WITHDRAW_FAR) {
            shares = super.previewWithdraw(assets);
            _withdraw(msg.sender, receiver, owner, assets, shares);
            return shares;
        }
        shares = super.withdraw(assets, receiver, owner);
        if (FAULT == Fault.PREVIEW_WITHDRAW_LOW) ++shares;
    }

    function redeem(uint256 shares, address receiver, address owner) public override returns (uint256 assets) {
        if (FAULT == Fault.REDEEMS_UNOWNED) shares = Math.min(shares, balanceOf(owner));
        if (FAULT == Fault.PREVIEW_REDEEM_FAR) {
            assets = super.previewRedeem(shares);
            _withdraw(msg.sender, receiver, owner, assets, shares);
            return assets;
        }
        assets = super.redeem(shares, receiver, owner);
        if (FAULT == Fault.PREVIEW_REDEEM_HIGH) --assets;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        _came[receiver] = true;
        IERC20 coin = IERC20(asset());
        uint256 taken = FAULT == Fault.DEPOSIT_TAKES_LESS ? assets - assets / 10 : assets;
        if (FAULT == Fault.SHARES_UNPAID) taken = Math.min(taken, coin.balanceOf(caller));
        coin.safeTransferFrom(caller, address(this), taken);
        if (FAULT == Fault.DEPOSIT_DILUTES) shares += shares / 1000;
        _mint(receiver, FAULT == Fault.MINT_MAKES_LESS ? shares - shares / 10 : shares);
        if (FAULT != Fault.NO_DEPOSIT_EVENT) emit Deposit(caller, receiver, assets, shares);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        if (FAULT == Fault.BOUND_TO_DEPOSITOR && !_came[owner]) revert Faulty();
        if (caller != owner && FAULT != Fault.NO_ALLOWANCE_NEEDED) _spendAllowance(owner, caller, shares);
        _burn(owner, FAULT == Fault.REDEMPTION_BURNS_LESS ? shares - shares / 10 : shares);
        IERC20(asset()).safeTransfer(receiver, FAULT == Fault.WITHDRAWAL_PAYS_LESS ? assets - assets / 10 : assets);
        if (FAULT != Fault.NO_WITHDRAW_EVENT) emit Withdraw(caller, receiver, owner, assets, shares);
    }
}
