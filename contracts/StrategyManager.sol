// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {CoinTransfer} from "./libraries/CoinTransfer.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {LendingExits} from "./lending/LendingExits.sol";
import {LendingMath} from "./lending/LendingMath.sol";
import {LendingParameters} from "./lending/LendingParameters.sol";
import {Gains, Holding, Position} from "./lending/LendingTypes.sol";
import {StrategyCalls} from "./lending/StrategyCalls.sol";

/// @title Lends one vault's coins to ERC-4626 strategies, inside caps, and gives them back.
/// @notice What it holds to:
///  - It keeps the strategies' shares as accounts, not balances, and between two calls no coins.
///  - A keeper is bounded, not trusted: caps, buffer, a coin on its peg, a strategy that has not jumped, one loss budget.
///  - No strategy stops the exit: what it does not pay is paid in its shares, or claimed.
///  - A gain comes to count over time, a loss at once: see LendingMath.
///  - A strategy gets one exact approval while it takes the coins, and none afterwards.
/// @dev Strategies are called with bounded gas wherever a holder's exit depends on it, and are free to fail elsewhere.
contract StrategyManager is LendingExits {
    using SafeERC20 for IERC20;

    /// @dev {coin} A loss up to this is how shares and values are rounded: it is charged, and refused for nothing.
    uint256 private constant _ROUNDING = 2;

    // What `release` brings back while the vault measures: the strategy, as a whole word, and its shares.
    uint256 private transient _releaseFrom;
    uint256 private transient _releaseShares;

    /// The most that may be allocated now, and why it is not more.
    error NotAllocatable(address strategy, uint256 most, string reason);
    /// The strategy left coins behind.
    error NotAllTaken(address strategy, uint256 left);
    error StrategyUnreadable(address strategy);
    /// The coin has never had a strategy.
    error NeverLent(address token);
    error StrategyReadable(address strategy);
    error NothingToRedeem(address strategy);
    error LossBudgetExceeded(address token, uint256 loss, uint256 available);
    error ReceivedTooLittle(uint256 received, uint256 minimum);

    /// @param authority_ The fund's AccessManager.
    constructor(address authority_) LendingParameters(authority_) {}

    // --- lending and taking back ------------------------------------------------------------------------------------

    /// @inheritdoc IStrategyManager
    function allocate(address strategy, uint256 assets) external restricted nonReentrant returns (uint256 shares) {
        address token = _tokenOf(strategy);
        (uint256 before, uint256 reserve) = _checkRoom(strategy, token, assets);
        shares = _deposit(strategy, IERC20(token), assets);
        uint256 value = _addShares(strategy, shares);
        Gains memory g = _gains[token];
        int256 change = int256(value) - int256(before);
        g.counted += int128(change < int256(assets) ? change : int256(assets));
        _spend(token, g, CoinTransfer.rise(value, before + assets), reserve);
        emit Allocated(token, strategy, assets, shares);
    }

    /// @inheritdoc IStrategyManager
    function deallocate(address strategy, uint256 assets) external restricted nonReentrant returns (uint256) {
        return _takeBack(strategy, assets, true);
    }

    /// @inheritdoc IStrategyManager
    function recall(address strategy, uint256 assets, uint256 minReceived)
        external
        restricted
        nonReentrant
        returns (uint256 received)
    {
        received = _takeBack(strategy, assets, false);
        if (received < minReceived) revert ReceivedTooLittle(received, minReceived);
    }

    /// @inheritdoc IStrategyManager
    /// @dev While coins come back it is not known yet whether gains among them wait: the end comes in a call of its own.
    function release() external onlyVault returns (bool) {
        address strategy = address(uint160(_releaseFrom));
        if (strategy == address(0)) return _isLending();
        uint256 held = _balance(strategy, address(this));
        IERC4626(strategy).redeem(_releaseShares, msg.sender, address(this));
        _takeShares(strategy, CoinTransfer.rise(_balance(strategy, address(this)), held));
        _releaseFrom = 0;
        return true;
    }

    /// @inheritdoc IStrategyManager
    function writeOff(address strategy) external restricted nonReentrant {
        address token = _tokenOf(strategy);
        Position storage p = _positions[strategy];
        (bool readable,) = StrategyCalls.tryValue(strategy, p.shares);
        if (readable) revert StrategyReadable(strategy);
        (p.writtenOff, p.paused) = (true, true);
        emit StrategyWrittenOff(strategy, p.shares);
        _sync(token);
    }

    /// @inheritdoc IStrategyManager
    function setTerms(address token, Terms calldata terms) external restricted nonReentrant {
        if (termsOf(token).unlockPeriod == 0) revert NeverLent(token);
        Gains storage g = _gains[token];
        (g.lossUsed, g.lossAt) = (uint40(_lossUsed(token, 0, 0)), uint40(block.timestamp));
        _setTerms(token, terms);
    }

    // --- views ------------------------------------------------------------------------------------------------------

    /// @inheritdoc IStrategyManager
    function allocatable(address strategy) external view notEntered returns (uint256, string memory reason) {
        address token = _positions[strategy].token;
        if (token == address(0)) return (0, "not a strategy of the list");
        (Holding[] memory holdings, bool readable) = _holdings(token);
        return _room(strategy, token, holdings, readable);
    }

    /// @return most {coin}
    /// @return reason What binds.
    function _room(address strategy, address token, Holding[] memory holdings, bool readable)
        private
        view
        returns (uint256 most, string memory reason)
    {
        Holding memory h = _holdingOf(strategy, holdings);
        reason = _refusal(h, token, readable);
        if (bytes(reason).length != 0) return (0, reason);
        Position storage p = _positions[strategy];
        uint256 idle = _vault.idleOf(token);
        uint256 reserve = idle + _sum(holdings);
        (most, reason) = (LendingMath.beyondBuffer(reserve, idle, termsOf(token).bufferBps), "idle buffer");
        uint256 room = LendingMath.roomUnderCaps(reserve, h.value, p.absoluteCap, _BPS);
        if (room < most) (most, reason) = (room, "absolute cap");
        room = LendingMath.roomUnderCaps(reserve, h.value, type(uint256).max, p.relativeCapBps);
        if (room < most) (most, reason) = (room, "relative cap");
        bool ok;
        (ok, room) = StrategyCalls.tryRead(strategy, IERC4626.maxDeposit.selector, uint160(address(this)));
        if (!ok) return (0, "the strategy does not say what it takes");
        if (room < most) (most, reason) = (room, "the strategy takes no more");
    }

    /// @return Why nothing may be allocated at all; empty when something may.
    function _refusal(Holding memory h, address token, bool readable) private view returns (string memory) {
        Position storage p = _positions[h.strategy];
        if (p.writtenOff) return "written off";
        if (p.paused) return "paused";
        uint256 budgetBps = termsOf(token).lossBudgetBps;
        if (_lossUsed(token, 0, 0) > budgetBps * RebalanceMath.PPT_PER_BPS) return "loss budget overspent";
        if (!readable) return "a strategy of the coin cannot be read";
        if (LendingMath.jumped(p.seenValue, p.seenShares, h.value, h.shares, termsOf(token).jumpBps)) {
            return "its share's price jumped";
        }
        if (!_vault.isConstituent(token)) return "coin not in the fund";
        IContributionGuard guard = _vault.guard();
        if (address(guard) != address(0) && !guard.mayEnter(token)) return "coin on watch";
        return "";
    }

    // --- privates ---------------------------------------------------------------------------------------------------

    /// @return value {coin} of the strategy.
    /// @return reserve {coin}
    function _checkRoom(address strategy, address token, uint256 assets)
        private
        returns (uint256 value, uint256 reserve)
    {
        (Holding[] memory holdings, bool readable) = _sync(token);
        (uint256 most, string memory reason) = _room(strategy, token, holdings, readable);
        if (assets == 0 || assets > most) revert NotAllocatable(strategy, most, reason);
        return (_holdingOf(strategy, holdings).value, _vault.idleOf(token) + _sum(holdings));
    }

    function _deposit(address strategy, IERC20 coin, uint256 assets) private returns (uint256 shares) {
        uint256 before = coin.balanceOf(address(this));
        _vault.lend(address(coin), assets);
        uint256 came = CoinTransfer.rise(before, coin.balanceOf(address(this)));
        coin.forceApprove(strategy, came);
        uint256 held = IERC20(strategy).balanceOf(address(this));
        IERC4626(strategy).deposit(came, address(this));
        coin.forceApprove(strategy, 0);
        shares = CoinTransfer.rise(held, IERC20(strategy).balanceOf(address(this)));
        uint256 left = CoinTransfer.rise(before, coin.balanceOf(address(this)));
        if (left != 0) revert NotAllTaken(strategy, left);
    }

    /// @return value {coin} of all its shares now.
    function _addShares(address strategy, uint256 shares) private returns (uint256 value) {
        Position storage p = _positions[strategy];
        if (p.shares == 0 && shares != 0) ++_openPositions;
        p.shares += uint128(shares);
        bool ok;
        (ok, value) = StrategyCalls.tryValue(strategy, p.shares);
        if (!ok) revert StrategyUnreadable(strategy);
        _see(strategy, p.shares, value);
    }

    /// @param bounded Whether the loss must fit the budget, and be known.
    function _takeBack(address strategy, uint256 assets, bool bounded) private returns (uint256 received) {
        address token = _tokenOf(strategy);
        (Holding memory h, uint256 reserve) = _holdingToRedeem(strategy, token, bounded);
        (_releaseFrom, _releaseShares) = (uint160(strategy), _redeemable(h, assets));
        received = _vault.takeBack(token);
        Gains memory g = _gainsNow(token);
        g.counted -= int128(uint128(received));
        uint256 loss = _lossOf(h, received);
        if (bounded) _spend(token, g, loss, reserve);
        else _storeCharged(token, g, loss, reserve);
        emit Deallocated(token, strategy, received, h.shares - _positions[strategy].shares);
        _endLending(token);
    }

    /// @return h The strategy.
    /// @return reserve {coin}
    function _holdingToRedeem(address strategy, address token, bool bounded)
        private
        returns (Holding memory h, uint256 reserve)
    {
        (Holding[] memory holdings, bool readable) = _sync(token);
        if (bounded && !readable) revert StrategyUnreadable(strategy);
        return (_holdingOf(strategy, holdings), _vault.idleOf(token) + _sum(holdings));
    }

    /// @return shares {share} for `assets`, as many as the strategy takes back now.
    function _redeemable(Holding memory h, uint256 assets) private view returns (uint256 shares) {
        shares = LendingMath.sharesCovering(h.shares, assets, h.value);
        (bool ok, uint256 most) =
            StrategyCalls.tryRead(h.strategy, IERC4626.maxRedeem.selector, uint160(address(this)));
        if (ok && most < shares) shares = most; // one that does not say shows it when it is asked
        if (shares == 0) revert NothingToRedeem(h.strategy);
    }

    /// @param h The strategy before `received` {coin} came out of it.
    /// @return loss {coin}; 0 where the strategy does not say what is left.
    function _lossOf(Holding memory h, uint256 received) private returns (uint256 loss) {
        uint256 left = _positions[h.strategy].shares;
        (bool ok, uint256 value) = left == 0 ? (true, 0) : StrategyCalls.tryValue(h.strategy, left);
        if (!ok) return 0;
        _see(h.strategy, left, value);
        return CoinTransfer.rise(received, CoinTransfer.rise(value, h.value));
    }

    /// @dev Stores `g` with a loss on its budget, or reverts when it does not fit.
    function _spend(address token, Gains memory g, uint256 loss, uint256 reserve) private {
        uint256 budgetBps = termsOf(token).lossBudgetBps;
        if (loss > _ROUNDING && _lossUsed(token, loss, reserve) > budgetBps * RebalanceMath.PPT_PER_BPS) {
            uint256 used = _lossUsed(token, 0, 0);
            revert LossBudgetExceeded(token, loss, RebalanceMath.lossAvailable(used, budgetBps, reserve));
        }
        _storeCharged(token, g, loss, reserve);
    }

    function _holdingOf(address strategy, Holding[] memory holdings) private pure returns (Holding memory) {
        uint256 i;
        while (holdings[i].strategy != strategy) ++i;
        return holdings[i];
    }
}
