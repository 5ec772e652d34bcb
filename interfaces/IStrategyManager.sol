// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Where the vault's coins are lent: per coin an ordered list of ERC-4626 strategies, with caps and an idle buffer.
/// @notice Holds the strategies' shares for one vault. Amounts are {coin}, own decimals; caps relative to the coin's
///         whole reserve (idle and lent) in bps.
interface IStrategyManager {
    /// @dev What is known of one strategy of a coin.
    struct StrategyState {
        address strategy;
        uint256 shares; // {share} that the manager holds
        uint256 value; // {coin} at the strategy's own rate; 0 when it cannot be read
        uint256 absoluteCap; // {coin}
        uint256 relativeCapBps; // bps{coin's reserve}
        uint256 liquid; // {coin} that it would pay us now
        bool paused; // nothing more is allocated
        bool readable; // whether it answers what its shares are worth
    }

    /// @dev How a coin is lent.
    struct Terms {
        uint256 bufferBps; // bps{coin's reserve} that `allocate` leaves idle
        uint256 unlockPeriod; // s over which a gain comes to count for who leaves
        uint256 jumpBps; // bps{share's price}: a larger move between two looks pauses the strategy
        uint256 lossBudgetBps; // bps{coin's reserve} that lending and taking back may lose ...
        uint256 lossPeriod; // s ... in this time
    }

    event StrategyAdded(address indexed token, address indexed strategy, uint256 absoluteCap, uint256 relativeCapBps);
    event StrategyRemoved(address indexed token, address indexed strategy);
    event CapsSet(address indexed strategy, uint256 absoluteCap, uint256 relativeCapBps);
    event OrderSet(address indexed token, address[] strategies);
    event TermsSet(address indexed token, Terms terms);
    event Bound(address vault);
    event StrategyPaused(address indexed strategy, bool paused);
    /// @dev A share's price moved by more than the bound between two looks: nothing more is allocated there.
    event JumpPaused(address indexed strategy, uint256 valueBefore, uint256 valueAfter);
    event Allocated(address indexed token, address indexed strategy, uint256 assets, uint256 shares);
    event Deallocated(address indexed token, address indexed strategy, uint256 assets, uint256 shares);
    /// @param counted {coin} to leave with from now on, see `gainsOf`.
    /// @param gain {coin} that was new and is locked now.
    event Synced(address indexed token, int256 counted, uint256 locked, uint256 gain, uint256 loss);
    event StrategyWrittenOff(address indexed strategy, uint256 shares);
    /// @dev A leaving holder took the strategy's own shares because it would not pay coins.
    event PaidInShares(address indexed account, address indexed strategy, uint256 shares, address receiver);
    event ShareClaimCreated(address indexed account, address indexed strategy, uint256 shares);
    event ShareClaimPaid(address indexed account, address indexed strategy, uint256 shares, address receiver);

    // --- for the vault ----------------------------------------------------------------------------------------------

    /// @notice What is lent of each token, as leaving and entering holders count it. Reverts while this contract or a
    ///         strategy is in the middle of something.
    /// @return lows {coin} to leave with: losses at once, gains as they unlock. Below zero: so much of the vault's own idle
    ///         coins are gains that have come back and still unlock.
    /// @return highs {coin} to enter against: everything, locked gains included; never negative, never below `lows`.
    /// @return unreadable Bit i: a strategy of token i with shares of ours does not say what they are worth. Nothing of the
    ///         token is in its low, everything in its high, this strategy as it was last seen: nobody may enter.
    function lentOf(address[] calldata tokens)
        external
        view
        returns (int256[] memory lows, int256[] memory highs, uint256 unreadable);

    /// @notice Vault only: brings `assets` of `token` into the vault, the most liquid strategy first. Reverts
    ///         `NotEnoughLiquidity` when they cannot all be had; the vault measures what came.
    function bring(address token, uint256 assets) external;

    /// @notice Vault only: pays a leaving holder's `assets` of `token` out of the strategies: in coins as far as they pay
    ///         now, else in their shares, else as a claim on those. Never reverts for a strategy's sake.
    /// @return paid {coin} that reached `receiver` as coins, and the worth of shares paid or claimed.
    function payOut(address token, uint256 assets, address account, address receiver) external returns (uint256 paid);

