// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {IEmergencyIndex} from "@interfaces/IEmergencyIndex.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {Basket, Facts, PriceNotGood, TriggerParams} from "./RebalanceTypes.sol";

/// @title What the next session would be, and whether it may open. Looks only; holds nothing and may nothing.
/// @dev Made by its Rebalancer, which has no room left for what no fill needs.
contract RebalanceOutlook {
    using DynamicArrayLib for uint256[];

    IIndexVault private immutable _VAULT;
    IIndexCalculator private immutable _CALCULATOR;
    IPriceOracle private immutable _ORACLE;
    address private immutable _ETH_ASSET;
    IEmergencyIndex private immutable _EMERGENCY;

    constructor(
        IIndexVault vault,
        IIndexCalculator calculator,
        IPriceOracle oracle,
        address ethAsset,
        IEmergencyIndex emergency
    ) {
        (_VAULT, _CALCULATOR, _ORACLE, _ETH_ASSET, _EMERGENCY) = (vault, calculator, oracle, ethAsset, emergency);
    }

    /// @notice The whole decision.
    /// @param f What the session says; prices, targets and emergencies are looked up here.
    /// @param fleeing Whether the open session is an emergency's: each of its fills sees to its own coins' prices.
    /// @return yes Whether it may, and why or why not.
    /// @return reason The reason.
    /// @return b The basket that a session would set, only filled as far as the decision needed it.
    function assess(Facts memory f, bool fleeing, TriggerParams calldata p, uint256 settleBandBps)
        external
        view
        returns (bool yes, IRebalancer.Reason reason, Basket memory b)
    {
        f.crisis = !fleeing && _isEmergencyDue();
        f.dataGood = fleeing;
        if (!f.paused && !f.halted && !f.crisis && !fleeing) {
            uint256 ethPrice;
            (f.dataGood, b, ethPrice) = _read(f.sessionOpen);
            if (f.dataGood) _measure(f, b, RebalanceMath.gasCost(_gasPrice(), p.gasEstimate, ethPrice));
        }
        (yes, reason) = RebalanceMath.decide(f, p, settleBandBps);
    }

    /// @notice The basket that an emergency session would set. Bounds that DIVERGED are taken as they are, and a coin without
    ///         a price is worth nothing.
    /// @return b The basket.
    /// @return driftBps How far it is off these targets, rounded up.
    function flight(address[] calldata tokens, uint256[] calldata weights)
        external
        view
        returns (Basket memory b, uint256 driftBps)
    {
        b = BasketMath.merge(_held(), tokens, weights);
        _price(b, true);
        driftBps = RebalanceMath.maxDrift(b.values, b.total, b.weights);
    }

    /// @notice The coins and weights that a session opened now would set.
    function nextTargets() external view returns (address[] memory tokens, uint256[] memory weights) {
        Basket memory b = _wanted();
        return (b.tokens, b.weights);
    }

    /// @return bps Largest distance of a weight from the target that a session opened now would set.
    function nextDrift() external view returns (uint256 bps) {
        Basket memory b = _wanted();
        (address bad, IPriceOracle.Status status,) = _price(b, false);
        if (bad != address(0)) revert PriceNotGood(bad, status);
        return RebalanceMath.maxDrift(b.values, b.total, b.weights);
    }

    /// @return WAD{USD} that the vault holds, at the mid prices of the moment.
    function heldValue() external view returns (uint256) {
        Basket memory b = _held();
        _value(b, _ORACLE.quotes(b.tokens));
        return b.total;
    }

    /// @dev Never reverts because of a feed or the market data: `good` is false then.
    function _read(bool sessionOpen) private view returns (bool good, Basket memory b, uint256 ethPrice) {
        b = _held();
        try _CALCULATOR.isStale() returns (bool stale) {
            if (stale) return (false, b, 0);
        } catch {
            return (false, b, 0);
        }
        if (!sessionOpen) {
            try _CALCULATOR.calculateOptimalWeights() returns (address[] memory tokens, uint256[] memory weights) {
                b = BasketMath.merge(b, tokens, weights);
            } catch {
                return (false, b, 0);
            }
        }
        address bad;
        (bad,, ethPrice) = _price(b, false);
        good = bad == address(0);
    }

    function _gasPrice() private view returns (uint256) {
        return tx.gasprice > block.basefee ? tx.gasprice : block.basefee;
    }

    /// @dev False when there is no answer: without the calculator's weights nothing can be fled to.
    function _isEmergencyDue() private view returns (bool) {
        if (address(_EMERGENCY) == address(0)) return false;
        try _EMERGENCY.emergencyDue() returns (address asset) {
            return asset != address(0);
        } catch {
            return false;
        }
    }

    function _held() private view returns (Basket memory b) {
        (b.tokens, b.weights, b.reserves) = _VAULT.getBasket();
        b.scales = _VAULT.getScales();
    }

    function _wanted() private view returns (Basket memory) {
        (address[] memory tokens, uint256[] memory weights) = _CALCULATOR.calculateOptimalWeights();
        return BasketMath.merge(_held(), tokens, weights);
    }

    /// @dev Prices the basket and ETH in one call.
    /// @param lenient Nothing is bad then: `flight` says what counts instead.
    /// @return bad The first asset whose price is not GOOD, zero when all are.
    /// @return status Its status.
    /// @return ethPrice WAD{USD/ETH}, the high bound.
    function _price(Basket memory b, bool lenient)
        private
        view
        returns (address bad, IPriceOracle.Status status, uint256 ethPrice)
    {
        uint256 n = b.tokens.length;
        address[] memory assets = new address[](n + 1);
        for (uint256 i; i < n; ++i) {
            assets[i] = b.tokens[i];
        }
        assets[n] = _ETH_ASSET;
        IPriceOracle.Quote[] memory quotes = _ORACLE.quotes(assets);
        for (uint256 i = n + 1; i > 0; --i) {
            IPriceOracle.Quote memory quote = quotes[i - 1];
            if (quote.status == IPriceOracle.Status.GOOD) continue;
            if (!lenient) (bad, status) = (assets[i - 1], quote.status);
            else if (quote.status != IPriceOracle.Status.DIVERGED) (quote.low, quote.high) = (0, 0);
        }
        ethPrice = quotes[n].high;
        if (bad == address(0)) _value(b, quotes);
    }

    function _measure(Facts memory f, Basket memory b, uint256 gasCost) private pure {
        f.driftBps = RebalanceMath.maxDrift(b.values, b.total, b.weights);
        f.pegBps = RebalanceMath.worstPeg(b.mids);
        f.toMove = RebalanceMath.valueToMove(b.values, b.total, b.weights);
        f.gasCost = gasCost;
    }

    function _value(Basket memory b, IPriceOracle.Quote[] memory quotes) private pure {
        uint256 n = b.tokens.length;
        (b.lows, b.highs, b.mids) = (new uint256[](n), new uint256[](n), new uint256[](n));
        for (uint256 i; i < n; ++i) {
            (uint256 low, uint256 high) = (quotes[i].low, quotes[i].high);
            b.lows.set(i, low);
            b.highs.set(i, high);
            b.mids.set(i, (low + high) / 2);
        }
        (b.values, b.total) = RebalanceMath.valuesOf(b.reserves, b.scales, b.mids);
    }
}
