// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A plain coin of 18 decimals, as cheap to move as coins are, so that overheads show.
contract BenchCoin is ERC20 {
    constructor() ERC20("Bench coin", "BENCH") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
