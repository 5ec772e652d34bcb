// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";
import {BareSwaps} from "./BareSwaps.sol";

/// @title Bare swaps after one look at every coin's price: the least that a rebalance checked against live feeds can cost.
/// @dev The prices are read and thrown away.
contract PricedSwaps is BareSwaps {
    function runPriced(Swap[] calldata swaps, AggregatorV3Interface[] calldata feeds) external {
        for (uint256 i; i < feeds.length; ++i) {
            feeds[i].latestRoundData();
        }
        _run(swaps);
    }
}
