// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";

/// @title Targets set by hand. For tests only.
contract MockCalculator is IIndexCalculator {
    address[] private _tokens;
    uint256[] private _weights;
    bool private _stale;
    bool public stalenessBroken;
    bool public weightsBroken;

    error CalculatorBroken();

    function set(address[] calldata tokens, uint256[] calldata weights) external {
        (_tokens, _weights) = (tokens, weights);
    }

    function setStale(bool value) external {
        _stale = value;
    }

    function setBroken(bool staleness, bool weights) external {
        (stalenessBroken, weightsBroken) = (staleness, weights);
    }

    function calculateOptimalWeights() external view returns (address[] memory tokens, uint256[] memory weights) {
        if (weightsBroken) revert CalculatorBroken();
        return (_tokens, _weights);
    }

    function isStale() external view returns (bool) {
        if (stalenessBroken) revert CalculatorBroken();
        return _stale;
    }
}
