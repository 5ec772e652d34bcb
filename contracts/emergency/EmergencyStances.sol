// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {EmergencyMath} from "../libraries/EmergencyMath.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {EmergencyPlans} from "./EmergencyPlans.sol";

/// @title What each coin may do now: from the detector, a guardian's word, the plans, and what the fund holds.
abstract contract EmergencyStances is EmergencyPlans {
    IIndexVault public immutable VAULT;
    IPriceOracle public immutable ORACLE;

    /// @dev A guardian's word on a coin, in one slot.
    struct Mark {
        bool forced; // cut until released
        uint40 releasedAt; // s; 0 before the first time
        uint32 stepInterval; // s for one step back, as the detector had it at the release; 0 before
        uint8 steps; // all of them, likewise
    }

    /// @dev The calculator's coins as they stand now, in its order.
    struct Scene {
        address[] tokens;
        uint256[] ordinary; // bps, what the calculator says
        EmergencyMath.Stance[] coins;
        uint256[] weights; // bps, what follows
    }

    mapping(address asset => Mark) internal _marks;

    constructor(IIndexVault vault, IPriceOracle oracle) {
        if (address(vault) == address(0) || address(oracle) == address(0)) revert ZeroAddress();
        (VAULT, ORACLE) = (vault, oracle);
    }

    /// @notice The calculator's coins, what each may do now, and the weights that follow.
    function getStances()
        external
        view
        returns (address[] memory tokens, EmergencyMath.Stance[] memory coins, uint256[] memory weights)
    {
        Scene memory s = _scene();
        return (s.tokens, s.coins, s.weights);
    }

    function _scene() internal view returns (Scene memory s) {
        (s.tokens, s.ordinary) = CALCULATOR.calculateOptimalWeights();
        _standAlone(s);
        uint256[][] memory plans = _plansOfCut(s);
        _holdLeaning(s.tokens, s.coins);
        s.weights = EmergencyMath.compose(s.coins, plans, _params.capBps);
    }

    /// @dev At mid prices, diverged ones too: in a crisis sources disagree. A coin without a price counts 0.
    /// @return shares bps of the whole fund, rounded down; 0 of an empty one.
    function _shares(address[] memory tokens) private view returns (uint256[] memory shares) {
        (address[] memory held,, uint256[] memory reserves) = VAULT.getBasket();
        IPriceOracle.Quote[] memory quotes = ORACLE.quotes(held);
        uint256[] memory mids = new uint256[](held.length);
        for (uint256 i; i < held.length; ++i) {
            IPriceOracle.Status status = quotes[i].status;
            if (status != IPriceOracle.Status.GOOD && status != IPriceOracle.Status.DIVERGED) continue;
            mids[i] = (quotes[i].low + quotes[i].high) / 2;
        }
        (uint256[] memory values, uint256 total) = RebalanceMath.valuesOf(reserves, VAULT.getScales(), mids);
        shares = new uint256[](tokens.length);
        for (uint256 i; i < tokens.length && total != 0; ++i) {
            uint256 at = BasketMath.indexOf(held, tokens[i]);
            if (at < held.length) shares[i] = values[at] * EmergencyMath.BPS / total;
        }
    }

    /// @dev Every coin by itself; what leans on another is found afterwards.
    function _standAlone(Scene memory s) private view {
        s.coins = new EmergencyMath.Stance[](s.tokens.length);
        ICrisisDetector.State[] memory states = DETECTOR.statesOf(s.tokens);
        uint256[] memory shares = _shares(s.tokens);
        for (uint256 i; i < s.tokens.length; ++i) {
            EmergencyMath.Stance memory coin = s.coins[i];
            Mark memory mark = _marks[s.tokens[i]];
            (coin.weight, coin.share) = (s.ordinary[i], shares[i]);
            (uint256 done, uint256 steps) = _stepsSinceRelease(mark);
            coin.role = EmergencyMath.roleOf(states[i], mark.forced, false, done < steps);
            if (coin.role != EmergencyMath.Role.RETURNING) continue;
            (coin.own, coin.done, coin.steps) = (_plannedOwn(s.tokens[i]), done, steps);
            if (states[i] == ICrisisDetector.State.RECOVERING) _slowest(coin, s.tokens[i]);
        }
    }

    /// @dev A coin that the detector lets back, too, is as far as the slower of the two says.
    function _slowest(EmergencyMath.Stance memory coin, address token) private view {
        (uint256 done, uint256 steps) = DETECTOR.recoverySteps(token);
        if (coin.done < coin.steps && coin.done * steps <= done * coin.steps) return;
        (coin.done, coin.steps) = (done, steps);
    }

    /// @return done Steps back since a curator's release, at most `steps`.
    /// @return steps All of them; 0 if never released.
    function _stepsSinceRelease(Mark memory mark) private view returns (uint256 done, uint256 steps) {
        if (mark.stepInterval == 0) return (0, 0);
        done = (block.timestamp - mark.releasedAt) / mark.stepInterval;
        steps = mark.steps;
        if (done > steps) done = steps;
    }

    /// @return plans Of each coin that is CUT, in the coins' order.
    function _plansOfCut(Scene memory s) private view returns (uint256[][] memory plans) {
        uint256 n;
        for (uint256 i; i < s.coins.length; ++i) {
            if (s.coins[i].role == EmergencyMath.Role.CUT) ++n;
        }
        plans = new uint256[][](n);
        n = 0;
        for (uint256 i; i < s.coins.length; ++i) {
            if (s.coins[i].role == EmergencyMath.Role.CUT) plans[n++] = _planOf(s.tokens, s.ordinary, i);
        }
    }

    /// @dev Planned coins that have left are ignored, coins that have come since have 0.
    /// @return weights bps, in the order of `tokens`, sum 10,000 or less.
    function _planOf(address[] memory tokens, uint256[] memory ordinary, uint256 asset)
        private
        view
        returns (uint256[] memory weights)
    {
        weights = new uint256[](tokens.length);
        Target[] memory plan = _plans[tokens[asset]];
        for (uint256 i; i < plan.length; ++i) {
            uint256 at = BasketMath.indexOf(tokens, plan[i].token);
            if (at < tokens.length) weights[at] = plan[i].bps;
        }
        if (plan.length != 0) return weights;
        for (uint256 i; i < tokens.length; ++i) {
            if (i != asset) weights[i] = ordinary[i];
        }
    }

    /// @return bps of `asset` in its own plan.
    function _plannedOwn(address asset) private view returns (uint256) {
        Target[] memory plan = _plans[asset];
        for (uint256 i; i < plan.length; ++i) {
            if (plan[i].token == asset) return plan[i].bps;
        }
        return 0;
    }

    /// @dev What leans on a coin that is CUT, and is not CUT itself, is HELD.
    function _holdLeaning(address[] memory tokens, EmergencyMath.Stance[] memory coins) private view {
        for (uint256 i; i < coins.length; ++i) {
            if (coins[i].role != EmergencyMath.Role.CUT) continue;
            address[] memory leaning = _groups[tokens[i]];
            for (uint256 k; k < leaning.length; ++k) {
                uint256 at = BasketMath.indexOf(tokens, leaning[k]);
                if (at == tokens.length || coins[at].role == EmergencyMath.Role.CUT) continue;
                (coins[at].role, coins[at].own, coins[at].done, coins[at].steps) =
                    (EmergencyMath.Role.HELD, 0, 0, 0);
            }
        }
    }
}
