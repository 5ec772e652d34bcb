// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {Trade} from "@interfaces/IIndexVault.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {PriceSnapshot} from "../libraries/PriceSnapshot.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {RebalanceSession} from "./RebalanceSession.sol";
import {Basket, Fill, FillParams, State} from "./RebalanceTypes.sol";

/// @title The one settlement: what every trade passes, whoever proposed it and wherever it was made.
/// @dev On measured amounts. Per trade: oracle floor, size per pair and fill. Per coin and fill: towards its target and not
///      past it by more than half the settle band. Per fill: the loss budget. Prices are read once, before the first trade;
///      a target is a share of the fund's value before the fill, so that a loss elsewhere moves no other coin's target.
abstract contract RebalanceSettlement is RebalanceSession {
    error TradeTooLarge(uint256 trade, uint256 pairValue, uint256 maximum);
    error BelowFloor(uint256 trade, uint256 bought, uint256 floor);
    error MovedAway(address token, uint256 valueBefore, uint256 valueAfter, uint256 target);
    error Overshot(address token, uint256 valueAfter, uint256 target, uint256 tolerance);
    error LossBudgetExceeded(uint256 loss, uint256 available);

    /// @dev Runs the trades and checks them; session, pause, caller and loss are the caller's business.
    /// @return values WAD{USD} per coin afterwards.
    /// @return total WAD{USD} afterwards.
    function _settle(Trade[] calldata trades, Fill memory fill)
        internal
        returns (uint256[] memory values, uint256 total)
    {
        uint256 n = trades.length;
        (fill.sold, fill.bought) = VAULT.executeTrades(trades);
        (fill.pairs, fill.sizes) = (new uint256[](n), new uint256[](n));
        for (uint256 k; k < n; ++k) {
            _checkTrade(trades[k].tokenIn, trades[k].tokenOut, k, fill);
        }
        Basket memory b = fill.basket;
        (values, total) = RebalanceMath.valuesOf(b.reserves, b.scales, b.mids);
        _checkMovements(b, values, fill.params.settleBandBps / 2);
    }

    /// @dev Takes a fill's loss off the budget. In memory: the caller stores it. A gain gives nothing back.
    function _charge(State memory s, FillParams memory p, uint256 totalBefore, uint256 totalAfter) internal view {
        uint256 used = _lossUsed(s, p);
        if (totalAfter < totalBefore) {
            uint256 loss = totalBefore - totalAfter;
            uint256 sum = used + RebalanceMath.lossShare(loss, totalBefore);
            if (sum > p.lossBudgetBps * RebalanceMath.PPT_PER_BPS) {
                revert LossBudgetExceeded(loss, RebalanceMath.lossAvailable(used, p.lossBudgetBps, totalBefore));
            }
            used = sum;
        }
        s.lossUsed = uint40(used);
        s.lastFillAt = uint40(block.timestamp);
    }

    /// @return ppt spent of the budget as of now.
    function _lossUsed(State memory s, FillParams memory p) internal view returns (uint256) {
        return RebalanceMath.refilled(s.lossUsed, block.timestamp - s.lastFillAt, p.lossBudgetBps, p.lossPeriod);
    }

    /// @dev The open session's basket at today's prices. Reverts `PriceNotGood` unless every coin's price is GOOD.
    function _inSession() internal view returns (Basket memory b) {
        (b.tokens, b.weights, b.reserves) = VAULT.getBasket();
        (b.snaps, b.scales) = _readSnapshot(b.tokens.length);
        IPriceOracle.Quote[] memory quotes = ORACLE.quotes(b.tokens);
        for (uint256 i; i < quotes.length; ++i) {
            if (quotes[i].status != IPriceOracle.Status.GOOD) revert PriceNotGood(b.tokens[i], quotes[i].status);
        }
        _value(b, quotes);
    }

    /// @return snaps 1e-8 USD.
    /// @return scales 10**(18 - decimals).
    function _readSnapshot(uint256 n) internal view returns (uint256[] memory snaps, uint256[] memory scales) {
        (snaps, scales) = (new uint256[](n), new uint256[](n));
        uint256 word;
        for (uint256 i; i < n; ++i) {
            if (i % PriceSnapshot.COINS_PER_WORD == 0) word = _snapshot[i / PriceSnapshot.COINS_PER_WORD];
            snaps[i] = PriceSnapshot.priceOf(word);
            scales[i] = PriceSnapshot.scaleOf(word);
            word = PriceSnapshot.next(word);
        }
    }

    /// @dev Both coins are in the basket and differ: the vault has refused everything else.
    function _checkTrade(address tokenIn, address tokenOut, uint256 k, Fill memory fill) private view {
        Basket memory b = fill.basket;
        uint256 i = BasketMath.indexOf(b.tokens, tokenIn);
        uint256 j = BasketMath.indexOf(b.tokens, tokenOut);
        (uint256 slip, uint256 maxValue) = fill.pairLimitsInUse
            ? _limitsOf(tokenIn, tokenOut, fill.params)
            : (fill.params.slipBps, fill.params.maxTradeValue);
        uint256 size = _pairSize(i, j, k, fill);
        if (size > maxValue) revert TradeTooLarge(k, size, maxValue);
        _checkFloor(i, j, k, fill, slip);
        b.reserves[i] -= fill.sold[k];
        b.reserves[j] += fill.bought[k];
    }

    /// @return size WAD{USD} that this trade and the earlier ones of its pair, either way, have sold in this fill.
    function _pairSize(uint256 i, uint256 j, uint256 k, Fill memory fill) private pure returns (uint256 size) {
        Basket memory b = fill.basket;
        uint256 pair = i < j ? (i << 128) | j : (j << 128) | i;
        size = RebalanceMath.valueOf(fill.sold[k], b.scales[i], b.mids[i]);
        (fill.pairs[k], fill.sizes[k]) = (pair, size);
        for (uint256 m; m < k; ++m) {
            if (fill.pairs[m] == pair) size += fill.sizes[m];
        }
    }

    function _checkFloor(uint256 i, uint256 j, uint256 k, Fill memory fill, uint256 slip) private pure {
        Basket memory b = fill.basket;
        slip = RebalanceMath.slippage(
            slip, fill.params.slipCeilingBps, b.mids[i], b.mids[j], b.snaps[i], b.snaps[j]
        );
        uint256 floor =
            RebalanceMath.minimumOut(fill.sold[k], b.scales[i], b.lows[i], b.scales[j], b.highs[j], slip);
        if (fill.bought[k] < floor) revert BelowFloor(k, fill.bought[k], floor);
    }

    /// @dev Net over the fill: a coin that only passes through has not moved.
    function _checkMovements(Basket memory b, uint256[] memory values, uint256 tolerance) private pure {
        for (uint256 i; i < values.length; ++i) {
            if (values[i] == b.values[i]) continue;
            uint256 dust = RebalanceMath.unitValue(b.scales[i], b.mids[i]);
            RebalanceMath.Move move =
                RebalanceMath.movement(b.values[i], values[i], b.weights[i], b.total, dust, tolerance);
            if (move == RebalanceMath.Move.OK) continue;
            uint256 target = b.weights[i] * b.total / RebalanceMath.BPS;
            if (move == RebalanceMath.Move.AWAY) revert MovedAway(b.tokens[i], b.values[i], values[i], target);
            revert Overshot(b.tokens[i], values[i], target, tolerance * b.total / RebalanceMath.BPS);
        }
    }
}
