// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IHaltable} from "@interfaces/IHaltable.sol";
import {FillParams, PairLimits, Params, State, Trading, TriggerParams} from "./RebalanceTypes.sol";

/// @title The Rebalancer's parameters: bounded for the curator, instant towards less risk.
/// @dev `setParams` and `setPairLimits` can raise risk: CURATOR, whom the manager delays. `tighten`, `tightenPair` and `pause`
///      cannot: GUARDIAN, at once.
abstract contract RebalanceParameters is IHaltable, AccessManaged {
    uint256 private constant _MAX_SLIP = 500; // bps{trade}
    uint256 private constant _MAX_LOSS_BUDGET = 500; // bps{fund}

    TriggerParams internal _trigger;
    FillParams internal _fillParams;
    State internal _state;
    mapping(bytes32 pair => PairLimits) private _pairLimits;

    event ParamsSet(Params params);
    event PairLimitsSet(address indexed tokenA, address indexed tokenB, uint256 slipBps, uint256 maxTradeValue);
    event PairLimitsCleared(address indexed tokenA, address indexed tokenB);
    event Paused(address indexed by);
    event Unpaused(address indexed by);
    event Halted(address indexed by);

    error ParamOutOfBounds(bytes32 name, uint256 value, uint256 minimum, uint256 maximum);
    error SamePair(address token);
    error AlreadyPaused();
    error NotPaused();

    constructor() {
        TriggerParams memory t = TriggerParams({
            driftBps: 300,
            priceBps: 100,
            calendarInterval: 7 days,
            cooldown: 6 hours,
            sessionLength: 2 hours,
            gasEstimate: 1_500_000,
            minValue: 1_000e18,
            gasCeiling: 200e18
        });
        FillParams memory f = FillParams({
            settleBandBps: 50,
            slipBps: 50,
            slipCeilingBps: 200,
            lossBudgetBps: 50,
            lossPeriod: 7 days,
            fillInterval: 30,
            maxTrades: 16,
            maxTradeValue: 1_000_000e18
        });
        _setParams(Params(t, f));
    }

    /// @notice CURATOR, delayed: all parameters at once, within bounds.
    function setParams(Params memory params) external restricted {
        _setParams(params);
    }

    /// @notice GUARDIAN, at once: lower values only. Reverts `ParamOutOfBounds` when one is above what holds now.
    /// @dev Ceiling and budget bind every pair. A pair with limits of its own keeps its slippage at rest and its size:
    ///      `tightenPair` lowers those, `pause` stops all.
    /// @param slipBps bps{trade}.
    /// @param slipCeilingBps bps{trade}.
    /// @param lossBudgetBps bps{fund}.
    /// @param maxTradeValue WAD{USD} per pair and fill.
    function tighten(uint16 slipBps, uint16 slipCeilingBps, uint16 lossBudgetBps, uint96 maxTradeValue)
        external
        restricted
    {
        Params memory p = getParams();
        _within("slipBps", slipBps, 1, p.fill.slipBps);
        _within("slipCeilingBps", slipCeilingBps, slipBps, p.fill.slipCeilingBps);
        _within("lossBudgetBps", lossBudgetBps, 0, p.fill.lossBudgetBps);
        _within("maxTradeValue", maxTradeValue, 0, p.fill.maxTradeValue);
        p.fill.slipBps = slipBps;
        p.fill.slipCeilingBps = slipCeilingBps;
        p.fill.lossBudgetBps = lossBudgetBps;
        p.fill.maxTradeValue = maxTradeValue;
        _setParams(p);
    }

    /// @notice CURATOR, delayed: a pair's own limits, in either direction.
    /// @param slipBps bps{trade} at rest, at most the ceiling.
    /// @param maxTradeValue WAD{USD} per fill, 0 stops the pair.
    function setPairLimits(address tokenA, address tokenB, uint16 slipBps, uint96 maxTradeValue) external restricted {
        _within("slipBps", slipBps, 1, _fillParams.slipCeilingBps);
        _setPairLimits(tokenA, tokenB, slipBps, maxTradeValue);
    }

    /// @notice GUARDIAN, at once: a pair's limits, each at most what holds for it now.
    function tightenPair(address tokenA, address tokenB, uint16 slipBps, uint96 maxTradeValue) external restricted {
        (uint256 slip, uint256 value) = pairLimits(tokenA, tokenB);
        _within("slipBps", slipBps, 1, slip);
        _within("maxTradeValue", maxTradeValue, 0, value);
        _setPairLimits(tokenA, tokenB, slipBps, maxTradeValue);
    }

    /// @notice CURATOR, delayed: back to the general limits.
    function clearPairLimits(address tokenA, address tokenB) external restricted {
        delete _pairLimits[_pairKey(tokenA, tokenB)];
        emit PairLimitsCleared(tokenA, tokenB);
    }

    /// @notice GUARDIAN, at once: no session opens, no fill runs. Contributions and withdrawals go on.
    function pause() external restricted {
        if (_state.trading == Trading.NOTHING) revert AlreadyPaused();
        _state.trading = Trading.NOTHING;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IHaltable
    function haltTrading() external restricted {
        if (_state.trading != Trading.ALL) revert AlreadyPaused();
        _state.trading = Trading.EMERGENCIES_ONLY;
        emit Halted(msg.sender);
    }

    /// @notice CURATOR, delayed: ends a guardian's pause and a watchdog's halt alike.
    function unpause() external restricted {
        if (_state.trading == Trading.ALL) revert NotPaused();
        _state.trading = Trading.ALL;
        emit Unpaused(msg.sender);
    }

    /// @notice Whether a guardian has stopped all trading.
    function paused() external view returns (bool) {
        return _state.trading == Trading.NOTHING;
    }

    /// @notice Whether ordinary trading is stopped, by whomever.
    function halted() external view returns (bool) {
        return _state.trading != Trading.ALL;
    }

    function getParams() public view returns (Params memory) {
        return Params(_trigger, _loadFill());
    }

    /// @notice What holds for a pair now, its own limits or the general ones.
    /// @return slipBps bps{trade} at rest.
    /// @return maxTradeValue WAD{USD} per fill.
    function pairLimits(address tokenA, address tokenB)
        public
        view
        returns (uint256 slipBps, uint256 maxTradeValue)
    {
        return _limitsOf(tokenA, tokenB, _loadFill());
    }

    /// @dev One slot, unpacked in one place.
    function _loadState() internal view returns (State memory) {
        return _state;
    }

    /// @dev One slot, packed in one place.
    function _storeState(State memory s) internal {
        _state = s;
    }

    function _loadFill() internal view returns (FillParams memory) {
        return _fillParams;
    }

    function _limitsOf(address tokenA, address tokenB, FillParams memory f)
        internal
        view
        returns (uint256 slipBps, uint256 maxTradeValue)
    {
        PairLimits memory limits = _pairLimits[_pairKey(tokenA, tokenB)];
        if (!limits.set) return (f.slipBps, f.maxTradeValue);
        return (limits.slipBps, limits.maxTradeValue);
    }

    function _setPairLimits(address tokenA, address tokenB, uint16 slipBps, uint96 maxTradeValue) private {
        if (tokenA == tokenB) revert SamePair(tokenA);
        _pairLimits[_pairKey(tokenA, tokenB)] = PairLimits(true, slipBps, maxTradeValue);
        _state.pairLimitsInUse = true;
        emit PairLimitsSet(tokenA, tokenB, slipBps, maxTradeValue);
    }

    function _setParams(Params memory p) private {
        _checkTrigger(p.trigger);
        _checkFill(p.fill, p.trigger.driftBps);
        _trigger = p.trigger;
        _fillParams = p.fill;
        emit ParamsSet(p);
    }

    function _checkTrigger(TriggerParams memory t) private pure {
        _within("driftBps", t.driftBps, 10, 5_000);
        _within("priceBps", t.priceBps, 10, 5_000);
        _within("calendarInterval", t.calendarInterval, 1 hours, 365 days);
        _within("cooldown", t.cooldown, 0, 30 days);
        _within("sessionLength", t.sessionLength, 1 minutes, 7 days);
        _within("gasEstimate", t.gasEstimate, 100_000, 30_000_000);
    }

    /// @dev A settle band wider than the drift limit would end sessions that should open.
    function _checkFill(FillParams memory f, uint256 driftBps) private pure {
        _within("settleBandBps", f.settleBandBps, 1, driftBps);
        _within("slipCeilingBps", f.slipCeilingBps, 1, _MAX_SLIP);
        _within("slipBps", f.slipBps, 1, f.slipCeilingBps);
        _within("lossBudgetBps", f.lossBudgetBps, 0, _MAX_LOSS_BUDGET);
        _within("lossPeriod", f.lossPeriod, 1 days, 365 days);
        _within("fillInterval", f.fillInterval, 0, 1 days);
        _within("maxTrades", f.maxTrades, 1, 64);
    }

    function _within(bytes32 name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParamOutOfBounds(name, value, minimum, maximum);
    }

    function _pairKey(address a, address b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }
}
