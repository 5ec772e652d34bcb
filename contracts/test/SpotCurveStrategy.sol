// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ICurveStableSwapNG} from "@interfaces/ICurveStableSwapNG.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {Strategy} from "../strategies/Strategy.sol";

/// @title Values its LP tokens at what the pool would pay this moment: what a push does to that. For tests only.
contract SpotCurveStrategy is Strategy {
    using SafeERC20 for IERC20;

    ICurveStableSwapNG public immutable POOL;
    uint256 public immutable INDEX; // of the asset in a pool of two coins

    constructor(ICurveStableSwapNG pool, uint256 index, address authority_, IPriceOracle oracle_)
        Strategy("Spot", "s", IERC20(pool.coins(index)), authority_, oracle_)
    {
        (POOL, INDEX) = (pool, index);
    }

    function rewardTokens() public pure override returns (address[] memory) {
        return new address[](0);
    }

    function _invested() internal view override returns (uint256) {
        uint256 lp = POOL.balanceOf(address(this));
        return lp == 0 ? 0 : POOL.calc_withdraw_one_coin(lp, int128(int256(INDEX)));
    }

    function _liquidity() internal view override returns (uint256) {
        return _invested();
    }

    function _room() internal pure override returns (uint256) {
        return type(uint256).max;
    }

    function _claim() internal override {}

    function _invest(uint256 assets) internal override {
        uint256[] memory amounts = new uint256[](2);
        amounts[INDEX] = assets;
        IERC20(asset()).forceApprove(address(POOL), assets);
        POOL.add_liquidity(amounts, 0);
    }

    function _divest(uint256 assets, address receiver) internal override {
        uint256[] memory amounts = new uint256[](2);
        amounts[INDEX] = assets;
        POOL.remove_liquidity_imbalance(amounts, POOL.balanceOf(address(this)));
        IERC20(asset()).safeTransfer(receiver, assets);
    }

    /// @dev A fee's worth is kept back, as the pool charges it.
    function _credited(uint256 assets) internal pure override returns (uint256) {
        return assets - assets / 50;
    }

    function _payable(uint256 value) internal pure override returns (uint256) {
        return value - value / 1_000;
    }
}
