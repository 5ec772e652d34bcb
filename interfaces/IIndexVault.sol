// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";
import {IERC173} from "@interfaces/IERC173.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";

/// @title One exchange of coins through a venue, as the vault executes it.
struct Trade {
    address tokenIn; // sold by the vault
    address tokenOut; // bought by the vault
    uint256 amountIn; // of tokenIn, own decimals
    uint256 minAmountOut; // of tokenOut, own decimals: the proposer's own limit
    address venue;
    bytes data; // route, for the venue
}

/// @title Custody and share token: ERC-7621 plus what its owner and its holders need beyond it.
interface IIndexVault is IERC7621, IERC173 {
    event Traded(address indexed tokenIn, address indexed tokenOut, uint256 sold, uint256 bought, address venue);
    event ClaimCreated(address indexed account, address indexed token, uint256 amount);
    event ClaimPaid(address indexed account, address indexed token, uint256 amount, address receiver);
    event ContributionsPaused(bool paused);

    /// @notice Everything a brain needs in one call. Reserves in each token's own decimals, idle and lent, as holders
    ///         leave with them; weights in bps.
    function getBasket()
        external
        view
        returns (address[] memory tokens, uint256[] memory weights, uint256[] memory reserves);

    /// @notice 10**(18 - decimals) of each constituent, in order: reserve * scale is WAD{coin}.
    function getScales() external view returns (uint256[] memory);

    /// @notice Owner only. Runs the trades in order; reserves move by the measured balance changes.
    /// @return sold Measured amounts of `tokenIn` that left, one per trade.
    /// @return bought Measured amounts of `tokenOut` that came, one per trade, each >= its `minAmountOut`.
    function executeTrades(Trade[] calldata trades)
        external
        returns (uint256[] memory sold, uint256[] memory bought);

    /// @notice Manager only: sends idle coins to the manager, to be lent.
    function lend(address token, uint256 amount) external;

    /// @notice Manager only: calls `release` back and takes what then comes in as idle.
    /// @return received {coin}
    function takeBack(address token) external returns (uint256 received);

    /// @notice Where coins are lent; zero: nowhere.
    function manager() external view returns (IStrategyManager);

    /// @notice Who says which coins may come in, and be lent; zero: all may.
    function guard() external view returns (IContributionGuard);

    /// @notice The part of a coin's reserve that is not lent, own decimals; 0 for a token that is no constituent.
    function idleOf(address token) external view returns (uint256);

    /// @notice What a fill can sell of a coin now: idle, and what its strategies would pay.
    function available(address token) external view returns (uint256);

    /// @notice A withdrawal's part that a coin refused to pay, kept for its owner outside the reserves.
    function claimOf(address account, address token) external view returns (uint256);

    /// @notice Pays the caller's claim in `token` to `receiver`.
    function claim(address token, address receiver) external returns (uint256 amount);

    /// @notice GUARDIAN: stops contributions at once. Withdrawals never stop.
    function pauseContributions() external;

    /// @notice CURATOR, delayed: lets them in again.
    function unpauseContributions() external;

    function contributionsPaused() external view returns (bool);
}
