// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @dev What a market of `CometModel` is made with. Rates: 1e18 = 100 % a year; factors: 1e18 = 1.
struct CometConfig {
    bytes32 name;
    bytes32 symbol;
    address governor;
    address pauseGuardian;
    address baseToken;
    address baseTokenPriceFeed; // USD, 8 decimals
    uint64 supplyKink; // utilisation
    uint64 supplySlopeLow; // a year
    uint64 supplySlopeHigh; // a year
    uint64 supplyBase; // a year
    uint64 borrowKink;
    uint64 borrowSlopeLow;
    uint64 borrowSlopeHigh;
    uint64 borrowBase;
    uint64 trackingSupplySpeed; // reward units (1e15 = 1) a second, for all suppliers
    uint64 trackingBorrowSpeed;
    uint104 baseMinForRewards; // {base} principal
    uint104 baseBorrowMin; // {base}
    uint64 storeFrontPriceFactor; // share of the liquidation penalty that buyers of collateral get
    uint104 targetReserves; // {base}
    address collateral;
    address collateralPriceFeed; // USD, 8 decimals
    uint64 borrowCollateralFactor;
    uint64 liquidateCollateralFactor;
    uint64 liquidationFactor;
    uint128 supplyCap; // {collateral}
}

/// @title CometRatesModel
/// @notice Part of `CometModel`: two interest curves with a kink each, and the integers that carry interest.
/// @dev Rates are per second at 1e18. An index begins at 1e15 and only grows; a principal times its index is what an account has
/// or owes now. What an account has rounds down, what it owes rounds up.
abstract contract CometRatesModel {
    uint256 internal constant _ONE = 1e18;
    uint256 internal constant _INDEX_ONE = 1e15;
    uint256 internal constant _TRACKING_ONE = 1e15;
    uint256 internal constant _ACCRUAL_ONE = 1e6; // of `baseTrackingAccrued`
    uint256 private constant _YEAR = 365 days;

    uint256 public immutable supplyKink;
    uint256 public immutable supplyPerSecondInterestRateSlopeLow;
    uint256 public immutable supplyPerSecondInterestRateSlopeHigh;
    uint256 public immutable supplyPerSecondInterestRateBase;
    uint256 public immutable borrowKink;
    uint256 public immutable borrowPerSecondInterestRateSlopeLow;
    uint256 public immutable borrowPerSecondInterestRateSlopeHigh;
    uint256 public immutable borrowPerSecondInterestRateBase;
    uint256 public immutable baseTrackingSupplySpeed;
    uint256 public immutable baseTrackingBorrowSpeed;
    uint256 public immutable baseMinForRewards;

    constructor(CometConfig memory config) {
        supplyKink = config.supplyKink;
        supplyPerSecondInterestRateSlopeLow = config.supplySlopeLow / _YEAR;
        supplyPerSecondInterestRateSlopeHigh = config.supplySlopeHigh / _YEAR;
        supplyPerSecondInterestRateBase = config.supplyBase / _YEAR;
        borrowKink = config.borrowKink;
        borrowPerSecondInterestRateSlopeLow = config.borrowSlopeLow / _YEAR;
        borrowPerSecondInterestRateSlopeHigh = config.borrowSlopeHigh / _YEAR;
        borrowPerSecondInterestRateBase = config.borrowBase / _YEAR;
        baseTrackingSupplySpeed = config.trackingSupplySpeed;
        baseTrackingBorrowSpeed = config.trackingBorrowSpeed;
        baseMinForRewards = config.baseMinForRewards;
    }

    function baseIndexScale() external pure returns (uint64) {
        return uint64(_INDEX_ONE);
    }

    function trackingIndexScale() external pure returns (uint256) {
        return _TRACKING_ONE;
    }

    function baseAccrualScale() external pure returns (uint64) {
        return uint64(_ACCRUAL_ONE);
    }

    function factorScale() external pure returns (uint64) {
        return uint64(_ONE);
    }

    /// @return 1e18 = 100 % a second, for suppliers at a utilisation (1e18 = 100 %).
    function getSupplyRate(uint256 utilization) public view returns (uint64) {
        uint256 below = Math.min(utilization, supplyKink);
        uint256 rate = supplyPerSecondInterestRateBase + _times(supplyPerSecondInterestRateSlopeLow, below);
        return SafeCast.toUint64(rate + _times(supplyPerSecondInterestRateSlopeHigh, utilization - below));
    }

    /// @return 1e18 = 100 % a second, for borrowers at a utilisation (1e18 = 100 %).
    function getBorrowRate(uint256 utilization) public view returns (uint64) {
        uint256 below = Math.min(utilization, borrowKink);
        uint256 rate = borrowPerSecondInterestRateBase + _times(borrowPerSecondInterestRateSlopeLow, below);
        return SafeCast.toUint64(rate + _times(borrowPerSecondInterestRateSlopeHigh, utilization - below));
    }

    /// @return `n` times a factor, rounded down.
    function _times(uint256 n, uint256 factor) internal pure returns (uint256) {
        return n * factor / _ONE;
    }

    /// @return The index after `elapsed` seconds at `rate` a second: simple interest from one accrual to the next.
    function _grown(uint64 index, uint256 rate, uint256 elapsed) internal pure returns (uint64) {
        return index + SafeCast.toUint64(_times(index, rate * elapsed));
    }

    /// @return {base} that a principal is now, rounded down on either side.
    function _present(uint256 principal, uint64 index) internal pure returns (uint256) {
        return principal * index / _INDEX_ONE;
    }

    /// @return The principal of a supply, rounded down.
    function _supplied(uint256 present, uint64 index) internal pure returns (uint256) {
        return present * _INDEX_ONE / index;
    }

    /// @return The principal of a debt, rounded up.
    function _borrowed(uint256 present, uint64 index) internal pure returns (uint256) {
        return Math.ceilDiv(present * _INDEX_ONE, index);
    }
}
