// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {PriceSnapshot} from "../libraries/PriceSnapshot.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {RebalanceParameters} from "./RebalanceParameters.sol";
import {Basket, Facts, Phase, State} from "./RebalanceTypes.sol";

/// @title When to rebalance, and the session that holds targets and prices while it is being done.
/// @dev IDLE -> OPEN -> SETTLED | EXPIRED -> OPEN ... A session past its time counts as expired before anybody says so.
abstract contract RebalanceSession is IRebalancer, RebalanceParameters {
    IIndexVault public immutable VAULT;
    IIndexCalculator public immutable CALCULATOR;
    IPriceOracle public immutable ORACLE;
    /// @notice The oracle's key for ETH/USD.
    address public immutable ETH_ASSET;

    /// @dev The open session's prices and scales, five coins a word; the vault takes 50 coins.
    uint256[10] internal _snapshot;

    error NotNow(Reason reason);
    error SessionAlreadyOpen(uint256 session);
    error NoSession();
    error SessionUnsettled(uint256 driftBps, uint256 settleBandBps, uint256 expiresAt);
    error PriceNotGood(address token, IPriceOracle.Status status);
    error ZeroAddress();

    constructor(IIndexVault vault, IIndexCalculator calculator, IPriceOracle oracle, address ethAsset) {
        if (address(vault) == address(0) || address(calculator) == address(0)) revert ZeroAddress();
        if (address(oracle) == address(0) || ethAsset == address(0)) revert ZeroAddress();
        (VAULT, CALCULATOR, ORACLE, ETH_ASSET) = (vault, calculator, oracle, ethAsset);
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

    /// @inheritdoc IRebalancer
    /// @dev Against the open session's targets; with none open, against those the next session would set.
    function maxDrift() external view returns (uint256 bps) {
        Basket memory b = _held();
        if (!_isOpen(_loadState())) b = _wanted(b);
        (address bad, IPriceOracle.Status status,) = _price(b);
        if (bad != address(0)) revert PriceNotGood(bad, status);
        return RebalanceMath.maxDrift(b.values, b.total, b.weights);
    }

    /// @notice The coins and weights that a session opened now would set.
    function nextTargets() external view returns (address[] memory tokens, uint256[] memory weights) {
        Basket memory b = _wanted(_held());
        return (b.tokens, b.weights);
    }

    /// @dev Ends a session that is past its time, as of that time, so that nobody can prolong its cooldown.
    function _expireIfPast() internal {
        State storage s = _state;
        // solhint-disable-next-line gas-strict-inequalities
        if (s.phase != Phase.OPEN || block.timestamp < s.expiresAt) return;
        s.phase = Phase.EXPIRED;
        s.lastEndedAt = s.expiresAt;
        emit SessionExpired(s.session);
    }

    /// @dev Targets go to the vault, prices and scales into the snapshot.
    /// @return b The basket as the vault has it now, and the prices the decision was made at, all GOOD.
    function _open() internal returns (Basket memory b) {
        _expireIfPast();
        bool yes;
        Reason reason;
        (yes, reason, b) = _assess();
        if (!yes) revert NotNow(reason);
        if (reason == Reason.SESSION_OPEN) revert SessionAlreadyOpen(_state.session);
        State storage s = _state;
        uint256 session = ++s.session;
        (s.phase, s.reason) = (Phase.OPEN, reason);
        s.openedAt = uint32(block.timestamp);
        s.expiresAt = uint32(block.timestamp) + _trigger.sessionLength;
        VAULT.rebalance(b.tokens, b.weights);
        uint256[] memory words = PriceSnapshot.pack(b.mids, VAULT.getScales());
        for (uint256 i; i < words.length; ++i) {
            _snapshot[i] = words[i];
        }
        emit SessionOpened(session, reason, b.tokens, b.weights, b.mids);
    }

    /// @dev In memory: the caller stores it.
    function _settled(State memory s, uint256 driftBps) internal {
        s.phase = Phase.SETTLED;
        (s.lastEndedAt, s.lastSettledAt) = (uint32(block.timestamp), uint32(block.timestamp));
        emit SessionSettled(s.session, driftBps);
    }

    /// @dev The whole decision. The basket is only filled as far as the decision needed it.
    function _assess() internal view returns (bool yes, Reason reason, Basket memory b) {
        State memory s = _loadState();
        Facts memory f;
        f.paused = s.paused;
        f.sessionOpen = _isOpen(s);
        uint256 endedAt = s.phase == Phase.OPEN ? s.expiresAt : s.lastEndedAt;
        f.sinceEnded = endedAt == 0 || f.sessionOpen ? type(uint256).max : block.timestamp - endedAt;
        f.sinceSettled = block.timestamp - s.lastSettledAt;
        if (!f.paused) {
            uint256 ethPrice;
            (f.dataGood, b, ethPrice) = _read(f.sessionOpen);
            if (f.dataGood) _measure(f, b, ethPrice);
        }
        (yes, reason) = RebalanceMath.decide(f, _trigger, _fillParams.settleBandBps);
    }

    /// @dev Never reverts because of a feed or the market data: `good` is false then.
    function _read(bool sessionOpen) private view returns (bool good, Basket memory b, uint256 ethPrice) {
        b = _held();
        try CALCULATOR.isStale() returns (bool stale) {
            if (stale) return (false, b, 0);
        } catch {
            return (false, b, 0);
        }
        if (!sessionOpen) {
            try CALCULATOR.calculateOptimalWeights() returns (address[] memory tokens, uint256[] memory weights) {
                b = BasketMath.merge(b, tokens, weights);
            } catch {
                return (false, b, 0);
            }
        }
        address bad;
        (bad,, ethPrice) = _price(b);
        good = bad == address(0);
    }

    function _measure(Facts memory f, Basket memory b, uint256 ethPrice) private view {
        f.driftBps = RebalanceMath.maxDrift(b.values, b.total, b.weights);
        f.pegBps = RebalanceMath.worstPeg(b.mids);
        f.toMove = RebalanceMath.valueToMove(b.values, b.total, b.weights);
        uint256 gasPrice = tx.gasprice > block.basefee ? tx.gasprice : block.basefee;
        f.gasCost = RebalanceMath.gasCost(gasPrice, _trigger.gasEstimate, ethPrice);
    }

    function _held() internal view returns (Basket memory b) {
        (b.tokens, b.weights, b.reserves) = VAULT.getBasket();
        b.scales = VAULT.getScales();
    }

    function _wanted(Basket memory held) private view returns (Basket memory) {
        (address[] memory tokens, uint256[] memory weights) = CALCULATOR.calculateOptimalWeights();
        return BasketMath.merge(held, tokens, weights);
    }

    /// @dev Prices the basket and ETH in one call.
    /// @return bad The first asset whose price is not GOOD, zero when all are.
    /// @return status Its status.
    /// @return ethPrice WAD{USD/ETH}, the high bound.
    function _price(Basket memory b)
        internal
        view
        returns (address bad, IPriceOracle.Status status, uint256 ethPrice)
    {
        uint256 n = b.tokens.length;
        address[] memory assets = new address[](n + 1);
        for (uint256 i; i < n; ++i) {
            assets[i] = b.tokens[i];
        }
        assets[n] = ETH_ASSET;
        IPriceOracle.Quote[] memory quotes = ORACLE.quotes(assets);
        for (uint256 i = n + 1; i > 0; --i) {
            if (quotes[i - 1].status == IPriceOracle.Status.GOOD) continue;
            (bad, status) = (assets[i - 1], quotes[i - 1].status);
        }
        ethPrice = quotes[n].high;
        if (bad == address(0)) _value(b, quotes);
    }

    function _value(Basket memory b, IPriceOracle.Quote[] memory quotes) internal pure {
        uint256 n = b.tokens.length;
        (b.lows, b.highs, b.mids) = (new uint256[](n), new uint256[](n), new uint256[](n));
        for (uint256 i; i < n; ++i) {
            (b.lows[i], b.highs[i]) = (quotes[i].low, quotes[i].high);
            b.mids[i] = (quotes[i].low + quotes[i].high) / 2;
        }
        (b.values, b.total) = RebalanceMath.valuesOf(b.reserves, b.scales, b.mids);
    }

    function _isOpen(State memory s) internal view returns (bool) {
        return s.phase == Phase.OPEN && block.timestamp < s.expiresAt;
    }
}
