// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";

/// @title How an emergency session trades: bounded for the curator.
abstract contract EmergencyParameters is IEmergencyIndex, AccessManaged {
    EmergencyParams internal _params;

    event EmergencyParamsSet(EmergencyParams params);

    error ParamOutOfBounds(bytes32 name, uint256 value, uint256 minimum, uint256 maximum);

    constructor() {
        _setParams(
            EmergencyParams({
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
            })
        );
    }

    /// @notice CURATOR, delayed: all at once, within bounds.
    function setEmergencyParams(EmergencyParams memory params) external restricted {
        _setParams(params);
    }

    /// @inheritdoc IEmergencyIndex
    function emergencyParams() external view returns (EmergencyParams memory) {
        return _params;
    }

    function _setParams(EmergencyParams memory p) private {
        _within("settleBandBps", p.settleBandBps, 1, 500);
        _within("slipBps", p.slipBps, 1, 1_000);
        _within("lossBudgetBps", p.lossBudgetBps, 0, 1_000);
        _within("lossPeriod", p.lossPeriod, 1 hours, 365 days);
        _within("fillInterval", p.fillInterval, 0, 1 hours);
        _within("sessionLength", p.sessionLength, 10 minutes, 7 days);
        _within("auctionLength", p.auctionLength, 1 minutes, p.sessionLength);
        _within("premiumBps", p.premiumBps, 0, 1_000);
        _within("maxTrades", p.maxTrades, 1, 64);
        _within("maxTradeValue", p.maxTradeValue, 1_000e18, type(uint96).max);
        _within("capBps", p.capBps, 2_000, 10_000);
        _params = p;
        emit EmergencyParamsSet(p);
    }

    function _within(bytes32 name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParamOutOfBounds(name, value, minimum, maximum);
    }
}
