// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

/// @title Stands where Chainlink's aggregator stands, with as many cold slots to read: the latest round's id, and the round.
contract BenchAggregator {
    struct Transmission {
        int192 answer;
        uint64 timestamp;
    }

    uint32 private _latestRound = 1;
    mapping(uint32 round => Transmission) private _transmissions;

    constructor(int192 answer) {
        _transmissions[1] = Transmission(answer, uint64(block.timestamp));
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint32 round = _latestRound;
        Transmission memory t = _transmissions[round];
        return (round, t.answer, t.timestamp, t.timestamp, round);
    }
}

/// @title Stands where Chainlink's proxy stands: one slot says which aggregator answers.
contract BenchFeed is AggregatorV3Interface {
    struct Phase {
        uint16 id;
        BenchAggregator aggregator;
    }

    Phase private _phase;

    constructor(int192 answer) {
        _phase = Phase(1, new BenchAggregator(answer));
    }

    function decimals() external pure returns (uint8) {
        return 8;
    }

    function description() external pure returns (string memory) {
        return "BENCH / USD";
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        Phase memory phase = _phase;
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt,) = phase.aggregator.latestRoundData();
        round |= uint80(phase.id) << 64;
        return (round, answer, startedAt, updatedAt, round);
    }
}
