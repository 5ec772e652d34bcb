// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {CometLedgerModel} from "./CometLedgerModel.sol";
import {CometConfig, CometRatesModel} from "./CometRatesModel.sol";

/// @dev The part of a price feed that the market reads.
interface ICometPriceFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// @title CometModel
/// @notice A model of a Compound V3 market (Comet) for the local mainnet, written from its public documentation and behaviour:
/// its code is on no package registry.
/// @dev Like the original: rates by utilisation, indices, rounding against the account, rewards by tracking indices, pauses by
/// flags, all-or-nothing allowances, borrowing by withdrawing more than is there, and absorption of debtors whose collateral no
/// longer covers them; what it does not cover is the market's loss and shows in its reserves alone. Unlike it: one collateral
/// asset, no signed permissions, no points for absorbers, no proxy.
contract CometModel is CometLedgerModel, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct AssetInfo {
        uint8 offset;
        address asset;
        address priceFeed;
        uint64 scale;
        uint64 borrowCollateralFactor;
        uint64 liquidateCollateralFactor;
        uint64 liquidationFactor;
        uint128 supplyCap;
    }

    uint8 private constant _SUPPLY = 1 << 0;
    uint8 private constant _TRANSFER = 1 << 1;
    uint8 private constant _WITHDRAW = 1 << 2;
    uint8 private constant _ABSORB = 1 << 3;
    uint8 private constant _BUY = 1 << 4;

    address public immutable governor;
    address public immutable pauseGuardian;
    address public immutable baseTokenPriceFeed;
    uint256 public immutable baseBorrowMin;
    uint256 public immutable storeFrontPriceFactor;
    uint256 public immutable targetReserves;
    uint8 public constant numAssets = 1; // solhint-disable-line const-name-snakecase

    string public name;
    string public symbol;
    AssetInfo private _asset;
    uint256 private _collateralHeld; // {collateral} of all accounts

    mapping(address owner => mapping(address manager => bool)) public isAllowed;
    mapping(address account => mapping(address asset => uint128)) public collateralBalanceOf;

    event Approval(address indexed owner, address indexed spender, uint256 amount);
    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Supply(address indexed from, address indexed dst, uint256 amount);
    event Withdraw(address indexed src, address indexed to, uint256 amount);
    event SupplyCollateral(address indexed from, address indexed dst, address indexed asset, uint256 amount);
    event WithdrawCollateral(address indexed src, address indexed to, address indexed asset, uint256 amount);
    event AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue);
    event BuyCollateral(address indexed buyer, address indexed asset, uint256 baseAmount, uint256 collateralAmount);
    event PauseAction(bool supplyPaused, bool transferPaused, bool withdrawPaused, bool absorbPaused, bool buyPaused);

    error BadAmount();
    error BadAsset();
    error BadPrice();
    error BorrowTooSmall();
    error InsufficientReserves();
    error NoSelfTransfer();
    error NotForSale();
    error NotCollateralized();
    error NotLiquidatable();
    error Paused();
    error SupplyCapExceeded();
    error TooMuchSlippage();
    error Unauthorized();

    modifier whileOn(uint8 action) {
        if (_totals.pauseFlags & action != 0) revert Paused();
        _;
    }

    constructor(CometConfig memory config) CometRatesModel(config) CometLedgerModel(config) {
        name = _text(config.name);
        symbol = _text(config.symbol);
        governor = config.governor;
        pauseGuardian = config.pauseGuardian;
        baseTokenPriceFeed = config.baseTokenPriceFeed;
        baseBorrowMin = config.baseBorrowMin;
        storeFrontPriceFactor = config.storeFrontPriceFactor;
        targetReserves = config.targetReserves;
        _asset = AssetInfo(
            0,
            config.collateral,
            config.collateralPriceFeed,
            uint64(10 ** IERC20Metadata(config.collateral).decimals()),
            config.borrowCollateralFactor,
            config.liquidateCollateralFactor,
            config.liquidationFactor,
            config.supplyCap
        );
    }

    // --- supply ---------------------------------------------------------------------------------------------------

    function supply(address asset, uint256 amount) external {
        _supply(msg.sender, msg.sender, asset, amount);
    }

    function supplyTo(address dst, address asset, uint256 amount) external {
        _supply(msg.sender, dst, asset, amount);
    }

    function supplyFrom(address from, address dst, address asset, uint256 amount) external {
        _supply(from, dst, asset, amount);
    }

    // --- withdraw: beyond the own balance it borrows ----------------------------------------------------------------

    function withdraw(address asset, uint256 amount) external {
        _withdraw(msg.sender, msg.sender, asset, amount);
    }

    function withdrawTo(address to, address asset, uint256 amount) external {
        _withdraw(msg.sender, to, asset, amount);
    }

    function withdrawFrom(address src, address to, address asset, uint256 amount) external {
        _withdraw(src, to, asset, amount);
    }

    // --- the supply as a token --------------------------------------------------------------------------------------

    function transfer(address dst, uint256 amount) external returns (bool) {
        return _transfer(msg.sender, dst, amount);
    }

    function transferFrom(address src, address dst, uint256 amount) external returns (bool) {
        return _transfer(src, dst, amount);
    }

    /// @notice All or nothing: the greatest amount allows the spender everything, 0 takes it back.
    function approve(address spender, uint256 amount) external returns (bool) {
        if (amount != 0 && amount != type(uint256).max) revert BadAmount();
        _allow(spender, amount != 0);
        return true;
    }

    /// @notice Lets `manager` act for the caller in everything, or no longer.
    function allow(address manager, bool allowed) external {
        _allow(manager, allowed);
    }

    // --- governance -------------------------------------------------------------------------------------------------

    function pause(bool supplying, bool transferring, bool withdrawing, bool absorbing, bool buying) external {
        if (msg.sender != governor && msg.sender != pauseGuardian) revert Unauthorized();
        _totals.pauseFlags = (supplying ? _SUPPLY : 0) | (transferring ? _TRANSFER : 0)
            | (withdrawing ? _WITHDRAW : 0) | (absorbing ? _ABSORB : 0) | (buying ? _BUY : 0);
        emit PauseAction(supplying, transferring, withdrawing, absorbing, buying);
    }

    function withdrawReserves(address to, uint256 amount) external {
        if (msg.sender != governor) revert Unauthorized();
        int256 reserves = getReserves();
        if (reserves < 0 || amount > uint256(reserves)) revert InsufficientReserves();
        IERC20(baseToken).safeTransfer(to, amount);
    }

    /// @notice Takes the debts and the collateral of accounts that are no longer covered over to the market.
    function absorb(address absorber, address[] calldata accounts) external whileOn(_ABSORB) {
        _accrue();
        for (uint256 i; i < accounts.length; ++i) {
            _absorb(absorber, accounts[i]);
        }
    }

    /// @notice Sells absorbed collateral below its price, while the reserves are below their target.
    function buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient)
        external
        nonReentrant
        whileOn(_BUY)
    {
        if (getReserves() >= int256(targetReserves)) revert NotForSale();
        uint256 amount = quoteCollateral(asset, _takeIn(baseToken, msg.sender, baseAmount));
        if (amount < minAmount) revert TooMuchSlippage();
        if (amount > getCollateralReserves(asset)) revert InsufficientReserves();
        IERC20(asset).safeTransfer(recipient, amount);
        emit BuyCollateral(msg.sender, asset, baseAmount, amount);
    }

    // --- views ------------------------------------------------------------------------------------------------------

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function isSupplyPaused() external view returns (bool) {
        return _totals.pauseFlags & _SUPPLY != 0;
    }

    function isTransferPaused() external view returns (bool) {
        return _totals.pauseFlags & _TRANSFER != 0;
    }

    function isWithdrawPaused() external view returns (bool) {
        return _totals.pauseFlags & _WITHDRAW != 0;
    }

    function isAbsorbPaused() external view returns (bool) {
        return _totals.pauseFlags & _ABSORB != 0;
    }

    function isBuyPaused() external view returns (bool) {
        return _totals.pauseFlags & _BUY != 0;
    }

    function allowance(address owner, address spender) external view returns (uint256) {
        return hasPermission(owner, spender) ? type(uint256).max : 0;
    }

    function hasPermission(address owner, address manager) public view returns (bool) {
        return owner == manager || isAllowed[owner][manager];
    }

    function getAssetInfo(uint8 index) external view returns (AssetInfo memory) {
        if (index >= numAssets) revert BadAsset();
        return _asset;
    }

    /// @return {collateral} that absorption left with the market itself.
    function getCollateralReserves(address asset) public view returns (uint256) {
        if (asset != _asset.asset) revert BadAsset();
        return IERC20(asset).balanceOf(address(this)) - _collateralHeld;
    }

    /// @return {collateral} that `baseAmount` buys.
    function quoteCollateral(address asset, uint256 baseAmount) public view returns (uint256) {
        if (asset != _asset.asset) revert BadAsset();
        uint256 off = _times(storeFrontPriceFactor, _ONE - _asset.liquidationFactor);
        uint256 price = _times(getPrice(_asset.priceFeed), _ONE - off);
        return getPrice(baseTokenPriceFeed) * baseAmount * _asset.scale / price / baseScale;
    }

    /// @return USD, 8 decimals
    function getPrice(address priceFeed) public view returns (uint256) {
        (, int256 price,,,) = ICometPriceFeed(priceFeed).latestRoundData();
        if (price <= 0) revert BadPrice();
        return uint256(price);
    }

    function isBorrowCollateralized(address account) public view returns (bool) {
        return _covered(account, _asset.borrowCollateralFactor);
    }

    function isLiquidatable(address account) public view returns (bool) {
        return !_covered(account, _asset.liquidateCollateralFactor);
    }

    // --- how it is done ---------------------------------------------------------------------------------------------

    function _supply(address from, address dst, address asset, uint256 amount)
        private
        nonReentrant
        whileOn(_SUPPLY)
    {
        if (!hasPermission(from, msg.sender)) revert Unauthorized();
        if (asset != baseToken) return _supplyCollateral(from, dst, asset, amount);
        if (amount == type(uint256).max) amount = borrowBalanceOf(dst);
        amount = _takeIn(asset, from, amount);
        _accrue();
        (, int256 risen) = _move(dst, amount, true);
        emit Supply(from, dst, amount);
        if (risen > 0) emit Transfer(address(0), dst, _present(uint256(risen), _totals.baseSupplyIndex));
    }

    function _supplyCollateral(address from, address dst, address asset, uint256 amount) private {
        if (asset != _asset.asset) revert BadAsset();
        amount = _takeIn(asset, from, amount);
        _collateralHeld += amount;
        if (_collateralHeld > _asset.supplyCap) revert SupplyCapExceeded();
        _setCollateral(dst, asset, collateralBalanceOf[dst][asset] + SafeCast.toUint128(amount));
        emit SupplyCollateral(from, dst, asset, amount);
    }

    function _withdraw(address src, address to, address asset, uint256 amount)
        private
        nonReentrant
        whileOn(_WITHDRAW)
    {
        if (!hasPermission(src, msg.sender)) revert Unauthorized();
        if (asset != baseToken) return _withdrawCollateral(src, to, asset, amount);
        if (amount == type(uint256).max) amount = balanceOf(src);
        _accrue();
        int256 risen = _moveOut(src, amount);
        IERC20(asset).safeTransfer(to, amount);
        emit Withdraw(src, to, amount);
        if (risen < 0) emit Transfer(src, address(0), _present(uint256(-risen), _totals.baseSupplyIndex));
    }

    function _withdrawCollateral(address src, address to, address asset, uint256 amount) private {
        if (asset != _asset.asset) revert BadAsset();
        _collateralHeld -= amount;
        _setCollateral(src, asset, collateralBalanceOf[src][asset] - SafeCast.toUint128(amount));
        if (!isBorrowCollateralized(src)) revert NotCollateralized();
        IERC20(asset).safeTransfer(to, amount);
        emit WithdrawCollateral(src, to, asset, amount);
    }

    function _transfer(address src, address dst, uint256 amount)
        private
        nonReentrant
        whileOn(_TRANSFER)
        returns (bool)
    {
        if (!hasPermission(src, msg.sender)) revert Unauthorized();
        if (src == dst) revert NoSelfTransfer();
        if (amount == type(uint256).max) amount = balanceOf(src);
        _accrue();
        int256 fallen = _moveOut(src, amount);
        (, int256 risen) = _move(dst, amount, true);
        uint64 index = _totals.baseSupplyIndex;
        if (fallen < 0) emit Transfer(src, address(0), _present(uint256(-fallen), index));
        if (risen > 0) emit Transfer(address(0), dst, _present(uint256(risen), index));
        return true;
    }

    /// @dev What an account does not have it borrows, if its collateral allows.
    function _moveOut(address src, uint256 amount) private returns (int256 risen) {
        int256 balance;
        (balance, risen) = _move(src, amount, false);
        if (balance >= 0) return risen;
        if (uint256(-balance) < baseBorrowMin) revert BorrowTooSmall();
        if (!isBorrowCollateralized(src)) revert NotCollateralized();
    }

    function _absorb(address absorber, address account) private {
        if (!isLiquidatable(account)) revert NotLiquidatable();
        address asset = _asset.asset;
        uint256 seized = collateralBalanceOf[account][asset];
        _collateralHeld -= seized;
        _setCollateral(account, asset, 0);
        uint256 basePrice = getPrice(baseTokenPriceFeed);
        uint256 worth = _times(seized * getPrice(_asset.priceFeed) / _asset.scale, _asset.liquidationFactor);
        uint256 paid = worth * baseScale / basePrice;
        uint256 debt = uint256(-_balance(account));
        if (paid < debt) paid = debt; // the market forgives the rest: its loss
        (, int256 risen) = _move(account, paid, true);
        emit AbsorbDebt(absorber, account, paid, paid * basePrice / baseScale);
        if (risen > 0) emit Transfer(address(0), account, _present(uint256(risen), _totals.baseSupplyIndex));
    }

    function _allow(address manager, bool allowed) private {
        isAllowed[msg.sender][manager] = allowed;
        emit Approval(msg.sender, manager, allowed ? type(uint256).max : 0);
    }

    function _setCollateral(address account, address asset, uint128 amount) private {
        collateralBalanceOf[account][asset] = amount;
        userBasic[account].assetsIn = amount == 0 ? 0 : 1;
    }

    function _takeIn(address asset, address from, uint256 amount) private returns (uint256) {
        uint256 before = IERC20(asset).balanceOf(address(this));
        IERC20(asset).safeTransferFrom(from, address(this), amount);
        return IERC20(asset).balanceOf(address(this)) - before;
    }

    /// @dev Debts as of the last accrual, as the original has it.
    function _covered(address account, uint256 factor) private view returns (bool) {
        int256 balance = _balance(account);
        if (balance >= 0) return true;
        uint256 debt = uint256(-balance) * getPrice(baseTokenPriceFeed) / baseScale;
        if (debt == 0) return true;
        uint256 held = collateralBalanceOf[account][_asset.asset];
        return held != 0 && _times(held * getPrice(_asset.priceFeed) / _asset.scale, factor) >= debt;
    }

    function _text(bytes32 word) private pure returns (string memory) {
        uint256 length;
        while (length < 32 && word[length] != 0) ++length;
        bytes memory letters = new bytes(length);
        for (uint256 i; i < length; ++i) {
            letters[i] = word[i];
        }
        return string(letters);
    }
}
