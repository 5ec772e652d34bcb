// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ConvexDepositTokenModel} from "./ConvexDepositTokenModel.sol";
import {ConvexRewardPoolModel} from "./ConvexRewardPoolModel.sol";
import {CurveGaugeModel} from "./CurveGaugeModel.sol";
import {CvxModel} from "./CvxModel.sol";

/// @title ConvexBoosterModel
/// @notice A model of Convex's Booster, written from its public documentation: its code is on no package registry. It keeps LP
/// tokens in Curve's gauges, mints a receipt for them, and shares out the CRV that they earn.
/// @dev Like the original: `deposit` stakes on demand, `earmarkRewards` is for anybody and pays him a little, a pool or
/// everything can be shut down by the owner, which brings the LP tokens here and stops deposits, never withdrawals. Unlike it:
/// the gauges are used directly and not by a voter proxy; what goes to lockers, stakers and the platform goes to one treasury.
contract ConvexBoosterModel {
    using SafeERC20 for IERC20;

    struct PoolInfo {
        address lptoken;
        address token;
        address gauge;
        address crvRewards;
        address stash;
        bool shutdown;
    }

    uint256 public constant FEE_DENOMINATOR = 10_000;
    uint256 public constant earmarkIncentive = 50; // solhint-disable-line const-name-snakecase
    /// @notice Lockers, stakers and platform together.
    uint256 public constant treasuryFee = 1_650; // solhint-disable-line const-name-snakecase

    IERC20 public immutable crv;
    CvxModel public immutable minter;
    address public immutable owner;

    bool public isShutdown;
    PoolInfo[] public poolInfo;

    event Deposited(address indexed user, uint256 indexed poolid, uint256 amount);
    event Withdrawn(address indexed user, uint256 indexed poolid, uint256 amount);

    modifier onlyOwner() {
        require(msg.sender == owner, "!auth");
        _;
    }

    constructor(IERC20 crv_, CvxModel cvx, address owner_) {
        (crv, minter, owner) = (crv_, cvx, owner_);
    }

    /// @notice A further pool, with a gauge of its own; the owner only.
    /// @return pid Its number.
    function addPool(address lptoken) external onlyOwner returns (uint256 pid) {
        pid = poolInfo.length;
        ConvexDepositTokenModel token = new ConvexDepositTokenModel();
        address gauge = address(new CurveGaugeModel(IERC20(lptoken), crv, address(this), owner));
        address rewards = address(new ConvexRewardPoolModel(pid, token, crv, owner));
        poolInfo.push(PoolInfo(lptoken, address(token), gauge, rewards, address(0), false));
    }

    function poolLength() external view returns (uint256) {
        return poolInfo.length;
    }

    function deposit(uint256 pid, uint256 amount, bool stake) external returns (bool) {
        require(!isShutdown, "shutdown");
        PoolInfo storage pool = poolInfo[pid];
        require(!pool.shutdown, "pool is closed");
        IERC20(pool.lptoken).safeTransferFrom(msg.sender, address(this), amount);
        IERC20(pool.lptoken).forceApprove(pool.gauge, amount);
        CurveGaugeModel(pool.gauge).deposit(amount);
        ConvexDepositTokenModel token = ConvexDepositTokenModel(pool.token);
        token.mint(stake ? address(this) : msg.sender, amount);
        if (stake) {
            token.approve(pool.crvRewards, amount);
            ConvexRewardPoolModel(pool.crvRewards).stakeFor(msg.sender, amount);
        }
        emit Deposited(msg.sender, pid, amount);
        return true;
    }

    /// @notice Gives LP tokens for the caller's receipts.
    function withdraw(uint256 pid, uint256 amount) external returns (bool) {
        _withdraw(pid, amount, msg.sender, msg.sender);
        return true;
    }

    /// @notice The same for what is staked; the pool's reward contract only.
    function withdrawTo(uint256 pid, uint256 amount, address to) external returns (bool) {
        require(msg.sender == poolInfo[pid].crvRewards, "!auth");
        _withdraw(pid, amount, msg.sender, to);
        return true;
    }

    /// @notice Fetches the CRV that a pool has earned and hands it on to its stakers.
    function earmarkRewards(uint256 pid) external returns (bool) {
        require(!isShutdown, "shutdown");
        PoolInfo storage pool = poolInfo[pid];
        require(!pool.shutdown, "pool is closed");
        uint256 amount = CurveGaugeModel(pool.gauge).claim();
        if (amount == 0) return true;
        uint256 incentive = amount * earmarkIncentive / FEE_DENOMINATOR;
        uint256 fee = amount * treasuryFee / FEE_DENOMINATOR;
        crv.safeTransfer(msg.sender, incentive);
        crv.safeTransfer(owner, fee);
        crv.safeTransfer(pool.crvRewards, amount - incentive - fee);
        return ConvexRewardPoolModel(pool.crvRewards).queueNewRewards(amount - incentive - fee);
    }

    /// @notice A reward contract has paid CRV: CVX is minted along with it.
    function rewardClaimed(uint256 pid, address account, uint256 amount) external returns (bool) {
        require(msg.sender == poolInfo[pid].crvRewards, "!auth");
        minter.mint(account, amount);
        return true;
    }

    function shutdownPool(uint256 pid) external onlyOwner {
        _shutdown(poolInfo[pid]);
    }

    function shutdownSystem() external onlyOwner {
        isShutdown = true;
        for (uint256 i; i < poolInfo.length; ++i) {
            if (!poolInfo[i].shutdown) _shutdown(poolInfo[i]);
        }
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function _shutdown(PoolInfo storage pool) private {
        CurveGaugeModel gauge = CurveGaugeModel(pool.gauge);
        gauge.withdraw(gauge.totalSupply());
        pool.shutdown = true;
    }

    function _withdraw(uint256 pid, uint256 amount, address from, address to) private {
        PoolInfo storage pool = poolInfo[pid];
        ConvexDepositTokenModel(pool.token).burn(from, amount);
        if (!pool.shutdown) CurveGaugeModel(pool.gauge).withdraw(amount);
        IERC20(pool.lptoken).safeTransfer(to, amount);
        emit Withdrawn(to, pid, amount);
    }
}
