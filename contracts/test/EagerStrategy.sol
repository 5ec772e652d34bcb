// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IAavePool, IAaveRewards} from "@interfaces/IAave.sol";
import {AaveStrategy} from "../strategies/AaveStrategy.sol";

/// @title Lets a harvest's gains out at once: what the join before a harvest is worth without the unlock. For tests only.
contract EagerStrategy is AaveStrategy {
    constructor(IERC20 asset_, IAavePool pool, IAaveRewards rewards, address authority_, IPriceOracle oracle_)
        AaveStrategy("Eager", "e", asset_, pool, rewards, authority_, oracle_)
    {}

    function totalAssets() public view override returns (uint256) {
        return _invested();
    }
}
