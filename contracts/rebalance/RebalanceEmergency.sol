// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAuthority} from "@openzeppelin/contracts/access/manager/IAuthority.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";
import {Trade} from "@interfaces/IIndexVault.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {EmergencyMath} from "../libraries/EmergencyMath.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {RebalanceSettlement} from "./RebalanceSettlement.sol";
import {Basket, Fill, FillParams, Holdings, Ledger, Phase, State, Trading} from "./RebalanceTypes.sol";

/// @title The way out of a coin in crisis: a session that asks for no cooldown, no minimum and no fresh market data.
/// @dev The settlement is the ordinary one. What differs: the EmergencyIndex's parameters in place of the curator's here, a
///      floor that nothing widens, a loss budget of its own counted at the worst prices, and that anyone may fill.
abstract contract RebalanceEmergency is RebalanceSettlement, ReentrancyGuardTransient {
    Ledger private _ledger;

    error NoEmergencies();
    error TradeCount(uint256 count, uint256 maximum);
    error FillTooSoon(uint256 readyAt);

    /// @inheritdoc IRebalancer
    /// @dev A caution raised by the entry itself makes an older emergency session void: a guardian may flee a further coin.
    function executeEmergencyRebalance(address asset) external nonReentrant returns (uint256 session) {
        if (address(EMERGENCY) == address(0)) revert NoEmergencies();
        if (_state.trading == Trading.NOTHING) revert NotNow(Reason.PAUSED);
        bool forced = IAuthority(authority()).canCall(msg.sender, address(this), msg.sig);
        (address[] memory tokens, uint256[] memory weights) = EMERGENCY.enterEmergency(asset, forced);
        _makeWay();
        (Basket memory b, uint256 drift) = OUTLOOK.flight(tokens, weights);
        IEmergencyIndex.EmergencyParams memory e = _emergencyParams();
        if (!(drift > e.settleBandBps)) revert NotNow(Reason.IN_BAND);
        _begin(b, Reason.CRISIS, e.sessionLength);
        return _state.session;
    }

    /// @inheritdoc IRebalancer
    function fill(Trade[] calldata trades) external nonReentrant {
        State memory s = _loadState();
        if (!_isCurrent(s) || s.reason != Reason.CRISIS) revert NoSession();
        _fillEmergency(trades, s, false);
    }

    /// @notice What emergency fills have spent of their own loss budget.
    /// @return lossUsed 1e-12 of the fund, as of `lastFillAt`.
    /// @return lastFillAt s.
    function emergencyLoss() external view returns (uint256 lossUsed, uint256 lastFillAt) {
        return (_ledger.lossUsed, _ledger.chargedAt);
    }

    /// @param s The open emergency session.
    function _fillEmergency(Trade[] calldata trades, State memory s, bool byKeeper) internal {
        if (s.trading == Trading.NOTHING) revert NotNow(Reason.PAUSED);
        Fill memory f;
        IEmergencyIndex.EmergencyParams memory e = _loadEmergency(f);
        _checkCount(trades.length, e.maxTrades);
        f.keepBps = RebalanceMath.BPS - e.slipBps;
        if (byKeeper) {
            _space(_ledger.keeperFillAt, e.fillInterval);
            _ledger.keeperFillAt = uint32(block.timestamp);
        } else {
            uint256 elapsed = block.timestamp - s.openedAt;
            f.keepBps = EmergencyMath.publicKeep(elapsed, e.auctionLength, e.premiumBps, e.slipBps);
        }
        Holdings memory h;
        (h, f.driftBefore) = _inSession(true);
        f.totalBefore = h.total;
        uint256 drift = _settle(trades, msg.data[4:], h, f);
        _ledger.lossUsed =
            _spend(f.params, _ledger.lossUsed, _ledger.chargedAt, f.totalBefore, f.given, f.taken);
        _ledger.chargedAt = uint32(block.timestamp);
        _conclude(_loadState(), f, h.total, drift);
    }

    /// @dev State is what it is after the trades: they called out, and a pause in between must survive.
    function _conclude(State memory s, Fill memory f, uint256 total, uint256 drift) internal {
        emit Filled(s.session, f.totalBefore, total, f.driftBefore, drift);
        if (!(drift > f.params.settleBandBps)) _settled(s, drift);
        _storeState(s);
    }

    function _checkCount(uint256 count, uint256 maximum) internal pure {
        if (count == 0 || count > maximum) revert TradeCount(count, maximum);
    }

    function _space(uint256 lastAt, uint256 interval) internal view {
        if (block.timestamp < lastAt + interval) revert FillTooSoon(lastAt + interval);
    }

    function _bandOf(State memory s) internal view returns (uint256) {
        return s.reason == Reason.CRISIS ? _emergencyParams().settleBandBps : _fillParams.settleBandBps;
    }

    function _emergencyParams() private view returns (IEmergencyIndex.EmergencyParams memory) {
        return EMERGENCY.emergencyParams();
    }

    function _loadEmergency(Fill memory f) private view returns (IEmergencyIndex.EmergencyParams memory e) {
        e = _emergencyParams();
        FillParams memory p = f.params;
        (p.settleBandBps, p.maxTradeValue) = (e.settleBandBps, e.maxTradeValue);
        (p.lossBudgetBps, p.lossPeriod) = (e.lossBudgetBps, e.lossPeriod);
    }

    /// @dev Ends the session before, unless it is an emergency's that still holds.
    function _makeWay() private {
        _expireIfPast();
        State memory s = _loadState();
        if (s.phase != Phase.OPEN) return;
        if (s.reason == Reason.CRISIS) revert SessionAlreadyOpen(s.session);
        emit SessionExpired(s.session);
    }
}
