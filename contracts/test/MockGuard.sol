// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionGuard} from "@interfaces/IContributionGuard.sol";

/// @title Lets every coin in until told otherwise. For tests only.
contract MockGuard is IContributionGuard {
    mapping(address asset => bool) private _barred;
    bool private _broken;

    error GuardBroken();

    function bar(address asset, bool value) external {
        _barred[asset] = value;
    }

    /// @notice While broken every question reverts: whoever still works did not ask.
    function setBroken(bool value) external {
        _broken = value;
    }

    function mayEnter(address asset) external view returns (bool) {
        if (_broken) revert GuardBroken();
        return !_barred[asset];
    }
}
