// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

/// @title The least that a look can cost: every source asked once, one used slot written; and the least that a verdict can:
///        one slot read.
contract FloorDetector {
    mapping(address asset => uint256) public looks;

    function observe(address asset, AggregatorV3Interface[] calldata feeds) external {
        ask(feeds);
        looks[asset] = block.timestamp;
    }

    function isCrisisDetected(address asset) external view returns (bool) {
        return looks[asset] == 0;
    }

    function ask(AggregatorV3Interface[] calldata feeds) public view {
        for (uint256 i; i < feeds.length; ++i) {
            feeds[i].latestRoundData();
        }
    }
}
