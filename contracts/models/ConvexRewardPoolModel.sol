// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ConvexRewardStreamModel} from "./ConvexRewardStreamModel.sol";

/// @dev The parts of the Booster and of an extra reward pool that a reward pool calls.
interface IRewardPoolOperator {
    function withdrawTo(uint256 pid, uint256 amount, address to) external returns (bool);
    function rewardClaimed(uint256 pid, address account, uint256 amount) external returns (bool);
}

interface IExtraRewards {
    function stake(address account, uint256 amount) external;
    function withdraw(address account, uint256 amount) external;
    function getReward(address account) external;
}

/// @title ConvexRewardPoolModel
/// @notice A model of Convex's BaseRewardPool, written from its public documentation: deposit tokens are staked here and earn
/// CRV, with which the Booster mints CVX; further pools pay extra rewards on the same stakes.
/// @dev Like the original: a withdrawal tells every extra reward pool but moves no reward unless it is asked to claim. Amounts
/// are {LP} and {CRV}, both with 18 decimals.
contract ConvexRewardPoolModel is ConvexRewardStreamModel {
    using SafeERC20 for IERC20;

    uint256 public immutable pid;
    IERC20 public immutable stakingToken;
    address public immutable rewardManager;
    address[] public extraRewards;

    uint256 private _totalSupply;
    mapping(address account => uint256 amount) private _balances;

    event Staked(address indexed user, uint256 amount);
    event Withdrawn(address indexed user, uint256 amount);

    constructor(uint256 pid_, IERC20 stakingToken_, IERC20 crv, address rewardManager_)
        ConvexRewardStreamModel(crv, msg.sender)
    {
        (pid, stakingToken, rewardManager) = (pid_, stakingToken_, rewardManager_);
    }

    /// @notice Has a further pool pay on the stakes here; the reward manager only.
    function addExtraReward(address pool) external returns (bool) {
        require(msg.sender == rewardManager, "!authorized");
        require(pool != address(0), "!reward setting");
        extraRewards.push(pool);
        return true;
    }

    function extraRewardsLength() external view returns (uint256) {
        return extraRewards.length;
    }

    /// @notice Stakes the caller's deposit tokens for `account`.
    function stakeFor(address account, uint256 amount) external updateReward(account) returns (bool) {
        require(amount > 0, "RewardPool : Cannot stake 0");
        for (uint256 i; i < extraRewards.length; ++i) {
            IExtraRewards(extraRewards[i]).stake(account, amount);
        }
        _totalSupply += amount;
        _balances[account] += amount;
        stakingToken.safeTransferFrom(msg.sender, address(this), amount);
        emit Staked(account, amount);
        return true;
    }

    /// @notice Unstakes `amount` and pays the caller in LP tokens.
    function withdrawAndUnwrap(uint256 amount, bool claim) external updateReward(msg.sender) returns (bool) {
        for (uint256 i; i < extraRewards.length; ++i) {
            IExtraRewards(extraRewards[i]).withdraw(msg.sender, amount);
        }
        _totalSupply -= amount;
        _balances[msg.sender] -= amount;
        IRewardPoolOperator(operator).withdrawTo(pid, amount, msg.sender);
        emit Withdrawn(msg.sender, amount);
        if (claim) getReward(msg.sender, true);
        return true;
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function getReward(address account, bool claimExtras) public returns (bool) {
        uint256 reward = _payReward(account);
        if (reward != 0) IRewardPoolOperator(operator).rewardClaimed(pid, account, reward);
        if (!claimExtras) return true;
        for (uint256 i; i < extraRewards.length; ++i) {
            IExtraRewards(extraRewards[i]).getReward(account);
        }
        return true;
    }

    function totalSupply() public view override returns (uint256) {
        return _totalSupply;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return _balances[account];
    }
}
