// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {EmergencyMath} from "../libraries/EmergencyMath.sol";
import {EmergencyParameters} from "./EmergencyParameters.sol";

/// @title What is set beforehand for each coin's crisis: the weights to flee to, and the coins that lean on it.
/// @dev Checked against the calculator's coins and weights of the moment. What changes afterwards is met when the plans are
///      composed: a plan is a wish, never the answer.
abstract contract EmergencyPlans is EmergencyParameters {
    /// @notice Whose weights hold while all is sound.
    IIndexCalculator public immutable CALCULATOR;
    ICrisisDetector public immutable DETECTOR;

    /// @dev A plan's weight of one coin, in one slot.
    struct Target {
        address token;
        uint16 bps;
    }

    /// @dev What a read needs while all is sound, in one slot.
    struct Head {
        uint16 forced; // coins cut by a guardian's word
        uint40 returningUntil; // s, when the last released coin is all back
        uint40 changedAt; // s, the last change towards caution made here
    }

    Head internal _head;
    mapping(address asset => Target[]) internal _plans;
    mapping(address asset => address[]) internal _groups;

    event EmergencyWeightsSet(address indexed asset, Weight[] weights);
    event EmergencyWeightsCleared(address indexed asset);
    event RiskGroupSet(address indexed asset, address[] leaning);

    error ZeroAddress();
    error UnknownConstituent(address token);
    error DuplicateToken(address token);
    error InvalidWeightSum(uint256 sum);
    error NotAReduction(address asset, uint256 bps, uint256 current);
    error RaisesSharedRisk(address token, uint256 bps, uint256 current);
    error AboveCap(address token, uint256 bps, uint256 cap);
    error LeansOnItself(address asset);

    constructor(IIndexCalculator calculator, ICrisisDetector detector) {
        if (address(calculator) == address(0) || address(detector) == address(0)) revert ZeroAddress();
        (CALCULATOR, DETECTOR) = (calculator, detector);
    }

    /// @notice CURATOR, delayed: the weights of all coins while `asset` is in crisis; coins not named have 0.
    /// @param weights bps, sum 10,000. Less of `asset` than now, no more of what leans on it, and nothing raised above the cap.
    function setEmergencyWeights(address asset, Weight[] calldata weights) external restricted {
        (address[] memory tokens, uint256[] memory current) = CALCULATOR.calculateOptimalWeights();
        _position(tokens, asset);
        uint256[] memory planned = _planned(tokens, weights);
        _checkPlan(asset, tokens, planned, current);
        delete _plans[asset];
        for (uint256 i; i < weights.length; ++i) {
            _plans[asset].push(Target(weights[i].token, uint16(weights[i].bps)));
        }
        _noteChange();
        emit EmergencyWeightsSet(asset, weights);
    }

    /// @notice CURATOR, delayed: back to the default, the calculator's weights without the coin.
    function clearEmergencyWeights(address asset) external restricted {
        delete _plans[asset];
        _noteChange();
        emit EmergencyWeightsCleared(asset);
    }

    /// @notice CURATOR, delayed: the coins that would fall with `asset`; none of them is bought while it is cut.
    function setRiskGroup(address asset, address[] calldata leaning) external restricted {
        (address[] memory tokens,) = CALCULATOR.calculateOptimalWeights();
        _position(tokens, asset);
        for (uint256 i; i < leaning.length; ++i) {
            if (leaning[i] == asset) revert LeansOnItself(asset);
            _position(tokens, leaning[i]);
            for (uint256 k; k < i; ++k) {
                if (leaning[k] == leaning[i]) revert DuplicateToken(leaning[i]);
            }
        }
        _groups[asset] = leaning;
        _noteChange();
        emit RiskGroupSet(asset, leaning);
    }

    /// @return weights bps as set, of coins that may have left since; empty: the default holds.
    function emergencyWeightsOf(address asset) external view returns (Weight[] memory weights) {
        Target[] memory plan = _plans[asset];
        weights = new Weight[](plan.length);
        for (uint256 i; i < plan.length; ++i) {
            weights[i] = Weight(plan[i].token, plan[i].bps);
        }
    }

    /// @return The coins that lean on `asset`.
    function riskGroupOf(address asset) external view returns (address[] memory) {
        return _groups[asset];
    }

    /// @dev Whether the calculator's weights hold as they are: one storage read, one call.
    function _isCalm() internal view returns (bool) {
        Head memory head = _head;
        return head.forced == 0 && block.timestamp >= head.returningUntil && DETECTOR.allSound();
    }

    /// @return at The index of `token`, or `UnknownConstituent`.
    function _position(address[] memory tokens, address token) internal pure returns (uint256 at) {
        at = BasketMath.indexOf(tokens, token);
        if (at == tokens.length) revert UnknownConstituent(token);
    }

    /// @dev Targets of a calm time do not depend on plans.
    function _noteChange() private {
        if (!_isCalm()) _head.changedAt = uint40(block.timestamp);
    }

    /// @return planned bps, in the order of `tokens`; sum 10,000.
    function _planned(address[] memory tokens, Weight[] calldata weights)
        private
        pure
        returns (uint256[] memory planned)
    {
        planned = new uint256[](tokens.length);
        uint256 sum;
        for (uint256 i; i < weights.length; ++i) {
            for (uint256 k; k < i; ++k) {
                if (weights[k].token == weights[i].token) revert DuplicateToken(weights[i].token);
            }
            uint256 bps = weights[i].bps;
            planned[_position(tokens, weights[i].token)] = bps;
            // A larger one, which could run the sum over, is too much by itself.
            if (bps > EmergencyMath.BPS) revert InvalidWeightSum(bps);
            sum += bps;
        }
        if (sum != EmergencyMath.BPS) revert InvalidWeightSum(sum);
    }

    function _checkPlan(
        address asset,
        address[] memory tokens,
        uint256[] memory planned,
        uint256[] memory current
    ) private view {
        uint256 own = _position(tokens, asset);
        if (planned[own] != 0 && planned[own] >= current[own]) {
            revert NotAReduction(asset, planned[own], current[own]);
        }
        address[] memory leaning = _groups[asset];
        for (uint256 i; i < leaning.length; ++i) {
            uint256 at = BasketMath.indexOf(tokens, leaning[i]);
            if (at == tokens.length || planned[at] <= current[at]) continue;
            revert RaisesSharedRisk(leaning[i], planned[at], current[at]);
        }
        uint256 cap = _params.capBps;
        for (uint256 i; i < tokens.length; ++i) {
            if (planned[i] > cap && planned[i] > current[i]) revert AboveCap(tokens[i], planned[i], cap);
        }
    }
}
