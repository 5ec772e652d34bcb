// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";

/// @title An ERC-4626 that counts its balance and knows no virtual shares: whom a donation robs. For tests only.
contract NaiveLending is ERC4626 {
    address private immutable _asset;

    constructor(address asset_) {
        _asset = asset_;
    }

    function asset() public view override returns (address) {
        return _asset;
    }

    function name() public pure override returns (string memory) {
        return "Naive lending";
    }

    function symbol() public pure override returns (string memory) {
        return "n";
    }

    function totalAssets() public view override returns (uint256) {
        return IERC20(_asset).balanceOf(address(this));
    }

    function _useVirtualShares() internal pure override returns (bool) {
        return false;
    }
}
