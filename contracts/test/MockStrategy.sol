// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {Strategy} from "../strategies/Strategy.sol";

/// @title A market that one depositor lends to and that does what a test tells it. For tests only.
contract MockMarket {
    using SafeERC20 for IERC20;

    enum RewardMode {
        PAYS,
        REVERTS,
        BURNS_GAS
    }

    IERC20 public immutable COIN;
    uint256 public position; // {coin}
    uint256 public keeps; // {coin} that each deposit and each withdrawal loses
    uint256 public liquidity = type(uint256).max; // {coin}
    uint256 public room = type(uint256).max; // {coin}
    IERC20 public reward;
    RewardMode public rewardMode;

    error RewardFailed();
    error NotLiquid();

    constructor(IERC20 coin) {
        COIN = coin;
    }

    function setKeeps(uint256 newKeeps) external {
        keeps = newKeeps;
    }

    function setLimits(uint256 newLiquidity, uint256 newRoom) external {
        (liquidity, room) = (newLiquidity, newRoom);
    }

    function setPosition(uint256 newPosition) external {
        position = newPosition;
    }

    /// @notice What the next claim sends: the whole balance of `newReward` that the market has above its position.
    function setReward(IERC20 newReward, RewardMode mode) external {
        (reward, rewardMode) = (newReward, mode);
    }

    function put(uint256 amount) external {
        COIN.safeTransferFrom(msg.sender, address(this), amount);
        position += amount - keeps;
    }

    function take(uint256 amount, address to) external {
        if (amount > liquidity) revert NotLiquid();
        position -= amount + keeps;
        COIN.safeTransfer(to, amount);
    }

    function claim() external {
        if (rewardMode == RewardMode.REVERTS) revert RewardFailed();
        if (rewardMode == RewardMode.BURNS_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (address(reward) == address(0)) return;
        uint256 owed = reward == COIN ? position : 0;
        reward.safeTransfer(msg.sender, reward.balanceOf(address(this)) - owed);
    }
}

/// @title The base of the strategies over a `MockMarket`. For tests only.
contract MockStrategy is Strategy {
    using SafeERC20 for IERC20;

    uint256 private constant _CLAIM_GAS = 500_000;

    MockMarket public immutable MARKET;
    IERC20 public immutable REWARD;
    /// @notice {asset} that the market is said to keep at each deposit and withdrawal.
    uint256 public charge;

    constructor(MockMarket market, IERC20 reward, address authority_, IPriceOracle oracle)
        Strategy("Mock lending", "mLEND", market.COIN(), authority_, oracle)
    {
        (MARKET, REWARD) = (market, reward);
    }

    function setCharge(uint256 newCharge) external {
        charge = newCharge;
    }

    function rewardTokens() public view override returns (address[] memory tokens) {
        tokens = new address[](1);
        tokens[0] = address(REWARD);
    }

    function _invested() internal view override returns (uint256) {
        return MARKET.position();
    }

    function _liquidity() internal view override returns (uint256) {
        return MARKET.liquidity();
    }

    function _room() internal view override returns (uint256) {
        return MARKET.room();
    }

    function _invest(uint256 assets) internal override {
        IERC20(asset()).forceApprove(address(MARKET), assets);
        MARKET.put(assets);
    }

    function _divest(uint256 assets, address receiver) internal override {
        MARKET.take(assets, receiver);
    }

    function _claim() internal override {
        try MARKET.claim{gas: _CLAIM_GAS}() {}
        catch {
            emit RewardsRefused(address(MARKET));
        }
    }

    function _credited(uint256 assets) internal view override returns (uint256) {
        return Math.saturatingSub(assets, charge);
    }

    function _toInvest(uint256 growth) internal view override returns (uint256) {
        return growth == 0 ? 0 : growth + charge;
    }

    function _drawn(uint256 assets) internal view override returns (uint256) {
        return assets == 0 ? 0 : assets + charge;
    }

    function _payable(uint256 value) internal view override returns (uint256) {
        return Math.saturatingSub(value, charge);
    }
}

/// @title Writes down what a strategy says of itself while somebody else's call is under way. For tests only.
contract StrategyWatcher {
    Strategy public strategy;
    uint256 public least = type(uint256).max; // {asset} of a million whole shares
    uint256 public most; // {asset} of a million whole shares
    uint256 public looks;
    uint256 public openLooks; // looks at which something could have been put in or taken out
    uint256 public entries; // deposits that were let in

    function watch(Strategy watched) external {
        (strategy, least, most, looks, openLooks) = (watched, type(uint256).max, 0, 0, 0);
    }

    /// @notice Called by a coin that is being transferred.
    function look() external {
        uint256 value = strategy.convertToAssets(10 ** strategy.decimals() * 1e6);
        (least, most) = (Math.min(least, value), Math.max(most, value));
        ++looks;
        uint256 open = strategy.maxDeposit(address(this)) + strategy.maxMint(address(this));
        if (open + strategy.maxWithdraw(address(this)) + strategy.maxRedeem(address(this)) != 0) ++openLooks;
        try strategy.deposit(1e6, address(this)) {
            ++entries;
        } catch {}
    }
}
