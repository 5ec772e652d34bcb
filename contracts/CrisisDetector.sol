// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {CrisisParameters} from "./crisis/CrisisParameters.sol";
import {CrisisSlots} from "./crisis/CrisisSlots.sol";
import {Look, Observation, PROBE_LIMIT, Probe, RING_LOOKS, Record, Track} from "./crisis/CrisisTypes.sol";
import {IssuerProbes, StoredProbe} from "./crisis/IssuerProbes.sol";
import {ObservationRing} from "./crisis/ObservationRing.sol";
import {CrisisMath} from "./libraries/CrisisMath.sol";

/// @title Whether each coin holds its peg: SOUND -> WATCH -> CRISIS -> RECOVERING -> SOUND, and DARK while nothing is seen.
/// @notice Anyone looks, at most once in `spacing`; a look changes a state by one step at most, and nothing else changes
///         one. What decides is in `CrisisMath`. Volume comes from REPORTER within bounds and only hastens what at least
///         two sources show; issuers' own words (`setIssuerProbes`) lead to WATCH and hold recovery, never to CRISIS.
/// @dev A look costs two slots and one of the ring. It moves no funds and is asked by those who do.
contract CrisisDetector is CrisisParameters, IContributionGuard {
    using CrisisSlots for Record;
    using CrisisSlots for Track;
    using ObservationRing for uint256[RING_LOOKS];
    using IssuerProbes for StoredProbe[PROBE_LIMIT];

    /// @notice Looks that a coin's ring holds.
    uint256 public constant RING_SIZE = RING_LOOKS;
    uint256 public constant MAX_PROBES = PROBE_LIMIT;
    /// @notice Gas that an issuer probe is given.
    uint256 public constant PROBE_GAS = IssuerProbes.PROBE_GAS;
    /// @notice How many times the last volume the next report may be.
    uint256 public constant MAX_VOLUME_FACTOR = 10;
    /// @notice s between two reports of one coin's volume at least.
    uint256 public constant REPORT_SPACING = 10 minutes;
    /// @notice s, a volume older than this is unknown.
    uint256 public constant VOLUME_LIFETIME = 2 hours;
    /// @notice bps{$1}: what is farther from a dollar when it is first looked at is no dollar coin.
    uint256 public constant MAX_FIRST_DEVIATION = 5_000;
    /// @notice Known volumes in the ring below which no average is believed.
    uint256 public constant LEAST_VOLUMES = 24;

    IPriceOracle public immutable ORACLE;

    /// @dev What concerns all coins, one slot; written when a state changes only.
    struct Summary {
        uint32 unsound; // coins that are not SOUND
        uint40 lastWorsenedAt; // s
    }

    Summary private _summary;
    mapping(address asset => Record) private _records;
    mapping(address asset => Track) private _tracks;
    mapping(address asset => uint256[RING_LOOKS]) private _rings;
    mapping(address asset => StoredProbe[PROBE_LIMIT]) private _probes;

    event VolumeReported(address indexed asset, uint256 volume);
    event IssuerProbesSet(address indexed asset, Probe[] probes);

    error ObservedTooSoon(uint256 readyAt);
    error UnknownAsset(address asset);
    /// The oracle's keys for other things, such as ether, are nobody's crisis.
    error NotADollarCoin(address asset, int256 deviationBps);
    /// The oracle still has sources for it: its looks go on.
    error StillPriced(address asset);
    error ArrayLengthMismatch(uint256 assets, uint256 values);
    error ZeroVolume(address asset);
    error VolumeTooLarge(address asset, uint256 previous, uint256 proposed, uint256 allowed);
    error ReportedTooSoon(address asset, uint256 readyAt);

    /// @param authority The AccessManager that says who is CURATOR and REPORTER.
    constructor(address authority, IPriceOracle oracle) AccessManaged(authority) {
        ORACLE = oracle;
    }

    // ---------------------------------------------------------------- looking

    /// @inheritdoc ICrisisDetector
    function observe(address asset) external returns (State) {
        CrisisParams memory p = _params;
        Record memory r = _records[asset];
        uint256 readyAt = uint256(r.at) + p.spacing;
        if (block.timestamp < readyAt) revert ObservedTooSoon(readyAt);
        Track memory track = _tracks[asset];
        Look memory look = _look(asset, track, p);
        if (r.at == 0) _checkFirst(asset, look.sight.deviation);
        State before = r.state;
        CrisisMath.look(r, look, block.timestamp, p);
        _rings[asset].push(track, look);
        _records[asset].store(r);
        _tracks[asset].store(track);
        emit Observed(asset, look.sight.deviation, look.sight.spread, look.sight.good, r.area);
        if (r.state != before) _noteChange(asset, before, r.state);
        return r.state;
    }

    /// @inheritdoc ICrisisDetector
    function isCrisisDetected(address asset) external view returns (bool) {
        return _records[asset].state == State.CRISIS;
    }

    /// @inheritdoc IContributionGuard
    /// @dev A recovering coin comes back by trades and may come back by contributions.
    function mayEnter(address asset) external view returns (bool) {
        State state = _records[asset].state;
        return state == State.SOUND || state == State.RECOVERING;
    }

    /// @inheritdoc ICrisisDetector
    function stateOf(address asset) external view returns (State) {
        return _records[asset].state;
    }

    /// @inheritdoc ICrisisDetector
    function statesOf(address[] calldata assets) external view returns (State[] memory states) {
        states = new State[](assets.length);
        for (uint256 i; i < assets.length; ++i) {
            states[i] = _records[assets[i]].state;
        }
    }

    /// @inheritdoc ICrisisDetector
    function recoverySteps(address asset) external view returns (uint256 done, uint256 steps) {
        CrisisParams memory p = _params;
        return (CrisisMath.stepsDone(_records[asset], p), p.steps);
    }

    /// @inheritdoc ICrisisDetector
    function allSound() external view returns (bool) {
        return _summary.unsound == 0;
    }

    /// @inheritdoc ICrisisDetector
    function lastWorsenedAt() external view returns (uint256) {
        return _summary.lastWorsenedAt;
    }

    /// @notice What a look would show now.
    function preview(address asset) external view returns (Look memory) {
        return _look(asset, _tracks[asset], _params);
    }

    function recordOf(address asset) external view returns (Record memory) {
        return _records[asset];
    }

    /// @notice The coin's volumes as they stand, and where its ring goes on.
    function trackOf(address asset) external view returns (Track memory) {
        return _tracks[asset];
    }

    /// @notice The last `RING_SIZE` looks at most, the oldest first.
    function observationsOf(address asset) external view returns (Observation[] memory) {
        return _rings[asset].read(_tracks[asset].next);
    }

    function issuerProbesOf(address asset) external view returns (Probe[] memory) {
        return _probes[asset].read(_tracks[asset].probes);
    }

    // ---------------------------------------------------------------- authority

    /// @notice REPORTER: traded volumes of some coins, all or nothing. A coin's first report is free, a later one at most
    ///         `MAX_VOLUME_FACTOR` times the last.
    /// @param volumes {USD/h}, whole, not 0: who does not know a volume does not report it.
    function reportVolumes(address[] calldata assets, uint256[] calldata volumes) external restricted {
        if (assets.length != volumes.length) revert ArrayLengthMismatch(assets.length, volumes.length);
        for (uint256 i; i < assets.length; ++i) {
            (address asset, uint256 volume) = (assets[i], volumes[i]);
            Track storage track = _tracks[asset];
            (uint256 previous, uint256 reportedAt) = (track.volume, track.reportedAt);
            if (volume == 0) revert ZeroVolume(asset);
            uint256 allowed = type(uint64).max;
            if (reportedAt != 0) {
                uint256 readyAt = reportedAt + REPORT_SPACING;
                if (block.timestamp < readyAt) revert ReportedTooSoon(asset, readyAt);
                if (previous * MAX_VOLUME_FACTOR < allowed) allowed = previous * MAX_VOLUME_FACTOR;
            }
            if (volume > allowed) revert VolumeTooLarge(asset, previous, volume, allowed);
            (track.volume, track.reportedAt) = (uint64(volume), uint40(block.timestamp));
            emit VolumeReported(asset, volume);
        }
    }

    /// @notice CURATOR, delayed: what is asked whether the issuer has stopped a coin; at most `MAX_PROBES`, each of which
    ///         must answer now.
    function setIssuerProbes(address asset, Probe[] calldata probes) external restricted {
        _probes[asset].set(probes);
        _tracks[asset].probes = uint8(probes.length);
        emit IssuerProbesSet(asset, probes);
    }

    /// @notice CURATOR, delayed: a coin that the oracle no longer has is SOUND again, as one never looked at. Nobody could
    ///         look at it any more, and `allSound` would wait for it for ever.
    function forget(address asset) external restricted {
        (, uint256 sources) = ORACLE.goodPrices(asset);
        if (sources != 0) revert StillPriced(asset);
        State before = _records[asset].state;
        delete _records[asset];
        if (before != State.SOUND) _noteChange(asset, before, State.SOUND);
    }

    // ---------------------------------------------------------------- internals

    /// @dev A frozen asset, or a sequencer that is down, shows nothing.
    function _look(address asset, Track memory t, CrisisParams memory p) private view returns (Look memory look) {
        (uint256[] memory prices, uint256 sources) = ORACLE.goodPrices(asset);
        if (sources == 0) revert UnknownAsset(asset);
        look.sight = CrisisMath.sight(prices, sources, p.confirmations);
        look.stopped = _probes[asset].isStopped(t.probes);
        if (block.timestamp <= uint256(t.reportedAt) + VOLUME_LIFETIME) look.volume = t.volume;
        look.surge = CrisisMath.isSurge(look.volume, t.volumeSum, t.volumeCount, LEAST_VOLUMES, p.surgeTenths);
    }

    function _checkFirst(address asset, int256 deviation) private pure {
        if (SignedMath.abs(deviation) > MAX_FIRST_DEVIATION) revert NotADollarCoin(asset, deviation);
    }

    function _noteChange(address asset, State from, State to) private {
        Summary memory summary = _summary;
        if (from == State.SOUND) ++summary.unsound;
        if (to == State.SOUND) --summary.unsound;
        else if (to != State.RECOVERING) summary.lastWorsenedAt = uint40(block.timestamp);
        _summary = summary;
        emit StateChanged(asset, from, to);
    }
}
