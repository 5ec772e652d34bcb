// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A share and a pool in one, whose price is set by hand: as much of both as the growth lenses look at. For tests only.
contract MockShare {
    address public immutable asset;
    uint256 public price = 1e18; // WAD{asset/share}, and of a share of the pool
    uint256 public totalSupply = 1_000_000e18; // {share}

    constructor(address asset_) {
        asset = asset_;
    }

    function setPrice(uint256 price_) external {
        price = price_;
    }

    function decimals() external pure returns (uint8) {
        return 18;
    }

    /// @notice In a coin of 6 decimals.
    function convertToAssets(uint256 shares) public view returns (uint256) {
        return shares * price / 1e30;
    }

    function totalAssets() external view returns (uint256) {
        return convertToAssets(totalSupply);
    }

    function POOL() external view returns (address) {
        return address(this);
    }

    function get_virtual_price() external view returns (uint256) {
        return price;
    }
}
