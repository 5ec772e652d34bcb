// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Look, Observation, RING_LOOKS, Sight, Track} from "./CrisisTypes.sol";

/// @title A coin's last looks, one word each, lowest bits first:
///        time 40 {s} | deviation 16 {bps, signed} | spread 16 {bps} | good 8 | volume 64 {USD/h} | flags 4.
/// @dev The sum and number of the known volumes in the ring are kept beside it, so that an average costs no reading.
library ObservationRing {
    uint256 private constant DEVIATION_AT = 40;
    uint256 private constant SPREAD_AT = 56;
    uint256 private constant GOOD_AT = 72;
    uint256 private constant VOLUME_AT = 80;
    uint256 private constant FLAGS_AT = 144;
    uint256 private constant SEEN = 1;
    uint256 private constant CONFIRMED = 2;
    uint256 private constant STOPPED = 4;
    uint256 private constant SURGE = 8;

    /// @notice Overwrites the oldest look and moves the track on.
    function push(uint256[RING_LOOKS] storage ring, Track memory track, Look memory look) internal {
        uint256 at = track.next;
        uint256 dropped = uint64(ring[at] >> VOLUME_AT);
        unchecked {
            // What is dropped was added when it came in; 64 volumes of 64 bits fit into 72.
            if (dropped != 0) {
                track.volumeSum -= uint72(dropped);
                --track.volumeCount;
            }
            if (look.volume != 0) {
                track.volumeSum += uint72(look.volume);
                ++track.volumeCount;
            }
            track.next = uint8((at + 1) % RING_LOOKS);
        }
        Sight memory sight = look.sight;
        ring[at] = block.timestamp | (uint256(uint16(int16(sight.deviation))) << DEVIATION_AT)
            | (sight.spread << SPREAD_AT) | (sight.good << GOOD_AT) | (look.volume << VOLUME_AT)
            | (_flags(look) << FLAGS_AT);
    }

    /// @notice The looks from the oldest to the newest.
    function read(uint256[RING_LOOKS] storage ring, uint256 next) internal view returns (Observation[] memory looks) {
        looks = new Observation[](RING_LOOKS);
        uint256 found;
        for (uint256 i; i < RING_LOOKS; ++i) {
            uint256 word = ring[(next + i) % RING_LOOKS];
            if (word != 0) looks[found++] = _unpack(word);
        }
        assembly ("memory-safe") {
            mstore(looks, found) // shortens the array in place
        }
    }

    function _unpack(uint256 word) private pure returns (Observation memory) {
        uint256 flags = word >> FLAGS_AT;
        return Observation({
            time: uint40(word),
            deviationBps: int16(uint16(word >> DEVIATION_AT)),
            spreadBps: uint16(word >> SPREAD_AT),
            good: uint8(word >> GOOD_AT),
            volume: uint64(word >> VOLUME_AT),
            seen: flags & SEEN != 0,
            confirmed: flags & CONFIRMED != 0,
            stopped: flags & STOPPED != 0,
            surge: flags & SURGE != 0
        });
    }

    function _flags(Look memory look) private pure returns (uint256) {
        return (look.sight.seen ? SEEN : 0) | (look.sight.confirmed ? CONFIRMED : 0) | (look.stopped ? STOPPED : 0)
            | (look.surge ? SURGE : 0);
    }
}
