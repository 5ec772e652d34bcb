// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IIndexVault, Trade} from "@interfaces/IIndexVault.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {PriceSnapshot} from "../libraries/PriceSnapshot.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {RebalanceSession} from "./RebalanceSession.sol";
import {Coin, Fill, FillParams, Holdings, State} from "./RebalanceTypes.sol";

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

    /// @dev Runs the trades and checks them; session, pause, caller and loss are the caller's business. Afterwards `h` is
    ///      the basket as the trades left it.
    /// @param arguments The trades once more, encoded as this call and the vault's `executeTrades` take them.
    /// @return drift bps{fund} afterwards, rounded up.
    function _settle(Trade[] calldata trades, bytes calldata arguments, Holdings memory h, Fill memory fill)
        internal
        returns (uint256 drift)
    {
        // Forwarded as they came: encoding them again would cost as much as checking them.
        bytes memory call = abi.encodePacked(IIndexVault.executeTrades.selector, arguments);
        (uint256[] memory sold, uint256[] memory bought) =
            abi.decode(Address.functionCall(address(VAULT), call), (uint256[], uint256[]));
        fill.pairs = new uint256[](trades.length);
        for (uint256 k; k < trades.length; ++k) {
            _checkTrade(trades[k], k, sold[k], bought[k], h, fill);
        }
        return _checkMovements(h, fill);
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
    /// @return h The basket.
    /// @return drift bps{fund}, rounded up.
    function _inSession() internal view returns (Holdings memory h, uint256 drift) {
        uint256[] memory weights;
        uint256[] memory reserves;
        (h.tokens, weights, reserves) = VAULT.getBasket();
        h.coins = _readSnapshot(h.tokens.length);
        IPriceOracle.Quote[] memory quotes = ORACLE.quotes(h.tokens);
        for (uint256 i; i < quotes.length; ++i) {
            IPriceOracle.Quote memory q = quotes[i];
            if (q.status != IPriceOracle.Status.GOOD) revert PriceNotGood(h.tokens[i], q.status);
            Coin memory c = h.coins[i];
            (c.low, c.high, c.weight, c.reserve) = (q.low, q.high, weights[i], reserves[i]);
            c.mid = (q.low + q.high) / 2;
            c.value = RebalanceMath.valueOf(c.reserve, c.scale, c.mid);
            h.total += c.value;
        }
        drift = _driftOf(h);
    }

    /// @return coins The coins of the open session, with their snapshot price and scale only.
    function _readSnapshot(uint256 n) internal view returns (Coin[] memory coins) {
        coins = new Coin[](n);
        uint256 word;
        uint256 left; // coins in the word
        uint256 next; // word
        for (uint256 i; i < n; ++i) {
            if (left == 0) (word, left, next) = (_snapshot[next], PriceSnapshot.COINS_PER_WORD, next + 1);
            Coin memory c = coins[i];
            c.snap = PriceSnapshot.priceOf(word);
            c.scale = PriceSnapshot.scaleOf(word);
            word = PriceSnapshot.next(word);
            unchecked {
                --left;
            }
        }
    }

    function _driftOf(Holdings memory h) private pure returns (uint256) {
        uint256 worst; // bps * WAD{USD}
        Coin[] memory coins = h.coins;
        uint256 total = h.total;
        for (uint256 i; i < coins.length; ++i) {
            Coin memory c = coins[i];
            uint256 distance = RebalanceMath.offTarget(c.value, c.weight, total);
            if (distance > worst) worst = distance;
        }
        return RebalanceMath.driftOf(worst, total);
    }

    /// @dev Both coins are in the basket and differ: the vault has refused everything else.
    function _checkTrade(
        Trade calldata trade,
        uint256 k,
        uint256 sold,
        uint256 bought,
        Holdings memory h,
        Fill memory fill
    ) private view {
        Coin memory a;
        Coin memory b;
        uint256 pair;
        {
            uint256 i = BasketMath.indexOf(h.tokens, trade.tokenIn);
            uint256 j = BasketMath.indexOf(h.tokens, trade.tokenOut);
            (a, b) = (h.coins[i], h.coins[j]);
            pair = i < j ? (i << 8) | j : (j << 8) | i;
        }
        (uint256 slip, uint256 maxValue) = fill.pairLimitsInUse
            ? _limitsOf(trade.tokenIn, trade.tokenOut, fill.params)
            : (fill.params.slipBps, fill.params.maxTradeValue);
        uint256 size = _pairSize(fill.pairs, k, pair, RebalanceMath.valueOf(sold, a.scale, a.mid));
        if (size > maxValue) revert TradeTooLarge(k, size, maxValue);
        slip = RebalanceMath.slippage(slip, fill.params.slipCeilingBps, a.mid, b.mid, a.snap, b.snap);
        _exchange(k, sold, bought, slip, a, b);
    }

    function _exchange(uint256 k, uint256 sold, uint256 bought, uint256 slip, Coin memory a, Coin memory b)
        private
        pure
    {
        uint256 floor = RebalanceMath.minimumOut(sold, a.scale, a.low, b.scale, b.high, slip);
        if (bought < floor) revert BelowFloor(k, bought, floor);
        a.reserve -= sold;
        b.reserve += bought;
    }

    /// @return size WAD{USD} that this trade and the earlier ones of its pair, either way, have sold in this fill.
    function _pairSize(uint256[] memory pairs, uint256 k, uint256 pair, uint256 value)
        private
        pure
        returns (uint256 size)
    {
        size = value;
        // m < k < length; a value is below 2**197, so it keeps all its bits above the pair's 16, and few add up to no overflow.
        unchecked {
            pairs[k] = (value << 16) | pair;
            for (uint256 m; m < k; ++m) {
                uint256 earlier = pairs[m];
                if (uint16(earlier) == pair) size += earlier >> 16;
            }
        }
    }

    /// @dev Net over the fill: a coin that only passes through has not moved. Brings values and total up to date.
    function _checkMovements(Holdings memory h, Fill memory fill) private pure returns (uint256 drift) {
        uint256 total;
        uint256 tolerance = fill.params.settleBandBps / 2;
        Coin[] memory coins = h.coins;
        for (uint256 i; i < coins.length; ++i) {
            Coin memory c = coins[i];
            uint256 value = RebalanceMath.valueOf(c.reserve, c.scale, c.mid);
            if (value != c.value) {
                _checkMovement(h.tokens[i], c, value, fill.totalBefore, tolerance);
                c.value = value;
            }
            total += value;
        }
        h.total = total;
        return _driftOf(h);
    }

    function _checkMovement(address token, Coin memory c, uint256 value, uint256 total, uint256 tolerance)
        private
        pure
    {
        uint256 dust = RebalanceMath.unitValue(c.scale, c.mid);
        RebalanceMath.Move move = RebalanceMath.movement(c.value, value, c.weight, total, dust, tolerance);
        if (move == RebalanceMath.Move.OK) return;
        uint256 target = c.weight * total / RebalanceMath.BPS;
        if (move == RebalanceMath.Move.AWAY) revert MovedAway(token, c.value, value, target);
        revert Overshot(token, value, target, tolerance * total / RebalanceMath.BPS);
    }
}
