// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What a trade's source of coins offers a venue while the venue is being called, and only then.
interface ITradeFunding {
    /// @notice Sends the trade's `amountIn` of `tokenIn` to `to`; once per trade, only for the venue of the trade.
    /// @dev Pulling inside the pool's own callback saves one token transfer; the coins were the venue's to lose anyway.
    function fund(address to) external;
}

/// @title A swap adapter. Stands outside the trust line: holds nothing between calls, is approved for nothing.
interface IVenue {
    /// @notice Swaps exactly `amountIn` of `tokenIn` for `tokenOut` and leaves the proceeds with `msg.sender`.
    /// @dev The caller implements `ITradeFunding`; the venue calls `fund` once, naming where the coins must go.
    /// @param data Venue-specific route.
    function swap(address tokenIn, address tokenOut, uint256 amountIn, bytes calldata data) external;
}
