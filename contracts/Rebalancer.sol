// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {IIndexVault, Trade} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {RebalanceSession} from "./rebalance/RebalanceSession.sol";
import {RebalanceSettlement} from "./rebalance/RebalanceSettlement.sol";
import {Basket, Coin, Fill, FillParams, Holdings, Phase, SessionView, State} from "./rebalance/RebalanceTypes.sol";

/// @title When and how the basket is traded back to its targets. The vault's owner; holds no funds, chooses no weights.
/// @notice A keeper's fill is bounded, not trusted: measured amounts, oracle floor, towards the targets, no overshoot, sizes,
///         spacing, and one loss budget shared by all keeper fills.
contract Rebalancer is RebalanceSettlement, ReentrancyGuardTransient {
    /// @dev 1e-8 USD to WAD.
    uint256 private constant _SNAP_TO_WAD = 1e10;

    error TradeCount(uint256 count, uint256 maximum);
    error FillTooSoon(uint256 readyAt);

    event VaultTransferred(address indexed newOwner);

    /// @param authority The fund's AccessManager.
    /// @param ethAsset The oracle's key for ETH/USD.
    constructor(
        address authority,
        IIndexVault vault,
        IIndexCalculator calculator,
        IPriceOracle oracle,
        address ethAsset
    ) AccessManaged(authority) RebalanceSession(vault, calculator, oracle, ethAsset) {}

    /// @inheritdoc IRebalancer
    function open() external nonReentrant returns (uint256 session) {
        _open();
        return _state.session;
    }

    /// @inheritdoc IRebalancer
    function executeRebalance(Trade[] calldata trades) external restricted nonReentrant {
        FillParams memory p = _loadFill();
        if (trades.length == 0 || trades.length > p.maxTrades) revert TradeCount(trades.length, p.maxTrades);
        State memory s = _loadState();
        if (s.paused) revert NotNow(Reason.PAUSED);
        bool isOpen = _isOpen(s);
        Holdings memory h;
        Fill memory fill;
        if (!isOpen) (h, fill.driftBefore) = _justOpened(_open());
        uint256 readyAt = uint256(s.lastFillAt) + p.fillInterval;
        if (block.timestamp < readyAt) revert FillTooSoon(readyAt);
        if (isOpen) (h, fill.driftBefore) = _inSession();
        (fill.params, fill.pairLimitsInUse, fill.totalBefore) = (p, s.pairLimitsInUse, h.total);
        uint256 drift = _settle(trades, msg.data[4:], h, fill);
        _finish(fill, h.total, drift);
    }

    /// @inheritdoc IRebalancer
    function close() external nonReentrant {
        State memory s = _loadState();
        if (s.phase != Phase.OPEN) revert NoSession();
        if (!_isOpen(s)) return _expireIfPast();
        (, uint256 drift) = _inSession();
        uint256 band = _fillParams.settleBandBps;
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
        v.phase = s.phase == Phase.OPEN && !_isOpen(s) ? Phase.EXPIRED : s.phase;
        (v.reason, v.session) = (s.reason, s.session);
        (v.openedAt, v.expiresAt) = (s.openedAt, s.expiresAt);
        (v.lastFillAt, v.lossUsed) = (s.lastFillAt, s.lossUsed);
        (v.lastEndedAt, v.lastSettledAt) = (v.phase == Phase.EXPIRED ? s.expiresAt : s.lastEndedAt, s.lastSettledAt);
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
        Basket memory b = _held();
        _value(b, ORACLE.quotes(b.tokens));
        available = RebalanceMath.lossAvailable(_lossUsed(_loadState(), p), p.lossBudgetBps, b.total);
        capacity = RebalanceMath.lossAvailable(0, p.lossBudgetBps, b.total);
    }

    /// @dev State is read again: the trades called out, and a pause in between must survive.
    function _finish(Fill memory fill, uint256 total, uint256 drift) private {
        State memory s = _loadState();
        _charge(s, fill.params, fill.totalBefore, total);
        emit Filled(s.session, fill.totalBefore, total, fill.driftBefore, drift);
        if (!(drift > fill.params.settleBandBps)) _settled(s, drift);
        _storeState(s);
    }
}
