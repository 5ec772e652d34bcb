// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {PriceSnapshot} from "../libraries/PriceSnapshot.sol";
import {RebalanceOutlook} from "./RebalanceOutlook.sol";
import {RebalanceParameters} from "./RebalanceParameters.sol";
import {Basket, Facts, Phase, State, Trading} from "./RebalanceTypes.sol";

/// @title When to rebalance, and the session that holds targets and prices while it is being done.
/// @dev IDLE -> OPEN -> SETTLED | EXPIRED -> OPEN ... A session past its time counts as expired before anybody says so, and
///      so does one whose targets are older than the last change towards caution.
abstract contract RebalanceSession is IRebalancer, RebalanceParameters {
    IIndexVault public immutable VAULT;
    IIndexCalculator public immutable CALCULATOR;
    IPriceOracle public immutable ORACLE;
    /// @notice The oracle's key for ETH/USD.
    address public immutable ETH_ASSET;
    /// @notice The same contract as CALCULATOR, or zero: no emergencies.
    IEmergencyIndex public immutable EMERGENCY;
    RebalanceOutlook public immutable OUTLOOK;
    ICrisisDetector private immutable _DETECTOR;

    /// @dev The open session's prices and scales, five coins a word; the vault takes 50 coins.
    uint256[10] internal _snapshot;

    error NotNow(Reason reason);
    error SessionAlreadyOpen(uint256 session);
    error NoSession();
    error SessionOutdated(uint256 session);
    error SessionUnsettled(uint256 driftBps, uint256 settleBandBps, uint256 expiresAt);
    error ZeroAddress();
    error NotTheCalculator(address emergency);

    constructor(
        IIndexVault vault,
        IIndexCalculator calculator,
        IPriceOracle oracle,
        address ethAsset,
        IEmergencyIndex emergency
    ) {
        if (address(vault) == address(0) || address(calculator) == address(0)) revert ZeroAddress();
        if (address(oracle) == address(0) || ethAsset == address(0)) revert ZeroAddress();
        if (address(emergency) != address(0) && address(emergency) != address(calculator)) {
            revert NotTheCalculator(address(emergency));
        }
        (VAULT, CALCULATOR, ORACLE, ETH_ASSET, EMERGENCY) = (vault, calculator, oracle, ethAsset, emergency);
        OUTLOOK = new RebalanceOutlook(vault, calculator, oracle, ethAsset, emergency);
        if (address(emergency) != address(0)) _DETECTOR = emergency.DETECTOR();
        _state.lastSettledAt = uint32(block.timestamp);
    }

    /// @notice s, when a session last settled (at first: the deployment).
    function lastSettledAt() external view returns (uint256) {
        return _state.lastSettledAt;
    }

    /// @inheritdoc IRebalancer
    function shouldRebalance() external view returns (bool, Reason) {
        (bool yes, Reason reason,) = _assess();
        return (yes, reason);
    }

    /// @notice The coins and weights that a session opened now would set.
    function nextTargets() external view returns (address[] memory tokens, uint256[] memory weights) {
        return OUTLOOK.nextTargets();
    }

    /// @dev Ends a session that is past its time, as of that time, so that nobody can prolong its cooldown.
    function _expireIfPast() internal {
        State memory s = _loadState();
        if (s.phase != Phase.OPEN || _isOpen(s)) return;
        s.phase = Phase.EXPIRED;
        s.lastEndedAt = uint32(_endOf(s));
        _storeState(s);
        emit SessionExpired(s.session);
    }

    /// @return b The basket as the vault has it now, and the prices the decision was made at, all GOOD.
    function _open() internal returns (Basket memory b) {
        _expireIfPast();
        bool yes;
        Reason reason;
        (yes, reason, b) = _assess();
        if (!yes || reason == Reason.CRISIS) revert NotNow(reason);
        if (reason == Reason.SESSION_OPEN) revert SessionAlreadyOpen(_state.session);
        _begin(b, reason, _trigger.sessionLength);
    }

    /// @dev Targets go to the vault, prices and scales into the snapshot.
    function _begin(Basket memory b, Reason reason, uint32 length) internal {
        State memory s = _loadState();
        (s.phase, s.reason, s.session) = (Phase.OPEN, reason, s.session + 1);
        (s.openedAt, s.expiresAt) = (uint32(block.timestamp), uint32(block.timestamp) + length);
        _storeState(s);
        VAULT.rebalance(b.tokens, b.weights);
        uint256[] memory words = PriceSnapshot.pack(b.mids, VAULT.getScales());
        for (uint256 i; i < words.length; ++i) {
            _snapshot[i] = words[i];
        }
        emit SessionOpened(s.session, reason, b.tokens, b.weights, b.mids);
    }

    /// @dev In memory: the caller stores it.
    function _settled(State memory s, uint256 driftBps) internal {
        s.phase = Phase.SETTLED;
        (s.lastEndedAt, s.lastSettledAt) = (uint32(block.timestamp), uint32(block.timestamp));
        emit SessionSettled(s.session, driftBps);
    }

    function _assess() private view returns (bool, Reason, Basket memory) {
        State memory s = _loadState();
        Facts memory f;
        f.sessionOpen = _isOpen(s);
        bool fleeing = f.sessionOpen && s.reason == Reason.CRISIS;
        f.paused = s.trading == Trading.NOTHING;
        f.halted = s.trading != Trading.ALL && !fleeing;
        uint256 endedAt = s.phase == Phase.OPEN ? _endOf(s) : s.lastEndedAt;
        f.sinceEnded = endedAt == 0 || f.sessionOpen ? type(uint256).max : block.timestamp - endedAt;
        f.sinceSettled = block.timestamp - s.lastSettledAt;
        return OUTLOOK.assess(f, fleeing, _trigger, _fillParams.settleBandBps);
    }

    /// @dev A session is void when a coin's state has worsened since it opened (an ordinary one's: or in the same block), an
    ///      emergency's also when a plan or a guardian has changed its targets. A guardian's word replaces an ordinary session
    ///      by itself; so each of its fills asks the detector alone, at half the gas.
    /// @return at s, when an open session ends or has ended.
    function _endOf(State memory s) internal view returns (uint256 at) {
        at = s.expiresAt;
        if (address(EMERGENCY) == address(0)) return at;
        bool fleeing = s.reason == Reason.CRISIS;
        uint256 changedAt = fleeing ? EMERGENCY.changedAt() : _DETECTOR.lastWorsenedAt();
        bool holds = fleeing ? !(changedAt > s.openedAt) : changedAt < s.openedAt;
        if (!holds && changedAt < at) at = changedAt;
    }

    function _isOpen(State memory s) internal view returns (bool) {
        return s.phase == Phase.OPEN && block.timestamp < _endOf(s);
    }

    /// @dev As `_isOpen`, and reverts when only its targets are out of date.
    function _isCurrent(State memory s) internal view returns (bool isOpen) {
        isOpen = _isOpen(s);
        if (!isOpen && s.phase == Phase.OPEN && block.timestamp < s.expiresAt) revert SessionOutdated(s.session);
    }
}
