// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {BasketMath} from "../libraries/BasketMath.sol";
import {BasketStorage} from "../libraries/BasketStorage.sol";
import {PriceSnapshot} from "../libraries/PriceSnapshot.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {Basket, Facts, TriggerParams} from "../rebalance/RebalanceTypes.sol";

/// @title Many cases of the rebalancer's maths in one call, for comparison with its Python twin.
contract RebalanceMathBatch {
    struct BasketCase {
        uint256[] reserves;
        uint256[] scales;
        uint256[] prices;
        uint256[] weights;
    }

    struct BasketResult {
        uint256[] values;
        uint256 total;
        uint256 drift;
        uint256 toMove;
        uint256 peg;
    }

    struct DecisionCase {
        Facts facts;
        TriggerParams params;
        uint256 settleBandBps;
    }

    struct FloorCase {
        uint256 sold;
        uint256 scaleIn;
        uint256 lowIn;
        uint256 midIn;
        uint256 scaleOut;
        uint256 highOut;
        uint256 midOut;
        uint256 snapIn;
        uint256 snapOut;
        uint256 base;
        uint256 ceiling;
    }

    struct MovementCase {
        uint256 valueBefore;
        uint256 valueAfter;
        uint256 weight;
        uint256 total;
        uint256 scale;
        uint256 price;
        uint256 tolerance;
    }

    struct BudgetCase {
        uint256 used;
        uint256 elapsed;
        uint256 budgetBps;
        uint256 period;
        uint256 loss;
        uint256 total;
    }

    struct MergeCase {
        address[] held;
        uint256[] reserves;
        uint256[] scales;
        address[] wanted;
        uint256[] weights;
    }

    function baskets(BasketCase[] calldata cases) external pure returns (BasketResult[] memory results) {
        results = new BasketResult[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            BasketCase memory c = cases[i];
            BasketResult memory r = results[i];
            (r.values, r.total) = RebalanceMath.valuesOf(c.reserves, c.scales, c.prices);
            r.drift = RebalanceMath.maxDrift(r.values, r.total, c.weights);
            r.toMove = RebalanceMath.valueToMove(r.values, r.total, c.weights);
            r.peg = RebalanceMath.worstPeg(c.prices);
        }
    }

    function decisions(DecisionCase[] calldata cases)
        external
        pure
        returns (bool[] memory verdicts, IRebalancer.Reason[] memory reasons)
    {
        verdicts = new bool[](cases.length);
        reasons = new IRebalancer.Reason[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            (verdicts[i], reasons[i]) =
                RebalanceMath.decide(cases[i].facts, cases[i].params, cases[i].settleBandBps);
        }
    }

    /// @return slips bps{trade}
    /// @return least {tokenOut}
    function floors(FloorCase[] calldata cases)
        external
        pure
        returns (uint256[] memory slips, uint256[] memory least)
    {
        (slips, least) = (new uint256[](cases.length), new uint256[](cases.length));
        for (uint256 i; i < cases.length; ++i) {
            FloorCase memory c = cases[i];
            slips[i] = RebalanceMath.slippage(c.base, c.ceiling, c.midIn, c.midOut, c.snapIn, c.snapOut);
            least[i] =
                RebalanceMath.minimumOut(c.sold, c.scaleIn, c.lowIn, c.scaleOut, c.highOut, 10_000 - slips[i]);
        }
    }

    function movements(MovementCase[] calldata cases)
        external
        pure
        returns (RebalanceMath.Move[] memory moves)
    {
        moves = new RebalanceMath.Move[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            MovementCase memory c = cases[i];
            uint256 dust = RebalanceMath.unitValue(c.scale, c.price);
            moves[i] =
                RebalanceMath.movement(c.valueBefore, c.valueAfter, c.weight, c.total, dust, c.tolerance);
        }
    }

    /// @return used ppt
    /// @return share ppt
    /// @return available WAD{USD}
    function budgets(BudgetCase[] calldata cases)
        external
        pure
        returns (uint256[] memory used, uint256[] memory share, uint256[] memory available)
    {
        uint256 n = cases.length;
        (used, share, available) = (new uint256[](n), new uint256[](n), new uint256[](n));
        for (uint256 i; i < n; ++i) {
            BudgetCase memory c = cases[i];
            used[i] = RebalanceMath.refilled(c.used, c.elapsed, c.budgetBps, c.period);
            share[i] = RebalanceMath.lossShare(c.loss, c.total);
            available[i] = RebalanceMath.lossAvailable(used[i], c.budgetBps, c.total);
        }
    }

    /// @return cost WAD{USD} = wei/gas * gas * WAD{USD/ETH} / WAD
    function gasCosts(uint256[3][] calldata cases) external pure returns (uint256[] memory cost) {
        cost = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            cost[i] = RebalanceMath.gasCost(cases[i][0], cases[i][1], cases[i][2]);
        }
    }

    /// @param cases Value before, value after, low, high.
    function worsts(uint256[4][] calldata cases) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            (results[i][0], results[i][1]) =
                RebalanceMath.atWorst(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
        }
    }

    function dust() external pure returns (uint256) {
        return BasketStorage.DUST;
    }

    function merges(MergeCase[] calldata cases) external pure returns (Basket[] memory merged) {
        merged = new Basket[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Basket memory held;
            (held.tokens, held.reserves, held.scales) = (cases[i].held, cases[i].reserves, cases[i].scales);
            merged[i] = BasketMath.merge(held, cases[i].wanted, cases[i].weights);
        }
    }

    /// @notice What a session would read back of what it stored.
    function snapshot(uint256[] calldata prices, uint256[] calldata scales)
        external
        pure
        returns (uint256[] memory snaps, uint256[] memory back)
    {
        uint256[] memory words = PriceSnapshot.pack(prices, scales);
        (snaps, back) = (new uint256[](prices.length), new uint256[](prices.length));
        uint256 word;
        for (uint256 i; i < prices.length; ++i) {
            if (i % PriceSnapshot.COINS_PER_WORD == 0) word = words[i / PriceSnapshot.COINS_PER_WORD];
            (snaps[i], back[i]) = (PriceSnapshot.priceOf(word), PriceSnapshot.scaleOf(word));
            word = PriceSnapshot.next(word);
        }
    }
}
