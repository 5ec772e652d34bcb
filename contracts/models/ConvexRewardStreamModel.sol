// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's names and reasons, whatever their form.
// solhint-disable reason-string

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title ConvexRewardStreamModel
/// @notice A model of how Convex's reward pools share out a token, written from their public documentation: their code is on no
/// package registry. What comes is paid out evenly over seven days, in proportion to the stakes.
/// @dev Like the original: rewards that come during a period are queued until they are worth starting a new one for (less than
/// 83 % of what was paid so far in this one). Amounts in the reward token's decimals, times in seconds.
abstract contract ConvexRewardStreamModel {
    using SafeERC20 for IERC20;

    uint256 public constant duration = 7 days; // solhint-disable-line const-name-snakecase
    uint256 public constant newRewardRatio = 830; // solhint-disable-line const-name-snakecase
    uint256 private constant _PER_MILLE = 1_000;
    uint256 private constant _WAD = 1e18;

    IERC20 public immutable rewardToken;
    address public immutable operator;

    uint256 public periodFinish;
    uint256 public rewardRate;
    uint256 public lastUpdateTime;
    uint256 public rewardPerTokenStored;
    uint256 public queuedRewards;
    mapping(address account => uint256 amount) public userRewardPerTokenPaid;
    mapping(address account => uint256 amount) public rewards;

    event RewardAdded(uint256 reward);
    event RewardPaid(address indexed user, uint256 reward);

    modifier updateReward(address account) {
        rewardPerTokenStored = rewardPerToken();
        lastUpdateTime = lastTimeRewardApplicable();
        if (account != address(0)) {
            rewards[account] = earned(account);
            userRewardPerTokenPaid[account] = rewardPerTokenStored;
        }
        _;
    }

    constructor(IERC20 token, address operator_) {
        (rewardToken, operator) = (token, operator_);
    }

    /// @notice Takes note of `amount` of the reward token that was sent here; the operator only.
    function queueNewRewards(uint256 amount) external returns (bool) {
        require(msg.sender == operator, "!authorized");
        amount += queuedRewards;
        if (block.timestamp >= periodFinish) {
            _start(amount);
            return true;
        }
        uint256 paid = rewardRate * (block.timestamp + duration - periodFinish);
        if (paid * _PER_MILLE / amount < newRewardRatio) _start(amount);
        else queuedRewards = amount;
        return true;
    }

    function totalSupply() public view virtual returns (uint256);

    function balanceOf(address account) public view virtual returns (uint256);

    function lastTimeRewardApplicable() public view returns (uint256) {
        return Math.min(block.timestamp, periodFinish);
    }

    function rewardPerToken() public view returns (uint256) {
        uint256 supply = totalSupply();
        if (supply == 0) return rewardPerTokenStored;
        uint256 time = lastTimeRewardApplicable() - lastUpdateTime;
        return rewardPerTokenStored + time * rewardRate * _WAD / supply;
    }

    function earned(address account) public view returns (uint256) {
        uint256 fresh = rewardPerToken() - userRewardPerTokenPaid[account];
        return balanceOf(account) * fresh / _WAD + rewards[account];
    }

    function _payReward(address account) internal updateReward(account) returns (uint256 reward) {
        reward = rewards[account];
        if (reward == 0) return 0;
        rewards[account] = 0;
        rewardToken.safeTransfer(account, reward);
        emit RewardPaid(account, reward);
    }

    function _start(uint256 reward) private updateReward(address(0)) {
        if (block.timestamp < periodFinish) reward += (periodFinish - block.timestamp) * rewardRate;
        queuedRewards = 0;
        rewardRate = reward / duration;
        (lastUpdateTime, periodFinish) = (block.timestamp, block.timestamp + duration);
        emit RewardAdded(reward);
    }
}
