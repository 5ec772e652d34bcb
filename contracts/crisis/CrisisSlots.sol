// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Record, Track} from "./CrisisTypes.sol";

/// @title A coin's two slots written once each; the compiler would write each of their fields.
/// @dev The words are laid out as the compiler does it, fields from the lowest bits up, so it can read them back.
library CrisisSlots {
    function store(Record storage slot, Record memory r) internal {
        uint256 word = uint256(r.state) | (uint256(r.at) << 8) | (uint256(r.since) << 48)
            | (uint256(uint16(r.deviation)) << 88) | (_bit(r.confirmed) << 104) | (_bit(r.wasCalm) << 112)
            | (uint256(r.area) << 120) | (uint256(r.calm) << 168) | (uint256(r.blind) << 208)
            | (uint256(r.surges) << 248);
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }

    function store(Track storage slot, Track memory t) internal {
        uint256 word = uint256(t.volume) | (uint256(t.reportedAt) << 64) | (uint256(t.volumeSum) << 104)
            | (uint256(t.volumeCount) << 176) | (uint256(t.next) << 184) | (uint256(t.probes) << 192);
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }

    function _bit(bool value) private pure returns (uint256) {
        return value ? 1 : 0;
    }
}
