// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";
import {MockCalculator} from "./MockCalculator.sol";

/// @title Targets, emergencies and their parameters set by hand; its own detector. For tests only.
contract MockEmergencyIndex is MockCalculator, IEmergencyIndex {
    address private _due;
    bool private _dueBroken;
    uint256 public changedAt;
    uint256 public lastWorsenedAt;
    mapping(address asset => bool) public isForced;
    EmergencyParams private _params = EmergencyParams({
        settleBandBps: 50,
        slipBps: 300,
        lossBudgetBps: 200,
        lossPeriod: 1 days,
        fillInterval: 12,
        sessionLength: 6 hours,
        auctionLength: 20 minutes,
        premiumBps: 100,
        maxTrades: 16,
        maxTradeValue: 5_000_000e18,
        capBps: 7_000
    });

    error NotInCrisis(address asset);

    /// @notice `asset` is in crisis and over its target; zero: none is.
    function setDue(address asset) external {
        _due = asset;
    }

    function setDueBroken(bool value) external {
        _dueBroken = value;
    }

    function emergencyDue() external view returns (address) {
        if (_dueBroken) revert CalculatorBroken();
        return _due;
    }

    function setWorsenedAt(uint256 time) external {
        lastWorsenedAt = time;
    }

    function setSettleBand(uint16 bps) external {
        _params.settleBandBps = bps;
    }

    function setLimits(uint16 lossBudgetBps, uint96 maxTradeValue, uint8 maxTrades) external {
        (_params.lossBudgetBps, _params.maxTradeValue, _params.maxTrades) = (lossBudgetBps, maxTradeValue, maxTrades);
    }

    /// @notice Caution has changed now, here and at the detector.
    function worsen() external {
        (changedAt, lastWorsenedAt) = (block.timestamp, block.timestamp);
    }

    function enterEmergency(address asset, bool forced)
        external
        returns (address[] memory tokens, uint256[] memory weights)
    {
        if (forced && !isForced[asset]) (isForced[asset], changedAt) = (true, block.timestamp);
        if (!isForced[asset] && asset != _due) revert NotInCrisis(asset);
        return this.calculateOptimalWeights();
    }

    // solhint-disable-next-line func-name-mixedcase
    function DETECTOR() external view returns (ICrisisDetector) {
        return ICrisisDetector(address(this));
    }

    function emergencyParams() external view returns (EmergencyParams memory) {
        return _params;
    }
}
