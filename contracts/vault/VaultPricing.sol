// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {BasketStorage} from "../libraries/BasketStorage.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {VaultBasket} from "./VaultBasket.sol";

/// @title What a contribution is worth in shares: by proportion without a price, what is beyond it at the worst one.
abstract contract VaultPricing is VaultBasket {
    using BasketStorage for uint256;
    using BasketStorage for uint256[];

    /// @notice Shares of the first contribution that nobody owns, so that supply and reserves never return to zero.
    uint256 public constant DEAD_SHARES = 1e15;
    /// @notice WAD{USD} at low prices.
    uint256 public constant MIN_FIRST_VALUE = 1e18;
    uint256 private constant _MAX_PRICE = type(uint96).max; // WAD{USD/coin}; keeps value sums far from overflow
    uint256 private constant _MAX_SUPPLY = type(uint112).max;

    error PriceNotGood(address token, IPriceOracle.Status status);
    error PastBand(address token, uint256 weightBps, uint256 limitBps);
    error BelowBand(address token, uint256 weightBps, uint256 limitBps);
    /// The coin is off its peg or out of sight: it comes in by proportion only.
    error CoinOnWatch(address token);
    error BelowMinimumValue(uint256 value, uint256 minimum);
    error SupplyOverflow(uint256 shares);

    /// @dev What `amounts` give in the state given: the action and its preview are this one function.
    function _sharesFor(
        uint256[] calldata amounts,
        uint256[] memory coins,
        uint256[] memory lanes,
        uint256 supply
    ) internal view returns (uint256 shares) {
        if (amounts.length != coins.length) revert LengthMismatch(coins.length, amounts.length);
        if (supply == 0) {
            shares = _firstShares(amounts, coins, lanes);
        } else {
            bool excess;
            (shares, excess) = ShareMath.proportional(amounts, lanes, supply);
            if (excess) shares += _excessShares(amounts, coins, lanes, supply, shares);
        }
        if (supply + shares > _MAX_SUPPLY - DEAD_SHARES) revert SupplyOverflow(shares);
    }

    function _firstShares(uint256[] calldata amounts, uint256[] memory coins, uint256[] memory lanes)
        private
        view
        returns (uint256)
    {
        _askGuard(coins, amounts);
        uint256 band = _slots[0].bandOf();
        (uint256[] memory lows,) = _prices(coins, amounts);
        (uint256 shares, uint256 index, uint256 weight) = ShareMath.firstShares(amounts, lanes, lows, band);
        if (index < lanes.length) {
            uint256 target = lanes[index].weightOf();
            if (weight > target) revert PastBand(coins[index].tokenOf(), weight, ShareMath.limitOf(target, band));
            revert BelowBand(coins[index].tokenOf(), weight, target - band);
        }
        if (shares < MIN_FIRST_VALUE) revert BelowMinimumValue(shares, MIN_FIRST_VALUE);
        return shares - DEAD_SHARES;
    }

    function _excessShares(
        uint256[] calldata amounts,
        uint256[] memory coins,
        uint256[] memory lanes,
        uint256 supply,
        uint256 shares
    ) private view returns (uint256) {
        uint256[] memory held = new uint256[](lanes.length);
        uint256[] memory excess = new uint256[](lanes.length);
        for (uint256 i; i < lanes.length; ++i) {
            uint256 reserve = lanes[i].reserveOf();
            held[i] = reserve | amounts[i];
            excess[i] = ShareMath.excessOf(amounts[i], reserve, supply, shares);
        }
        _askGuard(coins, excess);
        (uint256[] memory lows, uint256[] memory highs) = _prices(coins, held);
        uint256 band = _slots[0].bandOf();
        (uint256 index, uint256 weight) = ShareMath.pastBand(amounts, lanes, highs, supply, shares, band);
        if (index < lanes.length) {
            revert PastBand(coins[index].tokenOf(), weight, ShareMath.limitOf(lanes[index].weightOf(), band));
        }
        return ShareMath.excessShares(amounts, lanes, lows, highs, supply, shares);
    }

    /// @param excess Of each coin, in any unit.
    function _askGuard(uint256[] memory coins, uint256[] memory excess) private view {
        if (address(guard) == address(0)) return;
        for (uint256 i; i < coins.length; ++i) {
            address token = coins[i].tokenOf();
            if (excess[i] != 0 && !guard.mayEnter(token)) revert CoinOnWatch(token);
        }
    }

    /// @dev Prices times scales of the coins where `held` is not 0; the others count for nothing and need no price.
    /// @return lows WAD{USD/coin} * scale, not above $1.
    /// @return highs WAD{USD/coin} * scale.
    function _prices(uint256[] memory coins, uint256[] memory held)
        internal
        view
        returns (uint256[] memory lows, uint256[] memory highs)
    {
        IPriceOracle.Quote[] memory quotes = oracle.quotes(coins.toTokens());
        lows = new uint256[](coins.length);
        highs = new uint256[](coins.length);
        for (uint256 i; i < coins.length; ++i) {
            if (held[i] == 0) continue;
            IPriceOracle.Quote memory quote = quotes[i];
            bool usable = quote.low != 0 && quote.low <= quote.high && quote.high <= _MAX_PRICE;
            if (quote.status != IPriceOracle.Status.GOOD || !usable) {
                revert PriceNotGood(coins[i].tokenOf(), quote.status);
            }
            uint256 scale = coins[i].scaleOf();
            lows[i] = (quote.low < ShareMath.WAD ? quote.low : ShareMath.WAD) * scale;
            highs[i] = quote.high * scale;
        }
    }
}
