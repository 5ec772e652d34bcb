// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategy, RewardSale} from "@interfaces/IStrategy.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @title What all strategies share: ERC-4626 with a virtual offset, harvests under a price floor, gains let out slowly.
/// @notice  deposit ─► invest ─► (position grows) ─► withdraw ◄─ divest
///                        ▲ harvest: claim ─► sell (oracle floor) ─► invest, locked, out over UNLOCK_PERIOD
///  - Rewards are touched by `harvest` alone: a reward that fails blocks nobody's way out.
///  - A harvest counts bit by bit: who comes the minute before gets none of it. A loss counts at once; it eats the gains that
///    do not count yet first.
///  - Shares are minted against what the position really grew by, and burnt for what it shrinks by at most: what a protocol
///    rounds away or charges is paid by who enters or leaves, never by who stays.
///  - The pause stops deposits, never withdrawals.
/// @dev Amounts are {asset} in its own decimals; shares have 6 decimals more (OpenZeppelin's guard against a first
///      depositor's donation). Coins lying idle here count for nobody until a harvest invests them as a gain.
///      No call out is made while shares and position are at odds, but to the protocol itself.
abstract contract Strategy is IStrategy, ITradeFunding, ERC4626, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 public constant UNLOCK_PERIOD = 3 days;
    /// @notice What a sale of rewards may cost against the oracle, bps.
    uint256 public constant HARVEST_SLIPPAGE_BPS = 100;
    uint256 private constant _BPS = 10_000;

    IPriceOracle public immutable ORACLE;

    uint128 private _locked; // {asset} at `_since`, out by `_fullAt`
    uint48 private _since; // s
    uint48 private _fullAt; // s
    bool private _depositsPaused;
    uint256 private _valued; // {asset} of the position after the last change of it; kept up while gains are locked

    // The sale under way, until it is funded; addresses as whole words.
    uint256 private transient _saleVenue;
    uint256 private transient _saleToken;
    uint256 private transient _saleAmount;

    error ZeroAddress();
    /// Too little to be worth a share.
    error ZeroShares();
    /// The position grew by less than the preview promised.
    error CreditedShort(uint256 credited, uint256 promised);
    error NotAReward(address token);
    error PriceNotGood(address token, IPriceOracle.Status status);
    error BelowFloor(uint256 sale, uint256 bought, uint256 floor);
    error NotFunded(uint256 sale);
    error NoSaleOpen();
    error NotSaleVenue(address caller);
    error VenueHasNoCode(address venue);

    constructor(string memory name_, string memory symbol_, IERC20 asset_, address authority_, IPriceOracle oracle_)
        ERC20(name_, symbol_)
        ERC4626(asset_)
        AccessManaged(authority_)
    {
        if (authority_ == address(0) || address(oracle_) == address(0)) revert ZeroAddress();
        ORACLE = oracle_;
    }

    // --- what each strategy says ----------------------------------------------------------------------------------

    /// @return {asset} that the position is worth at rest; no balance of this contract itself.
    function _invested() internal view virtual returns (uint256);

    /// @return {asset} that could leave the position now.
    function _liquidity() internal view virtual returns (uint256);

    /// @return {asset} that the position would take now; type(uint256).max when nothing limits it.
    function _room() internal view virtual returns (uint256);

    /// @dev Puts `assets` of this contract's balance to work.
    function _invest(uint256 assets) internal virtual;

    /// @dev Pays exactly `assets`, not 0, from the position to `receiver`, or reverts.
    function _divest(uint256 assets, address receiver) internal virtual;

    /// @dev Fetches rewards to this contract. Must not revert: emits `RewardsRefused` for a source that does.
    function _claim() internal virtual;

    /// @inheritdoc IStrategy
    /// @dev Never what the position is made of.
    function rewardTokens() public view virtual returns (address[] memory);

    // What going in and out costs. For a protocol that takes and pays to the unit all four say what they are asked; for one
    // that does not: _credited(_toInvest(x)) >= x, _toInvest(_credited(x)) <= x, _drawn(_payable(x)) <= x.

    /// @return {asset} by which the position grows at least when `assets` are invested.
    function _credited(uint256 assets) internal view virtual returns (uint256) {
        return assets;
    }

    /// @return {asset} whose investment makes the position grow by `growth` at least.
    function _toInvest(uint256 growth) internal view virtual returns (uint256) {
        return growth;
    }

    /// @return {asset} by which the position shrinks at most when `assets` are paid out.
    function _drawn(uint256 assets) internal view virtual returns (uint256) {
        return assets;
    }

    /// @return {asset} that can be paid while the position shrinks by `value` at most.
    function _payable(uint256 value) internal view virtual returns (uint256) {
        return value;
    }

    // --- harvest --------------------------------------------------------------------------------------------------

    /// @inheritdoc IStrategy
    function harvest(RewardSale[] calldata sales) external restricted nonReentrant returns (uint256 gain) {
        uint256 before = _invested();
        uint256 locked = _lockedOf(before);
        _claim();
        for (uint256 i; i < sales.length; ++i) {
            _sell(i, sales[i]);
        }
        uint256 idle = Math.min(IERC20(asset()).balanceOf(address(this)), _room());
        if (_credited(idle) != 0) _invest(idle);
        uint256 afterwards = _invested();
        gain = Math.saturatingSub(afterwards, before);
        _lock(locked, gain);
        _valued = afterwards;
        emit Harvested(gain, _fullAt);
    }

    /// @inheritdoc ITradeFunding
    function fund(address to) external {
        uint256 venue = _saleVenue;
        if (venue == 0) revert NoSaleOpen();
        if (uint160(msg.sender) != venue) revert NotSaleVenue(msg.sender);
        _saleVenue = 0;
        IERC20(address(uint160(_saleToken))).safeTransfer(to, _saleAmount);
    }

    /// @inheritdoc IStrategy
    function lockedProfit() external view returns (uint256) {
        return _lockedOf(_invested());
    }

    // --- pause ----------------------------------------------------------------------------------------------------

    /// @inheritdoc IStrategy
    function pauseDeposits() external restricted {
        _depositsPaused = true;
        emit DepositsPaused(true);
    }

    /// @inheritdoc IStrategy
    function unpauseDeposits() external restricted {
        _depositsPaused = false;
        emit DepositsPaused(false);
    }

    /// @inheritdoc IStrategy
    function depositsPaused() external view returns (bool) {
        return _depositsPaused;
    }

    // --- ERC-4626 -------------------------------------------------------------------------------------------------

    /// @inheritdoc IERC4626
    function totalAssets() public view virtual override(ERC4626, IERC4626) returns (uint256) {
        return _countedOf(_invested());
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        if (_depositsPaused || _reentrancyGuardEntered()) return 0;
        uint256 room = _room();
        return room > type(uint128).max || _credited(room) != 0 ? room : 0;
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        uint256 room = maxDeposit(receiver);
        return room > type(uint128).max ? type(uint256).max : convertToShares(_credited(room));
    }

    /// @inheritdoc IERC4626
    function maxWithdraw(address owner) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        if (_reentrancyGuardEntered()) return 0;
        return Math.min(previewRedeem(balanceOf(owner)), _liquidity());
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address owner) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        if (_reentrancyGuardEntered()) return 0;
        uint256 shares = balanceOf(owner);
        uint256 liquid = _liquidity();
        return previewRedeem(shares) <= liquid ? shares : Math.min(shares, convertToShares(_drawn(liquid)));
    }

    /// @inheritdoc IERC4626
    function previewDeposit(uint256 assets) public view override(ERC4626, IERC4626) returns (uint256) {
        return _convertToShares(_credited(assets), Math.Rounding.Floor);
    }

    /// @inheritdoc IERC4626
    function previewMint(uint256 shares) public view override(ERC4626, IERC4626) returns (uint256) {
        return _toInvest(_convertToAssets(shares, Math.Rounding.Ceil));
    }

    /// @inheritdoc IERC4626
    function previewWithdraw(uint256 assets) public view override(ERC4626, IERC4626) returns (uint256) {
        return _convertToShares(_drawn(assets), Math.Rounding.Ceil);
    }

    /// @inheritdoc IERC4626
    function previewRedeem(uint256 shares) public view override(ERC4626, IERC4626) returns (uint256) {
        return _payable(_convertToAssets(shares, Math.Rounding.Floor));
    }

    /// @inheritdoc IERC4626
    /// @dev Mints for what the position grew by, which is what the preview said or a little more.
    function deposit(uint256 assets, address receiver) public override(ERC4626, IERC4626) returns (uint256 shares) {
        uint256 most = maxDeposit(receiver);
        if (assets > most) revert ERC4626ExceededMaxDeposit(receiver, assets, most);
        shares = _enter(assets, _credited(assets), 0, receiver);
    }

    /// @inheritdoc IERC4626
    function mint(uint256 shares, address receiver) public override(ERC4626, IERC4626) returns (uint256 assets) {
        uint256 most = maxMint(receiver);
        if (shares > most) revert ERC4626ExceededMaxMint(receiver, shares, most);
        uint256 growth = _convertToAssets(shares, Math.Rounding.Ceil);
        assets = _toInvest(growth);
        _enter(assets, growth, shares, receiver);
    }

    function decimals() public view override(ERC4626, IERC20Metadata) returns (uint8) {
        return super.decimals();
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    /// @param promised {asset} by which the position must grow.
    /// @param exactly {share} to mint, or 0: as many as the growth is worth.
    function _enter(uint256 assets, uint256 promised, uint256 exactly, address receiver)
        private
        nonReentrant
        returns (uint256 shares)
    {
        if (promised == 0) revert ZeroShares();
        IERC20 coin = IERC20(asset());
        uint256 before = _invested();
        uint256 counted = _countedOf(before);
        uint256 idle = coin.balanceOf(address(this));
        coin.safeTransferFrom(msg.sender, address(this), assets);
        _invest(coin.balanceOf(address(this)) - idle);
        uint256 afterwards = _invested();
        uint256 credited = Math.min(Math.saturatingSub(afterwards, before), assets);
        if (credited < promised) revert CreditedShort(credited, promised);
        shares = exactly;
        if (shares == 0) shares = Math.mulDiv(credited, totalSupply() + 10 ** _decimalsOffset(), counted + 1);
        if (shares == 0) revert ZeroShares();
        _note(before, afterwards);
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        virtual
        override
        nonReentrant
    {
        if (caller != owner) _spendAllowance(owner, caller, shares);
        _burn(owner, shares);
        if (block.timestamp < _fullAt) {
            uint256 before = _invested();
            if (assets != 0) _divest(assets, receiver);
            _note(before, _invested());
        } else if (assets != 0) {
            _divest(assets, receiver);
        }
        emit Withdraw(caller, receiver, owner, assets, shares);
    }

    // --- gains ----------------------------------------------------------------------------------------------------

    /// @return {asset} that counts for the holders of a position worth `invested`.
    function _countedOf(uint256 invested) private view returns (uint256) {
        return Math.saturatingSub(invested, _lockedOf(invested));
    }

    /// @return {asset} of gains that do not count yet, less what the position lost since it was last looked at.
    function _lockedOf(uint256 invested) private view returns (uint256) {
        (uint256 since, uint256 fullAt) = (_since, _fullAt);
        if (block.timestamp >= fullAt) return 0;
        uint256 locked = Math.mulDiv(_locked, fullAt - block.timestamp, fullAt - since, Math.Rounding.Ceil);
        return Math.saturatingSub(locked, Math.saturatingSub(_valued, invested));
    }

    /// @dev Adds `gain` to what is `locked`; each keeps its own time, so both are out by the weighted mean of the two.
    function _lock(uint256 locked, uint256 gain) private {
        uint256 left = Math.saturatingSub(_fullAt, block.timestamp); // s
        uint256 all = locked + gain;
        left = all == 0 ? 0 : Math.ceilDiv(locked * left + gain * UNLOCK_PERIOD, all);
        (_locked, _since, _fullAt) = (SafeCast.toUint128(all), uint48(block.timestamp), uint48(block.timestamp + left));
    }

    /// @dev Keeps up what a loss has eaten of the locked gains, and what the position is worth now.
    function _note(uint256 before, uint256 afterwards) internal {
        if (block.timestamp >= _fullAt) return;
        if (before < _valued) (_locked, _since) = (SafeCast.toUint128(_lockedOf(before)), uint48(block.timestamp));
        _valued = afterwards;
    }

    // --- selling --------------------------------------------------------------------------------------------------

    function _sell(uint256 index, RewardSale calldata sale) private {
        _checkReward(sale.token);
        if (sale.venue.code.length == 0) revert VenueHasNoCode(sale.venue);
        IERC20 coin = IERC20(asset());
        uint256 amount = sale.amount;
        if (amount == type(uint256).max) amount = IERC20(sale.token).balanceOf(address(this));
        uint256 floor = _floorOf(sale.token, amount);
        uint256 before = coin.balanceOf(address(this));
        (_saleVenue, _saleToken, _saleAmount) = (uint160(sale.venue), uint160(sale.token), amount);
        IVenue(sale.venue).swap(sale.token, address(coin), amount, sale.data);
        if (_saleVenue != 0) revert NotFunded(index);
        uint256 bought = coin.balanceOf(address(this)) - before;
        if (bought < floor) revert BelowFloor(index, bought, floor);
    }

    function _checkReward(address token) private view {
        address[] memory tokens = rewardTokens();
        for (uint256 i; i < tokens.length; ++i) {
            if (tokens[i] == token && token != asset()) return;
        }
        revert NotAReward(token);
    }

    /// @return {asset} that `amount` of `token` must bring: at the token's low price and the asset's high one.
    function _floorOf(address token, uint256 amount) private view returns (uint256) {
        (uint256 low,, IPriceOracle.Status status) = ORACLE.quote(token);
        if (status != IPriceOracle.Status.GOOD) revert PriceNotGood(token, status);
        (, uint256 high, IPriceOracle.Status ofAsset) = ORACLE.quote(asset());
        if (ofAsset != IPriceOracle.Status.GOOD) revert PriceNotGood(asset(), ofAsset);
        uint256 worth = Math.mulDiv(amount, low, 10 ** IERC20Metadata(token).decimals()); // WAD{USD}
        uint256 whole = Math.mulDiv(worth, 10 ** IERC20Metadata(asset()).decimals(), high, Math.Rounding.Ceil);
        return Math.mulDiv(whole, _BPS - HARVEST_SLIPPAGE_BPS, _BPS, Math.Rounding.Ceil);
    }
}
