// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

/// @title A feed that answers one price, made now. For rehearsals only: on a fork its code is put where a real feed is.
contract RehearsalFeed is AggregatorV3Interface {
    uint8 private immutable _DECIMALS;
    int256 private immutable _ANSWER;

    /// @param answer_ 10**decimals {USD/coin}.
    constructor(uint8 decimals_, int256 answer_) {
        (_DECIMALS, _ANSWER) = (decimals_, answer_);
    }

    /// @inheritdoc AggregatorV3Interface
    function decimals() external view returns (uint8) {
        return _DECIMALS;
    }

    /// @inheritdoc AggregatorV3Interface
    function description() external pure returns (string memory) {
        return "rehearsal";
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _ANSWER, block.timestamp, block.timestamp, 1);
    }
}
