// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev Where a coin's cap comes from.
enum Source {
    REPORTED, // pushed by REPORTER
    SUPPLY // sampled from totalSupply, at $1 each
}

struct ConstituentConfig {
    address token;
    uint16 minBps;
    uint16 maxBps; // 0: default bounds
    Source source;
}

/// @dev One coin's data, one slot.
struct MarketData {
    uint96 cap; // whole USD
    uint16 score; // per mille
    uint16 volatilityBps; // lowers the adjusted cap
    uint16 yieldBps; // raises it
    uint32 oldestAt; // s, the lesser of the next two, so that a read takes one; 0: no data yet
    uint32 capAt; // s
    uint32 scoreAt; // s, of the score and the tilts
    bool listed; // on the list of constituents
    bool sampled; // cap from the supply
}

struct Report {
    address token;
    uint256 cap; // whole USD; 0 for a coin of source SUPPLY
    uint256 score; // per mille
    uint256 volatilityBps;
    uint256 yieldBps;
}

struct Limits {
    uint16 maxCapChangeBpsPerHour;
    uint16 maxScoreChangePerHour; // per mille
    uint16 maxTiltBps; // 0: tilts are off
    uint16 sampleMinBlocks; // between the first and the last sample
    uint16 sampleMaxBlocks; // a window older than this starts anew
}

struct ConstituentView {
    address token;
    uint256 minBps;
    uint256 maxBps;
    Source source;
    bool active;
    uint256 cap; // whole USD
    uint256 score; // per mille
    uint256 volatilityBps;
    uint256 yieldBps;
    uint256 capAt; // s
    uint256 scoreAt; // s
}