    /// @notice Vault only, where a strategy of `token` cannot be read: pays `part` of `whole` of every strategy's shares.
    function payShares(address token, uint256 part, uint256 whole, address account, address receiver) external;

    /// @notice Vault only, while it measures: redeems what the manager has set out to bring back.
    /// @return lent Whether anything is lent afterwards, of whatever coin.
    function release() external returns (bool lent);

    // --- keeper and guardian ----------------------------------------------------------------------------------------

    /// @notice KEEPER: idle coins into a strategy, inside caps, above the buffer, inside the loss budget.
    /// @return shares {share}
    function allocate(address strategy, uint256 assets) external returns (uint256 shares);

    /// @notice KEEPER: coins back into the vault, inside the loss budget; less than `assets` when the strategy has no more
    ///         for us now. `assets` at or above the strategy's value: every share that it takes back.
    /// @return received {coin} as the vault measured it.
    function deallocate(address strategy, uint256 assets) external returns (uint256 received);

    /// @notice GUARDIAN, at once: the same whatever it costs, down to `minReceived`. The loss is charged all the same.
    function recall(address strategy, uint256 assets, uint256 minReceived) external returns (uint256 received);

    /// @notice Anyone: takes note of gains (they unlock from now on) and losses of a coin's strategies, and of jumps.
    function sync(address token) external;

    /// @notice Pays the caller's claim on a strategy's shares.
    function claimShares(address strategy, address receiver) external returns (uint256 shares);

    // --- governor, curator and guardian -------------------------------------------------------------------------------

    /// @notice GOVERNOR, once: the vault, which must name this contract as its manager.
    function bind(address vault_) external;

    /// @notice GOVERNOR, delayed: a further strategy of its asset, at the end of the order.
    function addStrategy(address strategy, uint256 absoluteCap, uint256 relativeCapBps) external;

    /// @notice CURATOR: an empty strategy off the list.
    function removeStrategy(address strategy) external;

    /// @notice GOVERNOR, delayed: a strategy that cannot be read counts for nothing from now on, so that others may enter
    ///         again. Its shares stay here: what `recall` brings of them one day comes to count as a gain does.
    function writeOff(address strategy) external;

    /// @notice CURATOR, delayed: each at least what it is.
    function raiseCaps(address strategy, uint256 absoluteCap, uint256 relativeCapBps) external;

    /// @notice GUARDIAN, at once: each at most what it is.
    function lowerCaps(address strategy, uint256 absoluteCap, uint256 relativeCapBps) external;

    /// @notice GUARDIAN, at once.
    function pauseStrategy(address strategy) external;

    /// @notice CURATOR, delayed.
    function unpauseStrategy(address strategy) external;

    /// @notice CURATOR, delayed: the same strategies in another order, the first is drawn on first among equally liquid ones.
    function setOrder(address token, address[] calldata strategies) external;

    /// @notice CURATOR, delayed: how a coin is lent.
    function setTerms(address token, Terms calldata terms) external;

    // --- views ------------------------------------------------------------------------------------------------------

    function vault() external view returns (address);

    function strategiesOf(address token) external view returns (StrategyState[] memory);

    function termsOf(address token) external view returns (Terms memory);

    /// @return bps{coin's reserve}
    function bufferOf(address token) external view returns (uint256);

    /// @return {coin} that may still be allocated to `strategy` now; 0 with `reason` in words that say why.
    function allocatable(address strategy) external view returns (uint256, string memory reason);

    /// @return {coin} that the strategies of `token` would pay now, at most what is lent of it to leave with.
    function liquidOf(address token) external view returns (uint256);

    /// @return counted {coin} of what is lent, for who leaves; may be below zero, see `lentOf`.
    /// @return locked {coin} of gains that still unlock.
    /// @return fullAt s, when all of it is counted.
    function gainsOf(address token) external view returns (int256 counted, uint256 locked, uint256 fullAt);

    /// @notice What lending and taking back may still lose of a coin.
    /// @return remaining {coin} now, and `capacity` when full.
    function lossBudget(address token) external view returns (uint256 remaining, uint256 capacity);

    /// @return {share}
    function shareClaimOf(address account, address strategy) external view returns (uint256);
}
