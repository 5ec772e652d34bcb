// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IIndexVault, Trade} from "@interfaces/IIndexVault.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {AbiWords} from "../libraries/AbiWords.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {PriceSnapshot} from "../libraries/PriceSnapshot.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {RebalanceSession} from "./RebalanceSession.sol";
import {Basket, Coin, CoinList, Fill, FillParams, Holdings, PriceNotGood, State} from "./RebalanceTypes.sol";

/// @title The one settlement: what every trade passes, whoever proposed it and wherever it was made.
/// @dev On measured amounts. Per trade: oracle floor, size per pair and fill. Per coin and fill: towards its target and not
///      past it by more than half the settle band. Per fill: the loss budget. Prices are read once, before the first trade;
///      a target is a share of the fund's value before the fill, so that a loss elsewhere moves no other coin's target.
abstract contract RebalanceSettlement is RebalanceSession {
    using AbiWords for bytes;
    using DynamicArrayLib for uint256[];

    uint256 private constant _QUOTE = 3; // words of an IPriceOracle.Quote

    error TradeTooLarge(uint256 trade, uint256 pairValue, uint256 maximum);
    error BelowFloor(uint256 trade, uint256 bought, uint256 floor);
    error MovedAway(address token, uint256 valueBefore, uint256 valueAfter, uint256 target);
    error Overshot(address token, uint256 valueAfter, uint256 target, uint256 tolerance);
    error LossBudgetExceeded(uint256 loss, uint256 available);

    /// @inheritdoc IRebalancer
    /// @dev Against the open session's targets; with none open, against those the next session would set.
    function maxDrift() external view returns (uint256 bps) {
        State memory s = _loadState();
        if (!_isOpen(s)) return OUTLOOK.nextDrift();
        (, bps) = _inSession(s.reason == Reason.CRISIS);
    }

    /// @dev Runs the trades and checks them; session, pause, caller and loss are the caller's business. Afterwards `h` is
    ///      the basket as the trades left it.
    /// @param arguments The trades once more, encoded as this call and the vault's `executeTrades` take them.
    /// @return drift bps{fund} afterwards, rounded up.
    function _settle(Trade[] calldata trades, bytes calldata arguments, Holdings memory h, Fill memory fill)
        internal
        returns (uint256 drift)
    {
        // Forwarded as they came: encoding them again would cost as much as checking them.
        bytes memory answer =
            Address.functionCall(address(VAULT), abi.encodePacked(IIndexVault.executeTrades.selector, arguments));
        uint256[] memory sold = answer.arrayAt(0, 1);
        uint256[] memory bought = answer.arrayAt(1, 1);
        uint256 count = trades.length;
        if (sold.length != count || bought.length != count) revert AbiWords.BadAnswer(0);
        fill.pairs = DynamicArrayLib.malloc(count);
        for (uint256 k; k < count;) {
            _checkTrade(trades[k], k, sold.get(k), bought.get(k), h, fill);
            unchecked {
                ++k;
            }
        }
        return _checkMovements(h, fill);
    }

    /// @dev Takes a fill's loss off a budget. A gain gives nothing back.
    /// @param used ppt spent of the budget at `at`.
    /// @param worth WAD{USD} before the fill, and `left` after it.
    /// @return ppt spent of it now.
    function _spend(FillParams memory p, uint256 used, uint256 at, uint256 total, uint256 worth, uint256 left)
        internal
        view
        returns (uint40)
    {
        used = _lossUsed(p, used, at);
        if (left < worth) {
            uint256 loss = worth - left;
            uint256 sum = used + RebalanceMath.lossShare(loss, total);
            if (sum > p.lossBudgetBps * RebalanceMath.PPT_PER_BPS) {
                revert LossBudgetExceeded(loss, RebalanceMath.lossAvailable(used, p.lossBudgetBps, total));
            }
            used = sum;
        }
        return uint40(used);
    }

    /// @param used ppt spent of the budget at `at`.
    /// @return ppt spent of it as of now.
    function _lossUsed(FillParams memory p, uint256 used, uint256 at) internal view returns (uint256) {
        return RebalanceMath.refilled(used, block.timestamp - at, p.lossBudgetBps, p.lossPeriod);
    }

    /// @dev The open session's basket at today's prices. Reverts `PriceNotGood` unless every coin's price is GOOD, or in an
    ///      emergency: DIVERGED bounds are taken as they are, and a coin without a price is worth nothing.
    /// @return h The basket.
    /// @return drift bps{fund}, rounded up.
    function _inSession(bool emergency) internal view returns (Holdings memory h, uint256 drift) {
        bytes memory answer = Address.functionStaticCall(address(VAULT), abi.encodeCall(IIndexVault.getBasket, ()));
        h.tokens = answer.arrayAt(0, 1).asAddressArray();
        uint256[] memory weights = answer.arrayAt(1, 1);
        uint256[] memory reserves = answer.arrayAt(2, 1);
        uint256 n = h.tokens.length;
        Coin[] memory coins = _readSnapshot(n);
        h.coins = coins;
        answer = Address.functionStaticCall(address(ORACLE), abi.encodeCall(IPriceOracle.quotes, (h.tokens)));
        uint256[] memory quotes = answer.arrayAt(0, _QUOTE);
        if (quotes.length != n || weights.length != n || reserves.length != n) revert AbiWords.BadAnswer(0);
        uint256 word; // of the quote
        for (uint256 i; i < n;) {
            Coin memory c = coins[i];
            (c.weight, c.reserve) = (weights.get(i), reserves.get(i));
            unchecked {
                (c.low, c.high) = (quotes.get(word), quotes.get(word + 1));
                IPriceOracle.Status status = IPriceOracle.Status(quotes.get(word + 2));
                if (status != IPriceOracle.Status.GOOD) {
                    if (!emergency) revert PriceNotGood(h.tokens[i], status);
                    if (status != IPriceOracle.Status.DIVERGED) (c.low, c.high) = (0, 0);
                }
                ++i;
                word += _QUOTE;
            }
        }
        drift = _valueOf(h);
    }

    /// @dev `_inSession` for the transaction that has opened the session: nothing but the opening has run since `b` was read,
    ///      so vault and oracle would say the same again.
    function _justOpened(Basket memory b) internal view returns (Holdings memory h, uint256 drift) {
        h.tokens = b.tokens;
        uint256 n = b.tokens.length;
        Coin[] memory coins = _readSnapshot(n);
        h.coins = coins;
        for (uint256 i; i < n;) {
            Coin memory c = coins[i];
            (c.low, c.high) = (b.lows.get(i), b.highs.get(i));
            (c.weight, c.reserve) = (b.weights.get(i), b.reserves.get(i));
            unchecked {
                ++i;
            }
        }
        drift = _valueOf(h);
    }

    /// @dev Mid prices, values, their total.
    /// @return drift bps{fund}, rounded up.
    function _valueOf(Holdings memory h) private pure returns (uint256 drift) {
        Coin[] memory coins = h.coins;
        uint256 n = coins.length;
        uint256 total;
        for (uint256 i; i < n;) {
            Coin memory c = coins[i];
            uint256 mid = (c.low + c.high) / 2;
            uint256 value = RebalanceMath.valueOf(c.reserve, c.scale, mid);
            (c.mid, c.value) = (mid, value);
            unchecked {
                total += value; // as RebalanceMath says
                ++i;
            }
        }
        h.total = total;
        return _driftOf(coins, total);
    }

    /// @return coins The coins of the open session, with their snapshot price and scale only.
    function _readSnapshot(uint256 n) internal view returns (Coin[] memory coins) {
        coins = CoinList.allocate(n);
        uint256 word;
        uint256 left; // coins in the word
        uint256 next; // word
        for (uint256 i; i < n;) {
            if (left == 0) (word, left, next) = (_snapshot[next], PriceSnapshot.COINS_PER_WORD, next + 1);
            Coin memory c = coins[i];
            c.snap = PriceSnapshot.priceOf(word);
            c.scale = PriceSnapshot.scaleOf(word);
            word = PriceSnapshot.next(word);
            unchecked {
                --left;
                ++i;
            }
        }
    }

    function _driftOf(Coin[] memory coins, uint256 total) private pure returns (uint256) {
        uint256 worst; // bps * WAD{USD}
        uint256 n = coins.length;
        for (uint256 i; i < n;) {
            Coin memory c = coins[i];
            uint256 distance = RebalanceMath.offTarget(c.value, c.weight, total);
            if (distance > worst) worst = distance;
            unchecked {
                ++i;
            }
        }
        return RebalanceMath.driftOf(worst, total);
    }

    function _checkTrade(
        Trade calldata trade,
        uint256 k,
        uint256 sold,
        uint256 bought,
        Holdings memory h,
        Fill memory fill
    ) private view {
        uint256 i = BasketMath.indexOf(h.tokens, trade.tokenIn);
        uint256 j = BasketMath.indexOf(h.tokens, trade.tokenOut);
        Coin[] memory coins = h.coins;
        Coin memory a = coins[i];
        (uint256 slip, uint256 most) = fill.pairLimitsInUse
            ? _limitsOf(trade.tokenIn, trade.tokenOut, fill.params)
            : (fill.params.slipBps, fill.params.maxTradeValue);
        if (a.mid == 0) _revertUnpriced(trade.tokenIn);
        if (coins[j].mid == 0) _revertUnpriced(trade.tokenOut);
        uint256 value = RebalanceMath.valueOf(sold, a.scale, a.mid);
        value = _pairSize(fill.pairs, k, i < j ? (i << 8) | j : (j << 8) | i, value);
        if (value > most) revert TradeTooLarge(k, value, most);
        _exchange(k, sold, bought, slip, fill, a, coins[j]);
    }

    function _revertUnpriced(address token) private view {
        (,, IPriceOracle.Status status) = ORACLE.quote(token);
        revert PriceNotGood(token, status);
    }

    /// @param slip bps{trade} at rest.
    function _exchange(
        uint256 k,
        uint256 sold,
        uint256 bought,
        uint256 slip,
        Fill memory fill,
        Coin memory a,
        Coin memory b
    ) private pure {
        uint256 keep = fill.keepBps;
        if (keep == 0) {
            slip = RebalanceMath.slippage(slip, fill.params.slipCeilingBps, a.mid, b.mid, a.snap, b.snap);
            keep = RebalanceMath.BPS - slip;
        }
        uint256 floor = RebalanceMath.minimumOut(sold, a.scale, a.low, b.scale, b.high, keep);
        if (bought < floor) revert BelowFloor(k, bought, floor);
        a.reserve -= sold;
        b.reserve += bought;
    }

    /// @param pairs Per trade: both coins' positions (16 bits), the lower one first, and its size above, WAD{USD}.
    /// @return size WAD{USD} that this trade and the earlier ones of its pair, either way, have sold in this fill.
    function _pairSize(uint256[] memory pairs, uint256 k, uint256 pair, uint256 value)
        private
        pure
        returns (uint256 size)
    {
        size = value;
        // m < k < length; a value is below 2**197, so it keeps all its bits above the pair's 16, and few add up to no overflow.
        unchecked {
            pairs.set(k, (value << 16) | pair);
            for (uint256 m; m < k; ++m) {
                uint256 earlier = pairs.get(m);
                if (uint16(earlier) == pair) size += earlier >> 16;
            }
        }
    }

    /// @dev Net over the fill: a coin that only passes through has not moved. Brings values and total up to date.
    function _checkMovements(Holdings memory h, Fill memory fill) private pure returns (uint256 drift) {
        uint256 total;
        Coin[] memory coins = h.coins;
        uint256 n = coins.length;
        for (uint256 i; i < n;) {
            Coin memory c = coins[i];
            uint256 value = RebalanceMath.valueOf(c.reserve, c.scale, c.mid);
            if (value != c.value) {
                _checkMovement(h.tokens, i, c, value, fill);
                c.value = value;
            }
            unchecked {
                total += value; // as RebalanceMath says
                ++i;
            }
        }
        h.total = total;
        return _driftOf(coins, total);
    }

    function _checkMovement(address[] memory tokens, uint256 i, Coin memory c, uint256 value, Fill memory fill)
        private
        pure
    {
        if (fill.keepBps != 0) {
            (uint256 given, uint256 taken) = RebalanceMath.atWorst(c.value, value, c.low, c.high);
            (fill.given, fill.taken) = (fill.given + given, fill.taken + taken);
        }
        uint256 total = fill.totalBefore;
        uint256 tolerance = fill.params.settleBandBps / 2;
        uint256 dust = RebalanceMath.unitValue(c.scale, c.mid);
        RebalanceMath.Move move = RebalanceMath.movement(c.value, value, c.weight, total, dust, tolerance);
        if (move == RebalanceMath.Move.OK) return;
        uint256 target = c.weight * total / RebalanceMath.BPS;
        if (move == RebalanceMath.Move.AWAY) revert MovedAway(tokens[i], c.value, value, target);
        revert Overshot(tokens[i], value, target, tolerance * total / RebalanceMath.BPS);
    }
}
