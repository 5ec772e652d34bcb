// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {LendingMath} from "./LendingMath.sol";
import {LendingParameters} from "./LendingParameters.sol";
import {Gains, Holding, Position} from "./LendingTypes.sol";
import {StrategyCalls} from "./StrategyCalls.sol";

/// @title What the lent coins are worth to whom, and the looks that gains, losses and jumps are found by.
abstract contract LendingValues is LendingParameters, ReentrancyGuardTransient {
    using LendingMath for Gains;

    /// @dev Strategies of a coin that may fail, burning all their gas, before the others of the coin are no longer asked.
    uint256 internal constant _PATIENCE = 2;

    uint256 internal _openPositions; // strategies with shares of the fund

    /// @dev Inside a transaction of this contract a value would be half-way.
    modifier notEntered() {
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        _;
    }

    /// @inheritdoc IStrategyManager
    function sync(address token) external nonReentrant {
        _sync(token);
        _endLending(token);
    }

    /// @inheritdoc IStrategyManager
    function lentOf(address[] calldata tokens)
        external
        view
        notEntered
        returns (int256[] memory lows, int256[] memory highs, uint256 unreadable)
    {
        (lows, highs) = (new int256[](tokens.length), new int256[](tokens.length));
        for (uint256 i; i < tokens.length; ++i) {
            if (_lists[tokens[i]].length == 0 && _gains[tokens[i]].fullAt <= block.timestamp) continue;
            (int256 low, uint256 high, bool readable) = _worth(tokens[i]);
            highs[i] = int256(high);
            if (readable || low < 0) lows[i] = low;
            if (!readable) unreadable |= 1 << i;
        }
    }

    /// @inheritdoc IStrategyManager
    function strategiesOf(address token) external view notEntered returns (StrategyState[] memory states) {
        Holding[] memory holdings = _liquidHoldings(token);
        states = new StrategyState[](holdings.length);
        for (uint256 i; i < holdings.length; ++i) {
            Holding memory h = holdings[i];
            Position storage p = _positions[h.strategy];
            states[i] = StrategyState({
                strategy: h.strategy,
                shares: h.shares,
                value: h.readable ? h.value : 0,
                absoluteCap: p.absoluteCap,
                relativeCapBps: p.relativeCapBps,
                liquid: h.liquid,
                paused: p.paused,
                readable: h.readable
            });
        }
    }

    /// @inheritdoc IStrategyManager
    function liquidOf(address token) external view notEntered returns (uint256 liquid) {
        Holding[] memory holdings = _liquidHoldings(token);
        int256 low = LendingMath.lowOf(_sum(holdings), _gainsNow(token).counted);
        if (low <= 0) return 0;
        for (uint256 i; i < holdings.length; ++i) {
            liquid += holdings[i].liquid;
        }
        return Math.min(liquid, uint256(low));
    }

    /// @inheritdoc IStrategyManager
    function gainsOf(address token) external view returns (int256 counted, uint256 locked, uint256 fullAt) {
        Gains memory g = _gainsNow(token);
        return (g.counted, g.locked, g.fullAt);
    }

    /// @inheritdoc IStrategyManager
    function lossBudget(address token)
        external
        view
        notEntered
        returns (uint256 remaining, uint256 capacity)
    {
        (, uint256 high,) = _worth(token);
        uint256 reserve = _vault.idleOf(token) + high;
        uint256 budgetBps = termsOf(token).lossBudgetBps;
        capacity = RebalanceMath.lossAvailable(0, budgetBps, reserve);
        remaining = RebalanceMath.lossAvailable(_lossUsed(token, 0, 0), budgetBps, reserve);
    }

    /// @dev A look at a coin's strategies; with an unreadable one the coin's gains and losses wait.
    /// @return holdings As they answer now.
    /// @return readable Whether all of them do.
    function _sync(address token) internal returns (Holding[] memory holdings, bool readable) {
        Terms memory terms = termsOf(token);
        (holdings, readable) = _holdings(token);
        for (uint256 i; i < holdings.length; ++i) {
            if (holdings[i].readable) _look(holdings[i], terms.jumpBps);
        }
        if (!readable || terms.unlockPeriod == 0) return (holdings, readable);
        Gains memory g = _gainsNow(token);
        (uint256 gain, uint256 loss) = g.settle(_sum(holdings), terms.unlockPeriod, block.timestamp);
        _gains[token] = g;
        emit Synced(token, g.counted, g.locked, gain, loss);
    }

    function _look(Holding memory h, uint256 jumpBps) private {
        Position storage p = _positions[h.strategy];
        (uint256 seenValue, uint256 seenShares) = (p.seenValue, p.seenShares);
        if (!p.paused && LendingMath.jumped(seenValue, seenShares, h.value, h.shares, jumpBps)) {
            p.paused = true;
            emit JumpPaused(h.strategy, LendingMath.worthOf(h.shares, seenShares, seenValue), h.value);
        }
        _see(h.strategy, h.shares, h.value);
    }

    function _see(address strategy, uint256 shares, uint256 value) internal {
        Position storage p = _positions[strategy];
        (p.seenShares, p.seenValue) = (uint128(shares), uint128(value));
    }

    function _takeShares(address strategy, uint256 shares) internal {
        Position storage p = _positions[strategy];
        p.shares -= uint128(shares);
        if (p.shares == 0 && shares != 0) --_openPositions;
    }

    /// @dev Tells the vault when nothing is lent any more, so that it no longer asks.
    function _endLending(address token) internal {
        if (!_isLending() && _vault.isConstituent(token)) _vault.takeBack(token);
    }

    /// @dev Whether anything is lent, or some idle coins are gains that wait.
    function _isLending() internal view returns (bool) {
        if (_openPositions != 0) return true;
        for (uint256 i; i < _tokens.length; ++i) {
            if (_gainsNow(_tokens[i]).counted < 0) return true;
        }
        return false;
    }

    function _gainsNow(address token) internal view returns (Gains memory g) {
        g = _gains[token];
        g.accrue(block.timestamp);
    }

    /// @return ppt{coin's reserve} used of the loss budget now, with `loss` {coin} of `reserve` {coin} on top.
    function _lossUsed(address token, uint256 loss, uint256 reserve) internal view returns (uint256) {
        Terms memory t = termsOf(token);
        Gains storage g = _gains[token];
        if (t.lossPeriod == 0) return 0;
        return LendingMath.charged(
            g.lossUsed, block.timestamp - g.lossAt, t.lossBudgetBps, t.lossPeriod, loss, reserve
        );
    }

    function _worth(address token) internal view returns (int256 low, uint256 high, bool readable) {
        Holding[] memory holdings;
        (holdings, readable) = _holdings(token);
        high = _sum(holdings);
        low = LendingMath.lowOf(high, _gainsNow(token).counted);
    }

    /// @dev Values only. Behind one that does not answer the others are not asked: the coin is unreadable anyway.
    function _holdings(address token) internal view returns (Holding[] memory holdings, bool readable) {
        return _ask(token, 1, false);
    }

    /// @dev Each asked by itself, `_PATIENCE` failures long.
    function _liquidHoldings(address token) internal view returns (Holding[] memory holdings) {
        (holdings,) = _ask(token, _PATIENCE, true);
    }

    /// @return holdings In the list's order.
    /// @return readable Whether each says what it is worth.
    function _ask(address token, uint256 patience, bool forLiquidity)
        private
        view
        returns (Holding[] memory holdings, bool readable)
    {
        address[] storage list = _lists[token];
        holdings = new Holding[](list.length);
        readable = true;
        uint256 failures;
        for (uint256 i; i < holdings.length; ++i) {
            Holding memory h = holdings[i];
            h.strategy = list[i];
            Position storage p = _positions[h.strategy];
            (h.shares, h.readable) = (p.shares, true);
            if (h.shares == 0 || p.writtenOff) continue;
            if (failures < patience) (h.readable, h.value) = StrategyCalls.tryValue(h.strategy, h.shares);
            else h.readable = false;
            if (!h.readable) {
                h.value = LendingMath.worthOf(h.shares, p.seenShares, p.seenValue);
                readable = false;
                ++failures;
            } else if (forLiquidity && failures < patience) {
                (bool ok, uint256 liquid) = StrategyCalls.tryLiquidity(h.strategy);
                if (ok) h.liquid = Math.min(liquid, h.value);
                else ++failures;
            }
        }
    }

    function _sum(Holding[] memory holdings) internal pure returns (uint256 value) {
        for (uint256 i; i < holdings.length; ++i) {
            value += holdings[i].value;
        }
    }
}
