// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";

/// @title A manager and its vault set by hand: as much of both as the yield optimizer looks at. For tests only.
contract MockLending {
    IContributionGuard public guard;
    uint256 public idle;
    uint256 public buffer;
    IStrategyManager.StrategyState[] private _states;
    mapping(address strategy => uint256) private _allocatable;

    function set(uint256 idle_, uint256 bufferBps, IStrategyManager.StrategyState[] calldata states) external {
        (idle, buffer) = (idle_, bufferBps);
        delete _states;
        for (uint256 i; i < states.length; ++i) {
            _states.push(states[i]);
        }
    }

    function setGuard(IContributionGuard guard_) external {
        guard = guard_;
    }

    function setAllocatable(address strategy, uint256 amount) external {
        _allocatable[strategy] = amount;
    }

    function vault() external view returns (address) {
        return address(this);
    }

    function idleOf(address) external view returns (uint256) {
        return idle;
    }

    function bufferOf(address) external view returns (uint256) {
        return buffer;
    }

    function strategiesOf(address) external view returns (IStrategyManager.StrategyState[] memory) {
        return _states;
    }

    function allocatable(address strategy) external view returns (uint256, string memory) {
        return (_allocatable[strategy], "");
    }
}

/// @title A lens and the strategies behind it, set by hand: as much of a strategy as the optimizer looks at. For tests only.
contract MockLens is IYieldLens {
    enum Mode {
        PROPER,
        REVERTS,
        BURNS_GAS
    }

    mapping(address strategy => Market) private _markets;
    mapping(address strategy => Mode) private _modes;

    error LensBroken();

    function set(address strategy, Market calldata market) external {
        _markets[strategy] = market;
    }

    function setMode(address strategy, Mode mode) external {
        _modes[strategy] = mode;
    }

    function marketOf(address strategy) external view returns (Market memory) {
        Mode mode = _modes[strategy];
        if (mode == Mode.REVERTS) revert LensBroken();
        while (mode == Mode.BURNS_GAS) {}
        return _markets[strategy];
    }
}

/// @title Takes what it is told it takes. For tests only.
contract MockRoom {
    uint256 public room = type(uint256).max;
    bool public broken;

    error RoomBroken();

    function set(uint256 room_, bool broken_) external {
        (room, broken) = (room_, broken_);
    }

    function maxDeposit(address) external view returns (uint256) {
        if (broken) revert RoomBroken();
        return room;
    }
}
