// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {IYieldOptimizer} from "@interfaces/IYieldOptimizer.sol";

/// @title The optimizer's parameters, and the curator's judgement of each strategy.
/// @dev All of it CURATOR's, delayed: it decides where coins are proposed to go.
abstract contract YieldParameters is IYieldOptimizer, AccessManaged {
    /// @dev One slot.
    struct YieldParams {
        uint16 differentialBps; // bps{1/year}: what is moved must gain more, risk-adjusted
        uint16 maxShareBps; // bps{market}: what our position may be of a market, itself included
        uint32 horizon; // s within which the gas must be paid back
        uint32 moveGas; // gas of one allocation or deallocation
    }

    /// @dev One slot.
    struct Judgement {
        IYieldLens lens; // zero: the strategy does not qualify
        uint16 score; // per mille of its yield that counts
    }

    uint256 internal constant BPS = 10_000;
    uint256 internal constant PER_MILLE = 1_000;

    YieldParams private _params;
    mapping(address strategy => Judgement) private _judgements;

    event ParamsSet(YieldParams params);
    event LensSet(address indexed strategy, IYieldLens lens, uint256 score);

    error ParamOutOfBounds(bytes32 name, uint256 value, uint256 minimum, uint256 maximum);
    error LensHasNoCode(address lens);

    constructor() {
        _setParams(YieldParams({differentialBps: 50, maxShareBps: 1_000, horizon: 30 days, moveGas: 450_000}));
    }

    /// @notice CURATOR, delayed: all parameters at once, within bounds.
    function setParams(YieldParams calldata params) external restricted {
        _setParams(params);
    }

    /// @notice CURATOR, delayed: how a strategy's market is read, and how much of its yield counts.
    /// @param lens Zero: the strategy does not qualify any more.
    /// @param score per mille, 1 to 1,000; 0 with no lens.
    function setLens(address strategy, IYieldLens lens, uint256 score) external restricted {
        if (address(lens) == address(0)) {
            _within("score", score, 0, 0);
        } else {
            if (address(lens).code.length == 0) revert LensHasNoCode(address(lens));
            _within("score", score, 1, PER_MILLE);
        }
        _judgements[strategy] = Judgement(lens, uint16(score));
        emit LensSet(strategy, lens, score);
    }

    function getParams() public view returns (YieldParams memory) {
        return _params;
    }

    /// @notice How a strategy's market is read; zero when it does not qualify.
    function lensOf(address strategy) external view returns (IYieldLens) {
        return _judgements[strategy].lens;
    }

    /// @return per mille of its yield that counts.
    function scoreOf(address strategy) external view returns (uint256) {
        return _judgements[strategy].score;
    }

    function _judgementOf(address strategy) internal view returns (Judgement memory) {
        return _judgements[strategy];
    }

    /// @dev A position above half of a market is beyond what `YieldMath` can optimise.
    function _setParams(YieldParams memory p) private {
        _within("differentialBps", p.differentialBps, 1, 1_000);
        _within("maxShareBps", p.maxShareBps, 1, BPS / 2);
        _within("horizon", p.horizon, 1 hours, 365 days);
        _within("moveGas", p.moveGas, 50_000, 5_000_000);
        _params = p;
        emit ParamsSet(p);
    }

    function _within(bytes32 name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParamOutOfBounds(name, value, minimum, maximum);
    }
}
