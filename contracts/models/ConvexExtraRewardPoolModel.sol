// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ConvexRewardStreamModel} from "./ConvexRewardStreamModel.sol";

/// @dev The part of the main pool that says who has staked what.
interface IStakes {
    function totalSupply() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
}

/// @title ConvexExtraRewardPoolModel
/// @notice A model of Convex's VirtualBalanceRewardPool, written from its public documentation: it pays a further token on the
/// stakes of another pool, and holds none of them itself.
/// @dev Amounts in the reward token's decimals.
contract ConvexExtraRewardPoolModel is ConvexRewardStreamModel {
    IStakes public immutable deposits;

    constructor(IStakes deposits_, IERC20 reward, address operator_) ConvexRewardStreamModel(reward, operator_) {
        deposits = deposits_;
    }

    /// @notice The main pool says that a stake is about to grow.
    function stake(address account, uint256) external updateReward(account) {
        require(msg.sender == address(deposits), "!authorized");
    }

    /// @notice The main pool says that a stake is about to shrink.
    function withdraw(address account, uint256) external updateReward(account) {
        require(msg.sender == address(deposits), "!authorized");
    }

    function getReward(address account) external {
        _payReward(account);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function totalSupply() public view override returns (uint256) {
        return deposits.totalSupply();
    }

    function balanceOf(address account) public view override returns (uint256) {
        return deposits.balanceOf(account);
    }
}
