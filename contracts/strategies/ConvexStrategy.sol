// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IConvexBooster, IConvexRewardPool} from "@interfaces/IConvex.sol";
import {ICurveStableSwapNG} from "@interfaces/ICurveStableSwapNG.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategy} from "@interfaces/IStrategy.sol";
import {CurvePosition} from "./CurvePosition.sol";
import {Strategy} from "./Strategy.sol";

/// @title Liquidity in a Curve pool, staked with Convex for CRV and CVX on top of the swap fees.
/// @notice  coin ─► Curve ─► LP ─► Booster ─► reward pool ─► harvest: CRV, CVX, extras ─► coin
///  - A withdrawal unstakes without claiming: a reward that fails blocks nobody.
///  - When Convex shuts down, nothing more goes in and everything can leave; what a harvest still brings waits here.
///  - `leaveConvex` takes all LP tokens out of Convex; from then on they earn the swap fees alone, with whatever waited.
contract ConvexStrategy is CurvePosition {
    using SafeERC20 for IERC20;

    IConvexBooster public immutable BOOSTER;
    uint256 public immutable POOL_ID;
    IConvexRewardPool public immutable REWARDS;

    /// @notice True once the LP tokens were taken out of Convex for good.
    bool public left;
    address[] private _rewardTokens;

    event LeftConvex(uint256 lp);

    error NotTheLpToken(address lpToken);
    error NotARewardToken(address token);

    /// @param poolId Convex's number of the pool.
    /// @param extraRewards Tokens that the reward pool pays besides CRV and CVX, and that a harvest may sell.
    constructor(
        string memory name_,
        string memory symbol_,
        ICurveStableSwapNG pool,
        IERC20 asset_,
        IConvexBooster booster,
        uint256 poolId,
        address[] memory extraRewards,
        address authority_,
        IPriceOracle oracle_
    ) Strategy(name_, symbol_, asset_, authority_, oracle_) CurvePosition(pool) {
        if (address(booster) == address(0)) revert ZeroAddress();
        (address lpToken,,, address rewards,,) = booster.poolInfo(poolId);
        if (lpToken != address(pool)) revert NotTheLpToken(lpToken);
        (BOOSTER, POOL_ID, REWARDS) = (booster, poolId, IConvexRewardPool(rewards));
        _rewardTokens = [booster.crv(), booster.minter()];
        for (uint256 i; i < extraRewards.length; ++i) {
            address token = extraRewards[i];
            if (token == address(0) || token == address(pool) || token == address(asset_)) revert NotARewardToken(token);
            _rewardTokens.push(token);
        }
    }

    /// @notice GUARDIAN: takes everything out of Convex, without claiming, and stakes nothing any more.
    function leaveConvex() external restricted nonReentrant {
        left = true;
        uint256 staked = REWARDS.balanceOf(address(this));
        if (staked != 0) REWARDS.withdrawAndUnwrap(staked, false);
        emit LeftConvex(staked);
    }

    /// @inheritdoc IStrategy
    function rewardTokens() public view override returns (address[] memory) {
        return _rewardTokens;
    }

    /// @inheritdoc CurvePosition
    function lpBalance() public view override returns (uint256) {
        return super.lpBalance() + REWARDS.balanceOf(address(this));
    }

    /// @return Whether Convex takes LP tokens of this pool.
    function stakingOpen() public view returns (bool) {
        (,,,,, bool poolShut) = BOOSTER.poolInfo(POOL_ID);
        return !poolShut && !BOOSTER.isShutdown();
    }

    /// @dev Convex closed stops deposits; having left it of our own accord does not.
    function _room() internal view override returns (uint256) {
        return left || stakingOpen() ? super._room() : 0;
    }

    function _stake() internal override {
        if (left || !stakingOpen()) return;
        uint256 lp = super.lpBalance();
        IERC20(address(POOL)).forceApprove(address(BOOSTER), lp);
        BOOSTER.deposit(POOL_ID, lp, true);
        IERC20(address(POOL)).forceApprove(address(BOOSTER), 0);
    }

    function _unstake(uint256 lp) internal override {
        uint256 here = super.lpBalance();
        if (lp > here) REWARDS.withdrawAndUnwrap(lp - here, false);
    }

    /// @dev Extra rewards are other people's tokens: where one of them fails, CRV and CVX are claimed without them.
    function _claim() internal override {
        try REWARDS.getReward(address(this), true) {}
        catch {
            emit RewardsRefused(address(REWARDS));
            try REWARDS.getReward(address(this), false) {} catch {}
        }
    }
}
