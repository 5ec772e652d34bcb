// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What a share is worth by balance and supply alone, which is half-way in the middle of a withdrawal. For tests only.
contract NaivePrice {
    /// @return WAD{coin/share}
    function price(IERC20 coin, IERC20 share) external view returns (uint256) {
        return coin.balanceOf(address(share)) * 1e18 / share.totalSupply();
    }
}
