// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAavePool, IAaveRewards, IAaveToken} from "@interfaces/IAave.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {Strategy} from "./Strategy.sol";

/// @title Lends a coin on Aave: a V3 pool, or the V2 pool of the old index, by the same code.
/// @notice Worth the balance of the deposit token, less its part of the bad debt that the pool carries uncovered (since V3.3):
///         Aave goes on showing such deposits in full, but cannot pay them all.
/// @dev Aave rounds to its index: a deposit is credited, and a withdrawal costs, a few units more or less than asked. Who moves
///      pays for it. A supplier who comes for one block can dilute the bad debt, and lift the value by no more than its part.
contract AaveStrategy is Strategy {
    using SafeERC20 for IERC20;

    uint256 private constant _RAY = 1e27;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _ACTIVE = 1 << 56;
    uint256 private constant _FROZEN = 1 << 57;
    uint256 private constant _PAUSED = 1 << 60;
    uint256 private constant _FACTOR_AT = 64; // bit
    uint256 private constant _FACTOR_MASK = 0xffff;
    uint256 private constant _CAP_AT = 116; // bit
    uint256 private constant _CAP_MASK = (1 << 36) - 1;
    // Words of what `getReserveData` answers.
    uint256 private constant _V2_DEPOSIT_TOKEN = 7;
    uint256 private constant _V3_DEPOSIT_TOKEN = 8;
    uint256 private constant _V3_DEBT_INDEX = 3;
    uint256 private constant _V3_DEBT_TOKEN = 10;
    uint256 private constant _V3_TO_TREASURY = 12;
    /// @notice Gas one reward may burn when it is claimed; several times what a claim needs.
    uint256 private constant _CLAIM_GAS = 500_000;

    IAavePool public immutable POOL;
    /// @notice The zero address where there are no rewards, as in V2.
    IAaveRewards public immutable REWARDS;
    IERC20 public immutable DEPOSIT_TOKEN;
    bool public immutable IS_V3;

    error NotListed(address asset);
    error PaidShort(uint256 paid, uint256 asked);

    /// @param pool Aave's Pool (V3) or LendingPool (V2), where `asset_` is listed.
    /// @param rewards Aave's RewardsController, or the zero address.
    constructor(
        string memory name_,
        string memory symbol_,
        IERC20 asset_,
        IAavePool pool,
        IAaveRewards rewards,
        address authority_,
        IPriceOracle oracle
    ) Strategy(name_, symbol_, asset_, authority_, oracle) {
        (bool isV3,) = _tryRead(address(pool), abi.encodeCall(IAavePool.ADDRESSES_PROVIDER, ()));
        (POOL, REWARDS, IS_V3) = (pool, rewards, isV3);
        uint256[] memory data = _reserveData(pool, address(asset_));
        address token = address(uint160(data[isV3 ? _V3_DEPOSIT_TOKEN : _V2_DEPOSIT_TOKEN]));
        if (token == address(0) || IAaveToken(token).POOL() != address(pool)) revert NotListed(address(asset_));
        if (IAaveToken(token).UNDERLYING_ASSET_ADDRESS() != address(asset_)) revert NotListed(address(asset_));
        DEPOSIT_TOKEN = IERC20(token);
    }

    /// @notice What Aave's governance lists for the deposit token, but the asset and the deposit token itself: both count as
    ///         gains without being sold.
    function rewardTokens() public view override returns (address[] memory tokens) {
        if (address(REWARDS) == address(0)) return tokens;
        tokens = REWARDS.getRewardsByAsset(address(DEPOSIT_TOKEN));
        uint256 kept;
        for (uint256 i; i < tokens.length; ++i) {
            if (tokens[i] != address(DEPOSIT_TOKEN) && tokens[i] != asset()) tokens[kept++] = tokens[i];
        }
        assembly ("memory-safe") {
            mstore(tokens, kept)
        }
    }

    // --- position -------------------------------------------------------------------------------------------------

    function _invested() internal view override returns (uint256) {
        uint256 balance = DEPOSIT_TOKEN.balanceOf(address(this));
        (uint256 deficit, uint256 supply) = _badDebt();
        return deficit == 0 ? balance : Math.mulDiv(balance, Math.saturatingSub(supply, deficit), supply);
    }

    function _liquidity() internal view override returns (uint256) {
        uint256 configuration = POOL.getConfiguration(asset());
        if (configuration & _ACTIVE == 0 || _isPaused(configuration)) return 0;
        uint256 held = IERC20(asset()).balanceOf(address(DEPOSIT_TOKEN));
        (bool known, uint256 counted) =
            _tryRead(address(POOL), abi.encodeCall(IAavePool.getVirtualUnderlyingBalance, (asset())));
        return known ? Math.min(held, counted) : held;
    }

    function _room() internal view override returns (uint256) {
        uint256 configuration = POOL.getConfiguration(asset());
        if (configuration & _ACTIVE == 0 || configuration & _FROZEN != 0 || _isPaused(configuration)) return 0;
        (uint256 deficit, uint256 supply) = _badDebt();
        if (deficit != 0 && deficit >= supply) return 0;
        uint256 cap = (configuration >> _CAP_AT) & _CAP_MASK;
        if (!IS_V3 || cap == 0) return type(uint256).max;
        return Math.saturatingSub(cap * 10 ** IERC20Metadata(asset()).decimals(), _counted(configuration));
    }

    function _invest(uint256 assets) internal override {
        IERC20(asset()).forceApprove(address(POOL), assets);
        if (IS_V3) POOL.supply(asset(), assets, address(this), 0);
        else POOL.deposit(asset(), assets, address(this), 0);
    }

    function _divest(uint256 assets, address receiver) internal override {
        uint256 paid = POOL.withdraw(asset(), assets, receiver);
        if (paid != assets) revert PaidShort(paid, assets);
    }

    /// @dev One by one, so that a reward that fails takes no other with it.
    function _claim() internal override {
        if (address(REWARDS) == address(0)) return;
        address[] memory assets = new address[](1);
        assets[0] = address(DEPOSIT_TOKEN);
        try REWARDS.getRewardsByAsset(assets[0]) returns (address[] memory rewards) {
            for (uint256 i; i < rewards.length; ++i) {
                try REWARDS.claimRewardsToSelf{gas: _CLAIM_GAS}(assets, type(uint256).max, rewards[i]) {}
                catch {
                    emit RewardsRefused(rewards[i]);
                }
            }
        } catch {
            emit RewardsRefused(address(REWARDS));
        }
    }

    // --- rounding and bad debt ------------------------------------------------------------------------------------

    function _credited(uint256 assets) internal view override returns (uint256) {
        uint256 credited = Math.saturatingSub(assets, _rounding());
        (uint256 deficit, uint256 supply) = _badDebt();
        if (deficit == 0) return credited;
        return Math.saturatingSub(Math.mulDiv(credited, Math.saturatingSub(supply, deficit), supply), 1);
    }

    function _toInvest(uint256 growth) internal view override returns (uint256) {
        if (growth == 0) return 0;
        (uint256 deficit, uint256 supply) = _badDebt();
        if (deficit == 0) return growth + _rounding();
        if (deficit >= supply) return type(uint256).max;
        return Math.mulDiv(growth + 1, supply, supply - deficit, Math.Rounding.Ceil) + _rounding();
    }

    function _drawn(uint256 assets) internal view override returns (uint256) {
        return assets == 0 ? 0 : assets + _rounding() + 1;
    }

    function _payable(uint256 value) internal view override returns (uint256) {
        return Math.saturatingSub(value, _rounding() + 1);
    }

    /// @return {asset} that a deposit may be credited less, and a withdrawal may cost more: a scaled unit, rounded up, and one.
    function _rounding() private view returns (uint256) {
        return 1 + POOL.getReserveNormalizedIncome(asset()) / _RAY;
    }

    /// @return deficit {asset} of bad debt.
    /// @return supply {asset} of all deposits; 0 where there is no bad debt.
    function _badDebt() private view returns (uint256 deficit, uint256 supply) {
        (, deficit) = _tryRead(address(POOL), abi.encodeCall(IAavePool.getReserveDeficit, (asset())));
        if (deficit != 0) supply = DEPOSIT_TOKEN.totalSupply();
    }

    // --- reading Aave ---------------------------------------------------------------------------------------------

    function _isPaused(uint256 configuration) private view returns (bool) {
        return IS_V3 ? configuration & _PAUSED != 0 : POOL.paused();
    }

    /// @return {asset}, rounded up: what V3 counts against the supply cap, the treasury's part up to now included.
    function _counted(uint256 configuration) private view returns (uint256) {
        uint256[] memory data = _reserveData(POOL, asset());
        uint256 index = POOL.getReserveNormalizedIncome(asset());
        uint256 grown = POOL.getReserveNormalizedVariableDebt(asset()) - data[_V3_DEBT_INDEX];
        uint256 debt = IAaveToken(address(uint160(data[_V3_DEBT_TOKEN]))).scaledTotalSupply();
        uint256 interest = Math.mulDiv(debt, grown, _RAY, Math.Rounding.Ceil);
        uint256 kept = Math.mulDiv(interest, (configuration >> _FACTOR_AT) & _FACTOR_MASK, _BPS, Math.Rounding.Ceil);
        uint256 scaled = IAaveToken(address(DEPOSIT_TOKEN)).scaledTotalSupply() + data[_V3_TO_TREASURY];
        return Math.mulDiv(scaled, index, _RAY, Math.Rounding.Ceil) + kept + 1;
    }

    /// @return words What `getReserveData` answers, whose layout differs between V2 and V3.
    function _reserveData(IAavePool pool, address asset_) private view returns (uint256[] memory words) {
        (bool success, bytes memory data) =
            address(pool).staticcall(abi.encodeWithSignature("getReserveData(address)", asset_));
        words = new uint256[](data.length / 32);
        if (!success || words.length <= _V3_DEPOSIT_TOKEN) revert NotListed(asset_);
        for (uint256 i; i < words.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(words, 0x20), mul(i, 0x20)), mload(add(add(data, 0x20), mul(i, 0x20))))
            }
        }
    }

    /// @return known Whether `target` has such a function.
    /// @return answer Its first word, else 0.
    function _tryRead(address target, bytes memory call) private view returns (bool known, uint256 answer) {
        bytes memory data;
        (known, data) = target.staticcall(call);
        known = known && data.length >= 32;
        if (known) answer = abi.decode(data, (uint256));
    }
}
