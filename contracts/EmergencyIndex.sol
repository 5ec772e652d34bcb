// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {EmergencyMath} from "./libraries/EmergencyMath.sol";
import {EmergencyPlans} from "./emergency/EmergencyPlans.sol";
import {EmergencyStances} from "./emergency/EmergencyStances.sol";

/// @title The calculator's weights as the coins' states allow them.
/// @notice A coin is
///   CUT        in crisis, or by a guardian's word: down to its emergency weight;
///   HELD       on watch, dark, or leaning on a coin that is CUT: not bought;
///   RETURNING  after a crisis, or released by the curator: back in steps;
///   FREE       else.
///         The first of these that applies. Several crises at once: each coin has the lowest weight of any of their plans, and
///         what that leaves over is composed by `EmergencyMath`. While every coin is FREE the calculator's answer is passed on.
/// @dev Holds no funds and moves none. GUARDIAN's word comes through the vault's Rebalancer, and only towards caution; plans,
///      risk groups, parameters and releases are CURATOR's.
contract EmergencyIndex is EmergencyStances {
    event EmergencyForced(address indexed asset);
    event EmergencyReleased(address indexed asset, uint256 returningUntil);

    error NotVaultOwner(address caller);
    error NotInCrisis(address asset, ICrisisDetector.State state);
    /// The fund holds no more of it than it is to: what else drifts is the ordinary sessions' business. In bps{fund}.
    error NothingToFlee(address asset, uint256 share, uint256 target);
    error NotForced(address asset);

    /// @param authority The fund's AccessManager.
    constructor(
        address authority,
        IIndexCalculator calculator,
        ICrisisDetector detector,
        IPriceOracle oracle,
        IIndexVault vault
    ) AccessManaged(authority) EmergencyPlans(calculator, detector) EmergencyStances(vault, oracle) {}

    // ---------------------------------------------------------------- reading

    /// @inheritdoc IIndexCalculator
    function calculateOptimalWeights() external view returns (address[] memory tokens, uint256[] memory weights) {
        if (_isCalm()) _passOn();
        Scene memory s = _scene();
        return (s.tokens, s.weights);
    }

    /// @inheritdoc IIndexCalculator
    function isStale() external view returns (bool) {
        return CALCULATOR.isStale();
    }

    /// @inheritdoc IEmergencyIndex
    function emergencyDue() external view returns (address asset) {
        if (_isCalm()) return address(0);
        Scene memory s = _scene();
        uint256 due = EmergencyMath.firstDue(s.coins, s.weights, _params.settleBandBps);
        if (due < s.tokens.length) asset = s.tokens[due];
    }

    /// @inheritdoc IEmergencyIndex
    function changedAt() external view returns (uint256) {
        (uint256 here, uint256 there) = (_head.changedAt, DETECTOR.lastWorsenedAt());
        return here > there ? here : there;
    }

    /// @notice Whether a guardian's word keeps the coin cut.
    function isForced(address asset) external view returns (bool) {
        return _marks[asset].forced;
    }

    /// @return s, when a curator last took a guardian's word back; 0 if never, or if it was given again since.
    function releasedAt(address asset) external view returns (uint256) {
        return _marks[asset].releasedAt;
    }

    // ---------------------------------------------------------------- acting

    /// @inheritdoc IEmergencyIndex
    function enterEmergency(address asset, bool forced)
        external
        returns (address[] memory tokens, uint256[] memory weights)
    {
        if (msg.sender != VAULT.owner()) revert NotVaultOwner(msg.sender);
        if (!_marks[asset].forced) {
            ICrisisDetector.State state = DETECTOR.stateOf(asset);
            if (state != ICrisisDetector.State.CRISIS) {
                if (!forced) revert NotInCrisis(asset, state);
                _force(asset);
            }
        }
        Scene memory s = _scene();
        uint256 at = _position(s.tokens, asset);
        if (!forced && !EmergencyMath.isDue(s.coins[at], s.weights[at], _params.settleBandBps)) {
            revert NothingToFlee(asset, s.coins[at].share, s.weights[at]);
        }
        return (s.tokens, s.weights);
    }

    /// @notice CURATOR, delayed: takes a guardian's word back. The coin returns in the detector's steps, unless that says worse.
    function release(address asset) external restricted {
        if (!_marks[asset].forced) revert NotForced(asset);
        ICrisisDetector.CrisisParams memory p = DETECTOR.getParams();
        _marks[asset] = Mark({
            forced: false,
            releasedAt: uint40(block.timestamp),
            stepInterval: p.stepInterval,
            steps: p.steps
        });
        uint256 until = block.timestamp + uint256(p.stepInterval) * p.steps;
        Head storage head = _head;
        --head.forced;
        if (until > head.returningUntil) head.returningUntil = uint40(until);
        emit EmergencyReleased(asset, until);
    }

    /// @dev No word is noted for a crisis that the detector has confirmed, which ends it, too.
    function _force(address asset) private {
        _marks[asset] = Mark({forced: true, releasedAt: 0, stepInterval: 0, steps: 0});
        ++_head.forced;
        _head.changedAt = uint40(block.timestamp);
        emit EmergencyForced(asset);
    }

    /// @dev The same question to the calculator, and its answer, unread. Ends the call.
    function _passOn() private view {
        address calculator = address(CALCULATOR);
        assembly ("memory-safe") {
            calldatacopy(0, 0, 4)
            let answered := staticcall(gas(), calculator, 0, 4, 0, 0)
            let answer := mload(0x40)
            returndatacopy(answer, 0, returndatasize())
            if answered { return(answer, returndatasize()) }
            revert(answer, returndatasize())
        }
    }
}
