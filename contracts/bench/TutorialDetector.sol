// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title A depeg detector as tutorials write it, to be compared with: a struct pushed per look, the verdict found by going
///        over the last ones. It knows no recovery, no blindness and no area, and forgets nothing.
contract TutorialDetector is Ownable {
    struct Observation {
        uint256 timestamp;
        int256 deviation; // bps
        uint256 volume;
        uint256 spread; // bps
    }

    uint256 public constant INTERVAL = 5 minutes;
    uint256 public constant HEARTBEAT = 86_400;
    int256 public constant THRESHOLD = 500; // bps
    uint256 public constant CONFIRMATIONS = 6; // looks in a row
    uint256 public constant AVERAGE_OVER = 24; // looks

    mapping(address asset => address[]) public feeds;
    mapping(address asset => uint256) public volumes;
    mapping(address asset => Observation[]) public observations;

    event Observed(address indexed asset, int256 deviation, uint256 volume, uint256 spread);
    event CrisisDetected(address indexed asset, uint256 timestamp);

    error TooSoon();
    error BadPrice(address feed);

    constructor() Ownable(msg.sender) {}

    function setFeeds(address asset, address[] calldata assetFeeds) external onlyOwner {
        feeds[asset] = assetFeeds;
    }

    function reportVolume(address asset, uint256 volume) external onlyOwner {
        volumes[asset] = volume;
    }

    function observe(address asset) external {
        Observation[] storage looks = observations[asset];
        uint256 count = looks.length;
        if (count > 0 && block.timestamp < looks[count - 1].timestamp + INTERVAL) revert TooSoon();
        uint256 low = type(uint256).max;
        uint256 high = 0;
        for (uint256 i = 0; i < feeds[asset].length; i++) {
            uint256 answer = price(feeds[asset][i]);
            if (answer < low) low = answer;
            if (answer > high) high = answer;
        }
        int256 deviation = (int256((low + high) / 2) - 1e8) * 10_000 / 1e8;
        uint256 spread = ((high - low) * 10_000) / low;
        looks.push(Observation(block.timestamp, deviation, volumes[asset], spread));
        emit Observed(asset, deviation, volumes[asset], spread);
        if (isCrisisDetected(asset)) emit CrisisDetected(asset, block.timestamp);
    }

    function price(address feed) public view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = AggregatorV3Interface(feed).latestRoundData();
        if (answer <= 0 || block.timestamp - updatedAt > HEARTBEAT) revert BadPrice(feed);
        return uint256(answer);
    }

    function isCrisisDetected(address asset) public view returns (bool) {
        Observation[] storage looks = observations[asset];
        if (looks.length < AVERAGE_OVER) return false;
        uint256 off = 0;
        for (uint256 i = looks.length - CONFIRMATIONS; i < looks.length; i++) {
            int256 deviation = looks[i].deviation;
            if (deviation > THRESHOLD || deviation < -THRESHOLD) off++;
        }
        if (off == CONFIRMATIONS) return true;
        int256 last = looks[looks.length - 1].deviation;
        return (last > THRESHOLD || last < -THRESHOLD) && volumes[asset] > 3 * averageVolume(asset);
    }

    function averageVolume(address asset) public view returns (uint256 average) {
        Observation[] storage looks = observations[asset];
        for (uint256 i = looks.length - AVERAGE_OVER; i < looks.length; i++) {
            average += looks[i].volume / AVERAGE_OVER;
        }
    }
}
