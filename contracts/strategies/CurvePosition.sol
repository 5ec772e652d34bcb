// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICurveStableSwapNG} from "@interfaces/ICurveStableSwapNG.sol";
import {CurveMath} from "../libraries/CurveMath.sol";
import {Strategy} from "./Strategy.sol";

/// @title Liquidity in a Curve StableSwap-NG pool, in and out with one coin.
/// @notice Three prices of an LP token, never confused:
///  - fair: the virtual price at the pool's averaged prices, less the fee of leaving (`CurveMath`). `totalAssets` and
///    `convertToAssets` use it alone. Trades of the present block do not reach it; a coin that loses its peg does.
///  - in: a deposit is credited with what the LP tokens that really came are worth at the fair price, and with no more
///    than was paid.
///  - out: a withdrawal burns no more LP tokens than the shares are worth at the fair price, and pays what the pool pays
///    for them, never more than the fair value.
/// So whoever moves bears the slippage, and whoever pushes the pool first pushes against himself.
/// @dev In a pool that pays less than fair by more than `EXIT_SLIPPAGE_BPS` our coin has run out: what can still leave is
///      what `maxRedeem` says, and `redeemForLp` pays the LP tokens themselves. The pool answers a price of at most 2
///      for any coin, so a first coin that falls below half of ours is valued at half until shares are redeemed.
abstract contract CurvePosition is Strategy {
    using SafeERC20 for IERC20;

    /// @notice How much below its fair value a deposit may be credited, bps.
    uint256 public constant ENTRY_SLIPPAGE_BPS = 100;
    /// @notice How much below the fair value the pool may pay and still count as liquid, bps.
    uint256 public constant EXIT_SLIPPAGE_BPS = 500;
    /// @notice The part of the pool that the position may come to by deposits, bps.
    uint256 public constant POOL_SHARE_BPS = 1_000;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _OFFSET = 1e6; // virtual shares, as `_decimalsOffset` has it
    uint256 private constant _HALVINGS = 8; // of an amount that the pool does not take or pay fairly
    uint256 private constant _ROUNDS = 16; // of the search for what a mint costs; two or three do
    uint256 private constant _MARGIN = 1e5; // 1 / 10 ppm: what the pool's two ways out differ by at most
    uint256 private constant _LP_DECIMALS_TWICE = 36;

    ICurveStableSwapNG public immutable POOL;
    /// @notice The asset's place in the pool.
    uint256 public immutable INDEX;
    uint256 private immutable _coins;
    uint256 private immutable _unit; // 10^(36 - decimals), turns {asset} into WAD of WAD

    uint256 private transient _budget; // {LP} that the withdrawal under way may burn

    event RedeemedForLp(address indexed sender, address indexed receiver, address indexed owner, uint256 lp, uint256 shares);

    error NotInThePool(address asset);
    /// No amount makes the position grow by so much.
    error NoSuchGrowth(uint256 growth);

    constructor(ICurveStableSwapNG pool) {
        if (address(pool) == address(0)) revert ZeroAddress();
        uint256 count = pool.N_COINS();
        uint256 index;
        while (index < count && pool.coins(index) != asset()) ++index;
        if (index == count) revert NotInThePool(asset());
        (POOL, INDEX, _coins) = (pool, index, count);
        _unit = 10 ** (_LP_DECIMALS_TWICE - IERC20Metadata(asset()).decimals());
    }

    // --- the LP tokens ------------------------------------------------------------------------------------------

    /// @return {LP} held, here or staked.
    function lpBalance() public view virtual returns (uint256) {
        return POOL.balanceOf(address(this));
    }

    /// @dev Puts LP tokens that came to work.
    function _stake() internal virtual {}

    /// @dev Has at least `lp` lie here.
    function _unstake(uint256 lp) internal virtual {}

    /// @notice Gives the owner's part of the LP tokens themselves: the way out that needs no coin in the pool.
    /// @return lp {LP} worth what the shares are, rounded down.
    function redeemForLp(uint256 shares, address receiver, address owner) external nonReentrant returns (uint256 lp) {
        uint256 before = _invested();
        lp = _lpFor(Math.mulDiv(shares, Strategy.totalAssets() + 1, totalSupply() + _OFFSET));
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        _unstake(lp);
        IERC20(address(POOL)).safeTransfer(receiver, lp);
        _note(before, _invested());
        emit RedeemedForLp(msg.sender, receiver, owner, lp, shares);
    }

    // --- prices ---------------------------------------------------------------------------------------------------

    /// @notice The fair price of an LP token: not moved by trades of the present block.
    /// @return WAD{asset/LP}, rounded down.
    function lpPrice() public view returns (uint256) {
        uint256[] memory averages = new uint256[](_coins - 1);
        for (uint256 k; k < averages.length; ++k) {
            averages[k] = POOL.price_oracle(k);
        }
        return CurveMath.lpPrice(POOL.get_virtual_price(), averages, INDEX, POOL.fee());
    }

    /// @inheritdoc IERC4626
    /// @dev Reverts while this contract or the pool is being called: in between nothing adds up.
    function totalAssets() public view override returns (uint256) {
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        return super.totalAssets();
    }

    function _invested() internal view override returns (uint256) {
        return _valueOf(lpBalance(), lpPrice());
    }

    function _liquidity() internal view override returns (uint256) {
        return _payout(lpBalance());
    }

    // --- limits ---------------------------------------------------------------------------------------------------

    /// @dev The limits never revert: where the pool cannot be asked, nothing goes.
    function _room() internal view virtual override returns (uint256) {
        try this.fairEntry() returns (uint256 assets) {
            return assets;
        } catch {
            return 0;
        }
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view override returns (uint256) {
        uint256 room = maxDeposit(receiver);
        return room == 0 ? 0 : convertToShares(_credited(room));
    }

    /// @inheritdoc IERC4626
    function maxWithdraw(address owner) public view override returns (uint256 assets) {
        (, assets) = _fairExit(owner);
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address owner) public view override returns (uint256 shares) {
        (shares,) = _fairExit(owner);
    }

    /// @return assets {asset} that the pool takes now within `ENTRY_SLIPPAGE_BPS` and `POOL_SHARE_BPS`; perhaps half of
    ///         what it would. Reverts where the pool cannot be asked.
    function fairEntry() external view returns (uint256 assets) {
        (uint256 most, uint256 held) = (POOL.totalSupply() * POOL_SHARE_BPS / _BPS, lpBalance());
        if (held >= most) return 0;
        uint256 price = lpPrice();
        assets = _valueOf(most - held, price);
        for (uint256 i; i < _HALVINGS; ++i) {
            if (_valueOf(_lpIn(assets), price) * _BPS >= assets * (_BPS - ENTRY_SLIPPAGE_BPS)) return assets;
            assets /= 2;
        }
        return 0;
    }

    /// @return redeemable {share} of `shares` for which the pool pays within `EXIT_SLIPPAGE_BPS` of the fair value; perhaps
    ///         half of what could be. Reverts where the pool cannot be asked.
    /// @return withdrawable {asset} that they pay for in `withdraw`.
    function fairExit(uint256 shares) external view returns (uint256 redeemable, uint256 withdrawable) {
        redeemable = shares;
        for (uint256 i; i < _HALVINGS; ++i) {
            uint256 fair = convertToAssets(redeemable);
            uint256 paid = previewRedeem(redeemable);
            if (paid * _BPS >= fair * (_BPS - EXIT_SLIPPAGE_BPS)) {
                if (paid == 0 || previewWithdraw(paid) <= redeemable) return (redeemable, paid);
                uint256 margin = paid / _MARGIN + 2;
                return (redeemable, paid > margin ? paid - margin : 0);
            }
            redeemable /= 2;
        }
        return (0, 0);
    }

    function _fairExit(address owner) private view returns (uint256, uint256) {
        try this.fairExit(balanceOf(owner)) returns (uint256 shares, uint256 assets) {
            return (shares, assets);
        } catch {
            return (0, 0);
        }
    }

    // --- what going in and out costs ---------------------------------------------------------------------------------

    function _credited(uint256 assets) internal view override returns (uint256) {
        return assets == 0 ? 0 : _creditedAt(assets, lpPrice()); // the limits ask for 0 where nothing can be asked
    }

    function _toInvest(uint256 growth) internal view override returns (uint256 assets) {
        if (growth == 0) return 0;
        uint256 price = lpPrice();
        assets = growth;
        // What is credited grows almost in proportion, a little less the more comes: every round leaves a fraction.
        for (uint256 i; i < _ROUNDS; ++i) {
            uint256 credit = _creditedAt(assets, price);
            if (credit >= growth) return assets;
            if (credit == 0) break;
            assets += Math.mulDiv(assets, growth - credit, credit, Math.Rounding.Ceil);
        }
        revert NoSuchGrowth(growth);
    }

    function _drawn(uint256 assets) internal view override returns (uint256) {
        if (assets == 0) return 0;
        uint256 burned = POOL.calc_token_amount(_amounts(assets), false) + 1; // rounded as the pool burns
        return Math.max(assets, CurveMath.valueOf(burned, lpPrice(), _unit, Math.Rounding.Ceil));
    }

    function _payable(uint256 value) internal view override returns (uint256) {
        return Math.min(value, _payout(_lpFor(value)));
    }

    // --- in and out -------------------------------------------------------------------------------------------------

    function _invest(uint256 assets) internal override {
        IERC20 coin = IERC20(asset());
        uint256 fair = _lpFor(assets);
        coin.forceApprove(address(POOL), assets);
        POOL.add_liquidity(_amounts(assets), fair - fair * ENTRY_SLIPPAGE_BPS / _BPS);
        coin.forceApprove(address(POOL), 0);
        _stake();
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        _budget = _lpFor(convertToAssets(shares));
        super._withdraw(caller, receiver, owner, assets, shares);
    }

    /// @dev Burns at most what the shares are worth. The pool's exact way out burns no more than it must; where its fee comes
    ///      out a shade dearer than that of burning a given amount, the latter pays.
    function _divest(uint256 assets, address receiver) internal override {
        uint256 lp = _budget;
        _unstake(lp);
        try POOL.remove_liquidity_imbalance(_amounts(assets), lp) {}
        catch {
            POOL.remove_liquidity_one_coin(lp, int128(int256(INDEX)), assets);
        }
        IERC20(asset()).safeTransfer(receiver, assets);
    }

    // --- conversions ------------------------------------------------------------------------------------------------

    /// @return {asset} that a deposit counts for: what its LP tokens are worth, and no more than was paid.
    function _creditedAt(uint256 assets, uint256 price) private view returns (uint256) {
        return Math.min(assets, _valueOf(_lpIn(assets), price));
    }

    function _valueOf(uint256 lp, uint256 price) private view returns (uint256) {
        return CurveMath.valueOf(lp, price, _unit, Math.Rounding.Floor);
    }

    function _lpFor(uint256 assets) private view returns (uint256) {
        return CurveMath.lpFor(assets, lpPrice(), _unit);
    }

    function _lpIn(uint256 assets) private view returns (uint256) {
        return assets == 0 ? 0 : POOL.calc_token_amount(_amounts(assets), true);
    }

    /// @return {asset} that the pool pays for `lp` now.
    function _payout(uint256 lp) private view returns (uint256) {
        return lp == 0 ? 0 : POOL.calc_withdraw_one_coin(lp, int128(int256(INDEX)));
    }

    function _amounts(uint256 assets) private view returns (uint256[] memory amounts) {
        amounts = new uint256[](_coins);
        amounts[INDEX] = assets;
    }
}
