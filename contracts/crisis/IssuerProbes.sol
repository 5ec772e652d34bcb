// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedReader} from "../libraries/FeedReader.sol";
import {PROBE_LIMIT, Probe} from "./CrisisTypes.sol";

/// @dev A probe as it is kept: two slots, one when it has no argument.
struct StoredProbe {
    address target;
    bytes4 selector;
    bool hasArgument;
    bytes32 argument;
}

/// @title Asks coins whether their issuer has stopped them (`paused()`, `isBlacklisted(vault)`).
/// @dev Nothing a coin answers makes these functions revert. A probe that fails, answers too little or burns its gas says
///      nothing; one that is starved of gas by the caller reverts, or a caller could silence it.
library IssuerProbes {
    /// @dev Gas a probe is given. A proxied stablecoin's `isBlacklisted` takes about 10k.
    uint256 internal constant PROBE_GAS = 60_000;
    /// @dev PROBE_GAS * 64 / 63, and 3,000 for calling a cold account.
    uint256 private constant GAS_NEEDED = 63_953;

    error ProbeCountOutOfRange(uint256 count, uint256 maximum);
    /// Neither a selector alone nor one with a word behind it.
    error ProbeDataLength(uint256 index, uint256 length);
    /// The target gives no proper answer now.
    error ProbeFails(uint256 index, address target);

    /// @notice Replaces a coin's probes by ones that answer now.
    function set(StoredProbe[PROBE_LIMIT] storage stored, Probe[] calldata probes) internal {
        uint256 count = probes.length;
        if (count > PROBE_LIMIT) revert ProbeCountOutOfRange(count, PROBE_LIMIT);
        for (uint256 i; i < PROBE_LIMIT; ++i) {
            if (i >= count) {
                delete stored[i];
                continue;
            }
            uint256 length = probes[i].data.length;
            if (length != 4 && length != 36) revert ProbeDataLength(i, length);
            bytes32 argument = length == 36 ? bytes32(probes[i].data[4:]) : bytes32(0);
            stored[i] = StoredProbe(probes[i].target, bytes4(probes[i].data[:4]), length == 36, argument);
            (bool answered,) = _ask(stored[i]);
            if (!answered) revert ProbeFails(i, probes[i].target);
        }
    }

    /// @notice Whether one of the first `count` probes says that the coin is stopped.
    function isStopped(StoredProbe[PROBE_LIMIT] storage stored, uint256 count) internal view returns (bool) {
        for (uint256 i; i < count; ++i) {
            (, bool stopped) = _ask(stored[i]);
            if (stopped) return true;
        }
        return false;
    }

    function read(StoredProbe[PROBE_LIMIT] storage stored, uint256 count) internal view returns (Probe[] memory probes) {
        probes = new Probe[](count);
        for (uint256 i; i < count; ++i) {
            StoredProbe memory p = stored[i];
            probes[i].target = p.target;
            probes[i].data = p.hasArgument ? abi.encodePacked(p.selector, p.argument) : abi.encodePacked(p.selector);
        }
    }

    function _ask(StoredProbe storage probe) private view returns (bool answered, bool stopped) {
        uint256 available = gasleft();
        if (available < GAS_NEEDED) revert FeedReader.InsufficientGas(GAS_NEEDED, available);
        (address target, bytes4 selector, bool hasArgument) = (probe.target, probe.selector, probe.hasArgument);
        bytes32 argument = hasArgument ? probe.argument : bytes32(0);
        uint256 probeGas = PROBE_GAS;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            mstore(add(at, 4), argument)
            let ok := staticcall(probeGas, target, at, add(4, shl(5, hasArgument)), at, 32)
            answered := and(ok, gt(returndatasize(), 31))
            stopped := and(answered, iszero(iszero(mload(at))))
        }
    }
}
