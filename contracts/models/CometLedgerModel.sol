// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {CometConfig, CometRatesModel} from "./CometRatesModel.sol";

/// @title CometLedgerModel
/// @notice Part of `CometModel`: who has and owes what, interest and reward tracking.
/// @dev One signed principal an account: above zero a supply, below zero a debt. Amounts are {base} in its own decimals.
abstract contract CometLedgerModel is CometRatesModel {
    struct Totals {
        uint64 baseSupplyIndex; // 1e15 = 1
        uint64 baseBorrowIndex;
        uint64 trackingSupplyIndex; // reward units (1e15 = 1) per whole base coin of principal
        uint64 trackingBorrowIndex;
        uint104 totalSupplyBase; // principal
        uint104 totalBorrowBase;
        uint40 lastAccrualTime; // s
        uint8 pauseFlags;
    }

    struct Basic {
        int104 principal;
        uint64 baseTrackingIndex;
        uint64 baseTrackingAccrued; // reward units, 1e6 = 1
        uint16 assetsIn; // bit 0: has collateral
        uint8 reserved;
    }

    address public immutable baseToken;
    uint256 public immutable baseScale;
    uint8 public immutable decimals;

    Totals internal _totals;
    mapping(address account => Basic basic) public userBasic;

    constructor(CometConfig memory config) {
        baseToken = config.baseToken;
        decimals = IERC20Metadata(config.baseToken).decimals();
        baseScale = 10 ** decimals;
        _totals.baseSupplyIndex = uint64(_INDEX_ONE);
        _totals.baseBorrowIndex = uint64(_INDEX_ONE);
        _totals.lastAccrualTime = uint40(block.timestamp);
    }

    /// @notice Brings interest, and the account's rewards, up to now.
    function accrueAccount(address account) external {
        _accrue();
        _setPrincipal(account, userBasic[account].principal);
    }

    function totalsBasic() external view returns (Totals memory) {
        return _totals;
    }

    function baseTrackingAccrued(address account) external view returns (uint64) {
        return userBasic[account].baseTrackingAccrued;
    }

    function totalSupply() external view returns (uint256) {
        (uint64 index,) = _indices();
        return _present(_totals.totalSupplyBase, index);
    }

    function totalBorrow() external view returns (uint256) {
        (, uint64 index) = _indices();
        return _present(_totals.totalBorrowBase, index);
    }

    /// @return {base} supplied by an account, interest up to now included; 0 for a debtor.
    function balanceOf(address account) public view returns (uint256) {
        (uint64 index,) = _indices();
        int104 principal = userBasic[account].principal;
        return principal > 0 ? _present(uint104(principal), index) : 0;
    }

    /// @return {base} owed by an account, interest up to now included; 0 for a supplier.
    function borrowBalanceOf(address account) public view returns (uint256) {
        (, uint64 index) = _indices();
        int104 principal = userBasic[account].principal;
        return principal < 0 ? _present(uint104(-principal), index) : 0;
    }

    /// @return What is borrowed over what is supplied, 1e18 = 100 %; at the last accrual.
    function getUtilization() public view returns (uint256) {
        uint256 supplied = _present(_totals.totalSupplyBase, _totals.baseSupplyIndex);
        uint256 borrowed = _present(_totals.totalBorrowBase, _totals.baseBorrowIndex);
        return supplied == 0 ? 0 : borrowed * _ONE / supplied;
    }

    /// @return {base} that the market has beyond what it owes its suppliers; below zero after bad debt.
    function getReserves() public view returns (int256) {
        (uint64 supplyIndex, uint64 borrowIndex) = _indices();
        int256 cash = int256(IERC20(baseToken).balanceOf(address(this)));
        int256 owed = int256(_present(_totals.totalSupplyBase, supplyIndex));
        return cash + int256(_present(_totals.totalBorrowBase, borrowIndex)) - owed;
    }

    /// @dev Interest at the rates of the last accrual's utilisation; rewards only while enough is supplied or borrowed.
    function _accrue() internal {
        Totals memory totals = _totals;
        uint256 elapsed = block.timestamp - totals.lastAccrualTime;
        if (elapsed == 0) return;
        (totals.baseSupplyIndex, totals.baseBorrowIndex) = _indices();
        totals.trackingSupplyIndex += _tracked(baseTrackingSupplySpeed * elapsed, totals.totalSupplyBase);
        totals.trackingBorrowIndex += _tracked(baseTrackingBorrowSpeed * elapsed, totals.totalBorrowBase);
        totals.lastAccrualTime = uint40(block.timestamp);
        _totals = totals;
    }

    /// @dev Moves {base} into (`inwards`) or out of an account's balance, across zero if need be.
    /// @return balance What the account has (or owes, below zero) afterwards, before its principal is rounded.
    /// @return risen By how much its supplied principal changed.
    function _move(address account, uint256 amount, bool inwards)
        internal
        returns (int256 balance, int256 risen)
    {
        Totals memory totals = _totals;
        int256 before = userBasic[account].principal;
        balance = _signedPresent(before, totals);
        balance = inwards ? balance + int256(amount) : balance - int256(amount);
        int256 principal = balance < 0
            ? -int256(_borrowed(uint256(-balance), totals.baseBorrowIndex))
            : int256(_supplied(uint256(balance), totals.baseSupplyIndex));
        // A principal that rounding alone moved the wrong way leaves the totals as they are.
        if (inwards ? principal > before : principal < before) {
            risen = SignedMath.max(principal, 0) - SignedMath.max(before, 0);
            int256 owed = SignedMath.max(-principal, 0) - SignedMath.max(-before, 0);
            _totals.totalSupplyBase = _shifted(totals.totalSupplyBase, risen);
            _totals.totalBorrowBase = _shifted(totals.totalBorrowBase, owed);
        }
        _setPrincipal(account, SafeCast.toInt104(principal));
    }

    /// @return What an account has (above zero) or owes (below) at the indices of the last accrual.
    function _balance(address account) internal view returns (int256) {
        return _signedPresent(userBasic[account].principal, _totals);
    }

    /// @dev Books the rewards earned with the old principal, then sets the new one.
    function _setPrincipal(address account, int104 principal) internal {
        Basic memory basic = userBasic[account];
        (uint64 supplyIndex, uint64 borrowIndex) = (_totals.trackingSupplyIndex, _totals.trackingBorrowIndex);
        uint256 since = (basic.principal < 0 ? borrowIndex : supplyIndex) - basic.baseTrackingIndex;
        uint256 earned = SignedMath.abs(basic.principal) * since / _TRACKING_ONE / (baseScale / _ACCRUAL_ONE);
        basic.baseTrackingAccrued += SafeCast.toUint64(earned);
        basic.baseTrackingIndex = principal < 0 ? borrowIndex : supplyIndex;
        basic.principal = principal;
        userBasic[account] = basic;
    }

    /// @return The supply and the borrow index as they are now.
    function _indices() private view returns (uint64, uint64) {
        (uint64 supplyIndex, uint64 borrowIndex) = (_totals.baseSupplyIndex, _totals.baseBorrowIndex);
        uint256 elapsed = block.timestamp - _totals.lastAccrualTime;
        if (elapsed == 0) return (supplyIndex, borrowIndex);
        uint256 utilization = getUtilization();
        return (
            _grown(supplyIndex, getSupplyRate(utilization), elapsed),
            _grown(borrowIndex, getBorrowRate(utilization), elapsed)
        );
    }

    function _tracked(uint256 units, uint256 principal) private view returns (uint64) {
        return principal < baseMinForRewards ? 0 : SafeCast.toUint64(units * baseScale / principal);
    }

    function _signedPresent(int256 principal, Totals memory totals) private pure returns (int256) {
        return principal < 0
            ? -int256(_present(uint256(-principal), totals.baseBorrowIndex))
            : int256(_present(uint256(principal), totals.baseSupplyIndex));
    }

    function _shifted(uint104 total, int256 by) private pure returns (uint104) {
        return SafeCast.toUint104(SafeCast.toUint256(int256(uint256(total)) + by));
    }
}
