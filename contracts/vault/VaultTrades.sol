// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IIndexVault, Trade} from "@interfaces/IIndexVault.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";
import {BasketStorage} from "../libraries/BasketStorage.sol";
import {CoinTransfer} from "../libraries/CoinTransfer.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {Book, TradeBook} from "../libraries/TradeBook.sol";
import {VaultBasket} from "./VaultBasket.sol";

/// @title The owner's trades: a venue gets exactly one trade's `amountIn`, and what comes back is measured.
/// @dev Idle coins pay first; what is missing is brought from the strategies and measured like everything else.
abstract contract VaultTrades is ITradeFunding, VaultBasket {
    using BasketStorage for uint256;
    using BasketStorage for uint256[26];
    using DynamicArrayLib for uint256[];
    using TradeBook for Book;
    using TradeBook for uint256[];

    // The trade being executed; no venue outside `executeTrades`, `_tradeAmount` zero again once it is funded.
    // Addresses as whole words: a narrower variable is read before it is written.
    uint256 private transient _tradeVenue;
    uint256 private transient _tradeToken;
    uint256 private transient _tradeAmount;

    /// The coin being sold does not pay the venue.
    error TransferFailed();
    error InsufficientOutput(uint256 index, uint256 minimum, uint256 actual);
    error SoldTooMuch(uint256 index, uint256 limit, uint256 actual);
    error TradeNotFunded(uint256 index);
    error NoTradeOpen();
    error NotTradeVenue(address caller);
    error AlreadyFunded();
    error VenueHasNoCode(address venue);

    /// @inheritdoc IIndexVault
    function executeTrades(Trade[] calldata trades)
        external
        onlyOwner
        nonReentrant
        returns (uint256[] memory sold, uint256[] memory bought)
    {
        uint256 head = _slots[0];
        uint256[] memory coins = head.coinsOf();
        Book memory book = TradeBook.start(coins, _slots.load(head, coins.length));
        uint256 count = trades.length;
        (sold, bought) = (DynamicArrayLib.malloc(count), DynamicArrayLib.malloc(count));
        for (uint256 i; i < count;) {
            (uint256 given, uint256 taken) = _execute(i, trades[i], book);
            sold.set(i, given);
            bought.set(i, taken);
            unchecked {
                ++i;
            }
        }
        _tradeVenue = 0; // no coin moves between two trades, so once is enough
        _slots.store(head, book.lanes);
    }

    /// @inheritdoc ITradeFunding
    function fund(address to) external validReceiver(to) {
        uint256 venue = _tradeVenue;
        if (venue == 0) revert NoTradeOpen();
        if (uint160(msg.sender) != venue) revert NotTradeVenue(msg.sender);
        uint256 amount = _tradeAmount;
        if (amount == 0) revert AlreadyFunded();
        _tradeAmount = 0;
        SafeTransferLib.safeTransfer(address(uint160(_tradeToken)), to, amount);
    }

    /// @dev What the idle coins do not have of a trade's `amountIn`.
    function _bring(address token, uint256 amountIn, uint256 position, Book memory book) private {
        uint256 lane = book.lanes.get(position);
        uint256 idle = lane.reserveOf();
        if (!_slots[0].isLending()) revert TradeBook.InsufficientReserve(token, idle, amountIn);
        uint256 before = book.balances.balanceBefore(position, token);
        manager.bring(token, amountIn - idle);
        uint256 came = CoinTransfer.rise(before, book.balances.balanceAfter(position, token));
        if (came > BasketStorage.MAX_RESERVE - idle) revert ShareMath.ReserveOverflow(position, came);
        if (idle + came < amountIn) revert TradeBook.InsufficientReserve(token, idle + came, amountIn);
        book.lanes.set(position, lane + came);
    }

    /// @dev One trade; the book takes the measured changes.
    function _execute(uint256 index, Trade calldata trade, Book memory book)
        private
        returns (uint256 sold, uint256 bought)
    {
        (uint256 from, uint256 to) = book.positions(trade);
        if (trade.amountIn > book.lanes.get(from).reserveOf()) _bring(trade.tokenIn, trade.amountIn, from, book);
        (sold, bought) = _swap(index, trade, from, to, book.balances);
        if (sold > trade.amountIn) revert SoldTooMuch(index, trade.amountIn, sold);
        if (bought < trade.minAmountOut) revert InsufficientOutput(index, trade.minAmountOut, bought);
        book.move(from, to, sold, bought);
        emit Traded(trade.tokenIn, trade.tokenOut, sold, bought, trade.venue);
    }

    /// @dev Lets the venue draw once, and measures both coins.
    function _swap(uint256 index, Trade calldata trade, uint256 from, uint256 to, uint256[] memory balances)
        private
        returns (uint256 sold, uint256 bought)
    {
        (address tokenIn, address tokenOut) = (trade.tokenIn, trade.tokenOut);
        uint256 balanceIn = balances.balanceBefore(from, tokenIn);
        uint256 balanceOut = balances.balanceBefore(to, tokenOut);
        _callVenue(trade, tokenIn, tokenOut);
        if (_tradeAmount != 0) revert TradeNotFunded(index);
        sold = CoinTransfer.rise(balances.balanceAfter(from, tokenIn), balanceIn);
        bought = CoinTransfer.rise(balanceOut, balances.balanceAfter(to, tokenOut));
    }

    function _callVenue(Trade calldata trade, address tokenIn, address tokenOut) private {
        (address venue, uint256 amount) = (trade.venue, trade.amountIn);
        (_tradeVenue, _tradeToken, _tradeAmount) = (uint160(venue), uint160(tokenIn), amount);
        if (venue.code.length == 0) revert VenueHasNoCode(venue);
        IVenue(venue).swap(tokenIn, tokenOut, amount, trade.data);
    }
}
