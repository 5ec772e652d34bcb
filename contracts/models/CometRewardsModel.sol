// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {CometModel} from "./CometModel.sol";

/// @title CometRewardsModel
/// @notice A model of Compound V3's CometRewards for the local mainnet, written from its public documentation and behaviour: its
/// code is on no package registry.
/// @dev Like the original: pays what markets have tracked and nobody has claimed yet, to the account or to whom it says; anybody
/// may claim for an account; without the tokens a claim reverts. Unlike it: claims of the past cannot be written by hand.
contract CometRewardsModel {
    struct RewardConfig {
        address token;
        uint64 rescaleFactor;
        bool shouldUpscale;
    }

    struct RewardOwed {
        address token;
        uint256 owed; // {token}
    }

    address public immutable governor;
    mapping(address comet => RewardConfig) public rewardConfig;
    mapping(address comet => mapping(address account => uint256)) public rewardsClaimed; // {token}

    event RewardClaimed(address indexed src, address indexed recipient, address indexed token, uint256 amount);

    error AlreadyConfigured(address comet);
    error NotPermitted(address caller);
    error NotSupported(address comet);
    error TransferOutFailed(address to, uint256 amount);

    constructor(address governor_) {
        governor = governor_;
    }

    function setRewardConfig(address comet, address token) external {
        if (msg.sender != governor) revert NotPermitted(msg.sender);
        if (rewardConfig[comet].token != address(0)) revert AlreadyConfigured(comet);
        uint256 tracked = CometModel(comet).baseAccrualScale();
        uint256 one = 10 ** IERC20Metadata(token).decimals();
        bool up = one >= tracked;
        uint64 factor = SafeCast.toUint64(up ? one / tracked : tracked / one);
        rewardConfig[comet] = RewardConfig(token, factor, up);
    }

    function withdrawToken(address token, address to, uint256 amount) external {
        if (msg.sender != governor) revert NotPermitted(msg.sender);
        _pay(token, to, amount);
    }

    /// @notice What an account could claim now; accrues it, so ask by `eth_call`.
    function getRewardOwed(address comet, address account) external returns (RewardOwed memory) {
        RewardConfig memory config = _config(comet);
        CometModel(comet).accrueAccount(account);
        uint256 accrued = _accrued(comet, account, config);
        uint256 claimed = rewardsClaimed[comet][account];
        return RewardOwed(config.token, accrued > claimed ? accrued - claimed : 0);
    }

    /// @notice Pays an account what it has earned; for anybody to call.
    function claim(address comet, address src, bool shouldAccrue) external {
        _claim(comet, src, src, shouldAccrue);
    }

    /// @notice The same to another account; for `src` and whom it allows.
    function claimTo(address comet, address src, address to, bool shouldAccrue) external {
        if (!CometModel(comet).hasPermission(src, msg.sender)) revert NotPermitted(msg.sender);
        _claim(comet, src, to, shouldAccrue);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function _claim(address comet, address src, address to, bool shouldAccrue) private {
        RewardConfig memory config = _config(comet);
        if (shouldAccrue) CometModel(comet).accrueAccount(src);
        uint256 accrued = _accrued(comet, src, config);
        uint256 claimed = rewardsClaimed[comet][src];
        if (accrued <= claimed) return;
        rewardsClaimed[comet][src] = accrued;
        _pay(config.token, to, accrued - claimed);
        emit RewardClaimed(src, to, config.token, accrued - claimed);
    }

    function _pay(address token, address to, uint256 amount) private {
        if (!IERC20(token).transfer(to, amount)) revert TransferOutFailed(to, amount);
    }

    function _config(address comet) private view returns (RewardConfig memory config) {
        config = rewardConfig[comet];
        if (config.token == address(0)) revert NotSupported(comet);
    }

    function _accrued(address comet, address account, RewardConfig memory config) private view returns (uint256) {
        uint256 tracked = CometModel(comet).baseTrackingAccrued(account);
        return config.shouldUpscale ? tracked * config.rescaleFactor : tracked / config.rescaleFactor;
    }
}
