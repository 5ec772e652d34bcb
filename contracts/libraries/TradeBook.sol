// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";
import {Trade} from "@interfaces/IIndexVault.sol";
import {BasketStorage} from "./BasketStorage.sol";
import {CoinTransfer} from "./CoinTransfer.sol";
import {ShareMath} from "./ShareMath.sol";

/// @dev The vault's basket while trades are executed; every array in the order of the list.
struct Book {
    uint256[] coins; // words of BasketStorage
    uint256[] lanes; // words of BasketStorage; they follow the trades
    uint256[] balances; // one more than the vault's balance after the coin's last trade, 0 before its first
}

/// @title Accounts of the trades of one call.
/// @dev A coin's balance is asked for after every trade of the coin, and before its first. What a trade measured last is
///      where the coin's next one begins: between trades nothing leaves the vault, which is locked and approves nobody.
///      A coin that shrank by itself is charged to its next trade, and what a venue gave unasked of a coin it does not
///      trade counts with it. Either way the reserves have moved by what the balance has, never by more.
library TradeBook {
    using BasketStorage for uint256;
    using BasketStorage for uint256[];
    using DynamicArrayLib for uint256[];

    error SameToken(address token);
    error InsufficientReserve(address token, uint256 reserve, uint256 amount);

    function start(uint256[] memory coins, uint256[] memory lanes) internal pure returns (Book memory) {
        return Book(coins, lanes, new uint256[](coins.length));
    }

    /// @notice Where a trade's coins stand in the list; reverts unless both do and differ.
    function positions(Book memory book, Trade calldata trade) internal pure returns (uint256 from, uint256 to) {
        uint256[] memory coins = book.coins;
        (address tokenIn, address tokenOut) = (trade.tokenIn, trade.tokenOut);
        uint256 count = coins.length;
        from = coins.indexOf(count, tokenIn);
        if (from == count) revert IERC7621.NotConstituent(tokenIn);
        to = coins.indexOf(count, tokenOut);
        if (to == count) revert IERC7621.NotConstituent(tokenOut);
        if (from == to) revert SameToken(tokenIn);
        if (trade.amountIn == 0) revert IERC7621.ZeroAmount();
    }

    /// @notice Takes a trade into the lanes. `sold` is at most the reserve at `from`: the caller has checked.
    function move(Book memory book, uint256 from, uint256 to, uint256 sold, uint256 bought) internal pure {
        uint256[] memory lanes = book.lanes;
        uint256 lane = lanes.get(to);
        // A reserve is at most MAX_RESERVE, and so is the sum: the weights' bits are not touched.
        unchecked {
            if (bought > BasketStorage.MAX_RESERVE - lane.reserveOf()) revert ShareMath.ReserveOverflow(to, bought);
            lanes.set(to, lane + bought);
            lanes.set(from, lanes.get(from) - sold);
        }
    }

    /// @return balance The vault's own before a trade of the coin at `position`.
    function balanceBefore(uint256[] memory balances, uint256 position, address token)
        internal
        view
        returns (uint256 balance)
    {
        balance = balances.get(position);
        if (balance == 0) return CoinTransfer.balance(token);
        unchecked {
            --balance;
        }
    }

    /// @return balance The vault's own after a trade of the coin at `position`, remembered.
    function balanceAfter(uint256[] memory balances, uint256 position, address token)
        internal
        view
        returns (uint256 balance)
    {
        balance = CoinTransfer.balance(token);
        unchecked {
            balances.set(position, balance + 1); // the largest balance of all wraps to 0 and is asked for again
        }
    }
}
