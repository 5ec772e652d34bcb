// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";

uint256 constant RING_LOOKS = 64; // what a coin's ring holds
uint256 constant PROBE_LIMIT = 2; // issuer probes of one coin

/// @dev What one look shows; `ballast.model.crisis.Sight`.
struct Sight {
    bool seen; // enough of the coin's own sources answer
    bool confirmed; // ... as many as `confirmations` asks for: only this counts towards a crisis
    int256 deviation; // bps{$1}, signed, towards zero; 0 unseen
    uint256 spread; // bps between the lowest and the highest good source
    uint256 good; // sources that answer
}

/// @dev One look with what goes beside it.
struct Look {
    Sight sight;
    bool stopped; // by the issuer
    uint256 volume; // {USD/h}, 0 unknown
    bool surge; // of that volume over its average
}

/// @dev What is remembered of a coin beyond its ring; `ballast.model.crisis.Record`. One slot, full.
struct Record {
    ICrisisDetector.State state;
    uint40 at; // s, the last look; 0 before the first
    uint40 since; // s, since when the state holds; 0 before the first change
    int16 deviation; // bps{$1} of the last look
    bool confirmed; // the last look
    bool wasCalm; // the last look
    uint48 area; // bps * s, at most twice the threshold
    uint40 calm; // s of calm; in RECOVERING the progress
    uint40 blind; // s without sight
    uint8 surges; // looks in a row with a surge
}

/// @dev A coin's volumes and where its ring goes on. One slot.
struct Track {
    uint64 volume; // {USD/h}, whole, as last reported
    uint40 reportedAt; // s, 0 before the first report
    uint72 volumeSum; // {USD/h} of the ring's known volumes; 64 of them fit
    uint8 volumeCount; // how many those are
    uint8 next; // the ring's slot of the next look
    uint8 probes; // issuer probes in use
}

/// @dev One entry of the ring.
struct Observation {
    uint256 time; // s
    int256 deviationBps; // bps{$1}
    uint256 spreadBps;
    uint256 good; // sources that answered
    uint256 volume; // {USD/h}, 0 unknown
    bool seen;
    bool confirmed;
    bool stopped; // by the issuer
    bool surge;
}

/// @dev A question to a coin or its issuer: an answer whose first word is not zero says the coin is stopped.
struct Probe {
    address target;
    bytes data; // a selector, and one word after it or none
}
