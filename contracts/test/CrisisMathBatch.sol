// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {Look, Record, Sight} from "../crisis/CrisisTypes.sol";
import {CrisisMath} from "../libraries/CrisisMath.sol";

/// @title Many sequences of looks through the detector's maths in one call, for comparison with its Python twin.
/// @dev Words in and words out, because ABI tuples of this many fields would take Python longer than the maths takes here.
contract CrisisMathBatch {
    /// @param words For each sequence its number of looks and the fifteen parameters; for each look the time, the number of
    ///        sources, stopped (0 or 1), volume, sum and number of earlier volumes, least, the number of good sources and
    ///        their prices.
    /// @return out For each look two words: what it showed with the steps back after it, and the record after it.
    function play(uint256[] calldata words) external pure returns (bytes memory out) {
        uint256 at;
        out = new bytes(words.length * 32); // more than enough: a look takes eight words at least
        uint256 end;
        while (at < words.length) {
            (uint256 looks, ICrisisDetector.CrisisParams memory p) = (words[at], _params(words[at + 1:at + 16]));
            at += 16;
            Record memory r;
            for (uint256 i; i < looks; ++i) {
                uint256 good = words[at + 7];
                Look memory look = _look(words[at:at + 8 + good], p);
                CrisisMath.look(r, look, words[at], p);
                at += 8 + good;
                end = _write(out, end, look, r, CrisisMath.stepsDone(r, p));
            }
        }
        assembly ("memory-safe") {
            mstore(out, end) // shortens the array in place
        }
    }

    function _look(uint256[] calldata w, ICrisisDetector.CrisisParams memory p)
        private
        pure
        returns (Look memory look)
    {
        uint256[] memory prices = w[8:];
        look.sight = CrisisMath.sight(prices, w[1], p.confirmations);
        (look.stopped, look.volume) = (w[2] != 0, w[3]);
        look.surge = CrisisMath.isSurge(w[3], w[4], w[5], w[6], p.surgeTenths);
    }

    function _write(bytes memory out, uint256 end, Look memory look, Record memory r, uint256 steps)
        private
        pure
        returns (uint256)
    {
        Sight memory s = look.sight;
        bytes32 shown = bytes32(
            abi.encodePacked(
                s.seen, s.confirmed, int16(s.deviation), uint16(s.spread), uint8(s.good), look.surge, uint192(steps)
            )
        );
        bytes32 record = bytes32(
            abi.encodePacked(
                r.state, r.at, r.since, r.deviation, r.confirmed, r.wasCalm, r.area, r.calm, r.blind, r.surges
            )
        );
        assembly ("memory-safe") {
            mstore(add(add(out, 32), end), shown)
            mstore(add(add(out, 64), end), record)
        }
        return end + 64;
    }

    function _params(uint256[] calldata w) private pure returns (ICrisisDetector.CrisisParams memory) {
        return ICrisisDetector.CrisisParams({
            confirmations: uint8(w[0]),
            watchBps: uint16(w[1]),
            calmBps: uint16(w[2]),
            allowanceBps: uint16(w[3]),
            threshold: uint40(w[4]),
            surgeBps: uint16(w[5]),
            surgeTenths: uint16(w[6]),
            surgeLooks: uint8(w[7]),
            spacing: uint32(w[8]),
            maxGap: uint32(w[9]),
            calmPeriod: uint32(w[10]),
            recoveryPeriod: uint32(w[11]),
            stepInterval: uint32(w[12]),
            steps: uint8(w[13]),
            darkPeriod: uint32(w[14])
        });
    }
}
