// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";

/// @title States set by hand; SOUND until told otherwise. For tests only.
contract MockDetector is ICrisisDetector {
    mapping(address => State) private _states;
    mapping(address => uint256) private _done;
    CrisisParams private _params;
    uint256 private _unsound;
    uint256 public lastWorsenedAt;

    constructor() {
        (_params.stepInterval, _params.steps) = (12 hours, 4);
    }

    /// @param done Steps back of those that are RECOVERING.
    function setAll(address[] calldata assets, State[] calldata states, uint256[] calldata done) external {
        for (uint256 i; i < assets.length; ++i) {
            set(assets[i], states[i]);
            _done[assets[i]] = done[i];
        }
    }

    function set(address asset, State state) public {
        State from = _states[asset];
        if (from == State.SOUND && state != State.SOUND) ++_unsound;
        if (from != State.SOUND && state == State.SOUND) --_unsound;
        if (state != State.SOUND && state != State.RECOVERING) lastWorsenedAt = block.timestamp;
        _states[asset] = state;
        emit StateChanged(asset, from, state);
    }

    function setSteps(uint32 stepInterval, uint8 steps) external {
        (_params.stepInterval, _params.steps) = (stepInterval, steps);
    }

    /// @dev Nothing is looked at: the state stays.
    function observe(address asset) external returns (State) {
        emit Observed(asset, 0, 0, 0, 0);
        return _states[asset];
    }

    function isCrisisDetected(address asset) external view returns (bool) {
        return _states[asset] == State.CRISIS;
    }

    function stateOf(address asset) external view returns (State) {
        return _states[asset];
    }

    function statesOf(address[] calldata assets) external view returns (State[] memory states) {
        states = new State[](assets.length);
        for (uint256 i; i < assets.length; ++i) {
            states[i] = _states[assets[i]];
        }
    }

    function recoverySteps(address asset) external view returns (uint256 done, uint256 steps) {
        return (_states[asset] == State.RECOVERING ? _done[asset] : 0, _params.steps);
    }

    function allSound() external view returns (bool) {
        return _unsound == 0;
    }

    function getParams() external view returns (CrisisParams memory) {
        return _params;
    }
}
