// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A price feed in Chainlink's form: what every oracle source answers.
interface AggregatorV3Interface {
    /// @return Number of decimals in `answer`.
    function decimals() external view returns (uint8);

    /// @return What the feed prices, e.g. "USDC / USD".
    function description() external view returns (string memory);

    /// @return roundId Round of the answer.
    /// @return answer Price in 10**decimals {USD/coin}; signed, so that a fault can show.
    /// @return startedAt s, when the round began.
    /// @return updatedAt s, when the answer was made.
    /// @return answeredInRound Deprecated by Chainlink; below `roundId` it marks a carried-over answer.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
