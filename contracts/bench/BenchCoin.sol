// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A plain ERC-20 of 18 decimals for gas measurements, all of it minted to the deployer.
/// @dev Plain on purpose: a costlier coin (a proxy, a fee switch) weighs on both sides and flatters every ratio.
contract BenchCoin is ERC20 {
    constructor(uint256 supply) ERC20("Bench Coin", "BENCH") {
        _mint(msg.sender, supply);
    }
}
