// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev One strategy as it is kept: three slots.
struct Position {
    address token; // zero: not on any list
    uint16 relativeCapBps; // bps{coin's reserve}
    bool paused;
    bool writtenOff; // counts for nothing
    uint128 shares; // {share} of the fund; claims are beyond it
    uint128 absoluteCap; // {coin}
    uint128 seenShares; // {share} at the last look ...
    uint128 seenValue; // {coin} ... and what they were worth
}

/// @dev What is lent of a coin, for who leaves, and what lending it has cost.
struct Gains {
    int128 counted; // {coin} as of `since`
    uint128 locked; // {coin} gains that come to count from `since` to `fullAt`, evenly
    uint40 since; // s
    uint40 fullAt; // s
    uint40 lossUsed; // ppt{coin's reserve} of the loss budget, as of `lossAt`
    uint40 lossAt; // s
}

/// @dev IStrategyManager's Terms in one slot; no unlock period: the coin has never had a strategy.
struct PackedTerms {
    uint16 bufferBps;
    uint16 jumpBps;
    uint16 lossBudgetBps;
    uint32 unlockPeriod;
    uint32 lossPeriod;
}

/// @dev A strategy as it answers now.
struct Holding {
    address strategy;
    uint256 shares; // {share}
    uint256 value; // {coin}; as last seen where it does not answer
    uint256 liquid; // {coin} that it would pay now, at most its value; 0 when not asked
    bool readable;
}
