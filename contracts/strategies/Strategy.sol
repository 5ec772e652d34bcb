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
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategy, RewardSale} from "@interfaces/IStrategy.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @title What all strategies share: ERC-4626 with a virtual offset, harvests under a price floor, gains let out slowly.
/// @notice  deposit ─► invest ─► (position grows) ─► withdraw ◄─ divest
///                        ▲ harvest: claim ─► sell (oracle floor) ─► invest, locked, out over UNLOCK_PERIOD
///  - Rewards are touched by `harvest` alone: a reward that fails blocks nobody's way out.
///  - A loss shows in `totalAssets` at once, a harvest bit by bit: who comes the minute before gets none of it.
///  - The pause stops deposits, never withdrawals.
/// @dev Amounts are {asset} in its own decimals; shares have 6 decimals more (OpenZeppelin's guard against a first
///      depositor's donation).
abstract contract Strategy is IStrategy, ITradeFunding, ERC4626, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 public constant UNLOCK_PERIOD = 3 days;
    /// @notice What a sale of rewards may cost against the oracle, bps.
    uint256 public constant HARVEST_SLIPPAGE_BPS = 100;
    uint256 private constant _BPS = 10_000;

    IPriceOracle public immutable ORACLE;

    uint128 private _lockedAtHarvest; // {asset}
    uint64 private _fullAt; // s
    bool private _depositsPaused;

    // The sale under way; addresses as whole words.
    uint256 private transient _saleVenue;
    uint256 private transient _saleToken;
    uint256 private transient _saleAmount;

    error ZeroAddress();
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

    /// @return {asset} that the position would take now.
    function _room() internal view virtual returns (uint256);

    /// @dev Puts `assets` of this contract's balance to work.
    function _invest(uint256 assets) internal virtual;

    /// @dev Pays exactly `assets` from the position to `receiver`, or reverts.
    function _divest(uint256 assets, address receiver) internal virtual;

    /// @dev Fetches rewards to this contract. Must not revert: emits `RewardsRefused` for a source that does.
    function _claim() internal virtual;

    /// @inheritdoc IStrategy
    function rewardTokens() public view virtual returns (address[] memory);

    // --- harvest --------------------------------------------------------------------------------------------------

    /// @inheritdoc IStrategy
    function harvest(RewardSale[] calldata sales) external restricted nonReentrant returns (uint256 gain) {
        _claim();
        uint256 before = IERC20(asset()).balanceOf(address(this));
        for (uint256 i; i < sales.length; ++i) {
            _sell(i, sales[i]);
        }
        gain = IERC20(asset()).balanceOf(address(this)) - before;
        uint256 locked = lockedProfit() + gain;
        (_lockedAtHarvest, _fullAt) = (uint128(locked), uint64(block.timestamp + UNLOCK_PERIOD));
        if (gain != 0) _invest(gain);
        emit Harvested(gain, _fullAt);
    }

    /// @inheritdoc ITradeFunding
    function fund(address to) external {
        uint256 venue = _saleVenue;
        if (venue == 0) revert NoSaleOpen();
        if (uint160(msg.sender) != venue) revert NotSaleVenue(msg.sender);
        uint256 amount = _saleAmount;
        _saleAmount = 0;
        IERC20(address(uint160(_saleToken))).safeTransfer(to, amount);
    }

    /// @inheritdoc IStrategy
    function lockedProfit() public view returns (uint256) {
        (uint256 locked, uint256 fullAt) = (_lockedAtHarvest, _fullAt);
        if (block.timestamp >= fullAt) return 0;
        return Math.mulDiv(locked, fullAt - block.timestamp, UNLOCK_PERIOD, Math.Rounding.Ceil);
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
        uint256 invested = _invested();
        uint256 locked = lockedProfit();
        return invested > locked ? invested - locked : 0;
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        return _depositsPaused ? 0 : _room();
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        uint256 room = maxDeposit(receiver);
        return room > type(uint128).max ? type(uint256).max : convertToShares(room);
    }

    /// @inheritdoc IERC4626
    function maxWithdraw(address owner) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        return Math.min(previewRedeem(balanceOf(owner)), _liquidity());
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address owner) public view virtual override(ERC4626, IERC4626) returns (uint256) {
        uint256 shares = balanceOf(owner);
        uint256 liquid = _liquidity();
        return previewRedeem(shares) <= liquid ? shares : Math.min(shares, convertToShares(liquid));
    }

    function decimals() public view override(ERC4626, IERC20Metadata) returns (uint8) {
        return super.decimals();
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares)
        internal
        virtual
        override
        nonReentrant
    {
        super._deposit(caller, receiver, assets, shares);
        _invest(assets);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        virtual
        override
        nonReentrant
    {
        if (caller != owner) _spendAllowance(owner, caller, shares);
        _burn(owner, shares);
        _divest(assets, receiver);
        emit Withdraw(caller, receiver, owner, assets, shares);
    }

    // --- selling --------------------------------------------------------------------------------------------------

    function _sell(uint256 index, RewardSale calldata sale) private {
        _checkReward(sale.token);
        if (sale.venue.code.length == 0) revert VenueHasNoCode(sale.venue);
        IERC20 coin = IERC20(asset());
        uint256 floor = _floorOf(sale.token, sale.amount);
        uint256 before = coin.balanceOf(address(this));
        (_saleVenue, _saleToken, _saleAmount) = (uint160(sale.venue), uint160(sale.token), sale.amount);
        IVenue(sale.venue).swap(sale.token, address(coin), sale.amount, sale.data);
        if (_saleAmount != 0) revert NotFunded(index);
        _saleVenue = 0;
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
