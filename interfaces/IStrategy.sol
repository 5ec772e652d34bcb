// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @dev One reward to be turned into the strategy's asset.
struct RewardSale {
    address token; // what is sold; never the asset, never what the strategy's position is made of
    uint256 amount; // own decimals; type(uint256).max: all there is
    address venue; // an IVenue
    bytes data; // route, for the venue
}

/// @title A lending or liquidity position as a true ERC-4626 vault, open to any holder.
interface IStrategy is IERC4626 {
    /// @param gain {asset} that came in; it counts for the holders bit by bit until `fullAt`.
    event Harvested(uint256 gain, uint256 fullAt);
    /// @dev A reward source did not pay: nothing else is hindered.
    event RewardsRefused(address source);
    event DepositsPaused(bool paused);

    /// @notice KEEPER: claims rewards, sells what `sales` says under the oracle floor, invests what came.
    /// @return gain {asset}
    function harvest(RewardSale[] calldata sales) external returns (uint256 gain);

    /// @notice GUARDIAN: nobody gets in any more; everybody gets out.
    function pauseDeposits() external;

    /// @notice CURATOR, delayed: lets deposits in again.
    function unpauseDeposits() external;

    function depositsPaused() external view returns (bool);

    /// @return {asset} harvested and not yet counted.
    function lockedProfit() external view returns (uint256);

    /// @return The tokens that `harvest` may sell.
    function rewardTokens() external view returns (address[] memory);
}
