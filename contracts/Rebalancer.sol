// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {IIndexVault, Trade} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {RebalanceEmergency} from "./rebalance/RebalanceEmergency.sol";
import {RebalanceSession} from "./rebalance/RebalanceSession.sol";
import {
    Coin, Fill, FillParams, Holdings, Phase, SessionView, State, Trading
} from "./rebalance/RebalanceTypes.sol";

/// @title When and how the basket is traded back to its targets. The vault's owner; holds no funds, chooses no weights.
/// @notice A keeper's fill is bounded, not trusted: measured amounts, oracle floor, towards the targets, no overshoot, sizes,
///         spacing, and one loss budget shared by all keeper fills.
contract Rebalancer is RebalanceEmergency {
    /// @dev 1e-8 USD to WAD.
    uint256 private constant _SNAP_TO_WAD = 1e10;

    event VaultTransferred(address indexed newOwner);

    /// @param authority The fund's AccessManager.
    /// @param ethAsset The oracle's key for ETH/USD.
    /// @param emergency The calculator once more, when it is an EmergencyIndex; zero for a fund without emergencies.
    constructor(
        address authority,
        IIndexVault vault,
        IIndexCalculator calculator,
        IPriceOracle oracle,
        address ethAsset,
        IEmergencyIndex emergency
    ) AccessManaged(authority) RebalanceSession(vault, calculator, oracle, ethAsset, emergency) {}

    /// @inheritdoc IRebalancer
    function open() external nonReentrant returns (uint256 session) {
        _open();
        return _state.session;
    }

    /// @inheritdoc IRebalancer
    function executeRebalance(Trade[] calldata trades) external restricted nonReentrant {
        State memory s = _loadState();
        bool isOpen = _isCurrent(s);
        if (isOpen && s.reason == Reason.CRISIS) return _fillEmergency(trades, s, true);
        FillParams memory p = _loadFill();
        _checkCount(trades.length, p.maxTrades);
        if (s.trading != Trading.ALL) revert NotNow(Reason.PAUSED);
        Holdings memory h;
        Fill memory f;
        if (!isOpen) (h, f.driftBefore) = _justOpened(_open());
        _space(s.lastFillAt, p.fillInterval);
        if (isOpen) (h, f.driftBefore) = _inSession(false);
        (f.params, f.pairLimitsInUse, f.totalBefore) = (p, s.pairLimitsInUse, h.total);
        uint256 drift = _settle(trades, msg.data[4:], h, f);
        s = _loadState();
        s.lossUsed = _spend(p, s.lossUsed, s.lastFillAt, f.totalBefore, f.totalBefore, h.total);
        s.lastFillAt = uint32(block.timestamp);
        _conclude(s, f, h.total, drift);
    }

    /// @inheritdoc IRebalancer
    function close() external nonReentrant {
        State memory s = _loadState();
        if (s.phase != Phase.OPEN) revert NoSession();
        if (!_isOpen(s)) return _expireIfPast();
        (, uint256 drift) = _inSession(s.reason == Reason.CRISIS);
        uint256 band = _bandOf(s);
        if (drift > band) revert SessionUnsettled(drift, band, s.expiresAt);
        _settled(s, drift);
        _storeState(s);
    }

    /// @notice GOVERNOR, delayed: hands the vault to another brain.
    function transferVault(address newOwner) external restricted nonReentrant {
        if (newOwner == address(0)) revert ZeroAddress();
        emit VaultTransferred(newOwner);
        VAULT.transferOwnership(newOwner);
    }

    /// @notice The current or last session.
    function getSession() external view returns (SessionView memory v) {
        State memory s = _loadState();
        bool past = s.phase == Phase.OPEN && !_isOpen(s);
        v.phase = past ? Phase.EXPIRED : s.phase;
        (v.reason, v.session) = (s.reason, s.session);
        (v.openedAt, v.expiresAt) = (s.openedAt, s.expiresAt);
        (v.lastFillAt, v.lossUsed) = (s.lastFillAt, s.lossUsed);
        (v.lastEndedAt, v.lastSettledAt) = (past ? _endOf(s) : s.lastEndedAt, s.lastSettledAt);
        (v.tokens, v.targets,) = VAULT.getBasket();
        Coin[] memory coins = _readSnapshot(v.tokens.length);
        v.prices = new uint256[](coins.length);
        for (uint256 i; i < coins.length; ++i) {
            v.prices[i] = coins[i].snap * _SNAP_TO_WAD;
        }
    }

    /// @notice What keeper fills may still lose against the oracle.
    /// @return available WAD{USD} now.
    /// @return capacity WAD{USD} when full. Both at the mid prices of the moment.
    function lossBudget() external view returns (uint256 available, uint256 capacity) {
        FillParams memory p = _loadFill();
        uint256 total = OUTLOOK.heldValue();
        State memory s = _loadState();
        uint256 used = _lossUsed(p, s.lossUsed, s.lastFillAt);
        available = RebalanceMath.lossAvailable(used, p.lossBudgetBps, total);
        capacity = RebalanceMath.lossAvailable(0, p.lossBudgetBps, total);
    }
}
