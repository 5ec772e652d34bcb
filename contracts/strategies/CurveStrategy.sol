// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICurveStableSwapNG} from "@interfaces/ICurveStableSwapNG.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategy} from "@interfaces/IStrategy.sol";
import {CurvePosition} from "./CurvePosition.sol";
import {Strategy} from "./Strategy.sol";

/// @title Earns the swap fees of a Curve StableSwap-NG pool with one of its coins.
/// @dev The fees grow the virtual price by themselves: there are no rewards to claim.
contract CurveStrategy is CurvePosition {
    constructor(
        string memory name_,
        string memory symbol_,
        ICurveStableSwapNG pool,
        IERC20 asset_,
        address authority_,
        IPriceOracle oracle_
    ) Strategy(name_, symbol_, asset_, authority_, oracle_) CurvePosition(pool) {}

    /// @inheritdoc IStrategy
    function rewardTokens() public pure override returns (address[] memory) {
        return new address[](0);
    }

    function _claim() internal override {}
}
