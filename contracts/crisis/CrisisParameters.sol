// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";

/// @title The detector's parameters, within bounds that keep one source, one look and volume alone from deciding.
abstract contract CrisisParameters is ICrisisDetector, AccessManaged {
    uint256 private constant _HOUR_BPS = 3_600; // bps * s in one bps * h

    CrisisParams internal _params; // two slots

    event ParamsSet(CrisisParams params);

    error ParamOutOfBounds(bytes32 name, uint256 value, uint256 minimum, uint256 maximum);

    constructor() {
        _setParams(
            CrisisParams({
                confirmations: 2,
                watchBps: 100,
                calmBps: 50,
                allowanceBps: 500,
                threshold: 12_000 * 1 hours, // in bps
                surgeBps: 2_500,
                surgeTenths: 30,
                surgeLooks: 2,
                spacing: 5 minutes,
                maxGap: 1 hours,
                calmPeriod: 12 hours,
                recoveryPeriod: 48 hours,
                stepInterval: 12 hours,
                steps: 4,
                darkPeriod: 3 hours
            })
        );
    }

    /// @notice CURATOR, delayed: all parameters at once. They hold from each coin's next look on.
    function setParams(CrisisParams calldata params) external restricted {
        _setParams(params);
    }

    /// @inheritdoc ICrisisDetector
    function getParams() external view returns (CrisisParams memory) {
        return _params;
    }

    function _setParams(CrisisParams memory p) private {
        _checkDepths(p);
        _checkTimes(p);
        _params = p;
        emit ParamsSet(p);
    }

    function _checkDepths(CrisisParams memory p) private pure {
        _within("confirmations", p.confirmations, 2, 4);
        _within("allowanceBps", p.allowanceBps, 50, 5_000);
        _within("watchBps", p.watchBps, 10, p.allowanceBps);
        _within("calmBps", p.calmBps, 1, p.watchBps - 1);
        _within("threshold", p.threshold, 500 * _HOUR_BPS, 200_000 * _HOUR_BPS);
        _within("surgeBps", p.surgeBps, 500, 10_000);
        _within("surgeTenths", p.surgeTenths, 30, 10_000);
        _within("surgeLooks", p.surgeLooks, 2, 100);
    }

    /// @dev A gap counts as `maxGap` at most, so one look is never enough for DARK and never takes more than one step back.
    function _checkTimes(CrisisParams memory p) private pure {
        _within("spacing", p.spacing, 1 minutes, 1 hours);
        _within("maxGap", p.maxGap, p.spacing, 1 days);
        _within("calmPeriod", p.calmPeriod, 10 minutes, 30 days);
        _within("recoveryPeriod", p.recoveryPeriod, 1 hours, 90 days);
        _within("stepInterval", p.stepInterval, p.maxGap, 30 days);
        _within("steps", p.steps, 1, 100);
        _within("darkPeriod", p.darkPeriod, uint256(p.maxGap) + p.spacing, 30 days);
    }

    function _within(bytes32 name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParamOutOfBounds(name, value, minimum, maximum);
    }
}
