// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BasketStorage} from "../libraries/BasketStorage.sol";
import {ShareMath} from "../libraries/ShareMath.sol";

/// @title ShareMath over many cases in one call, so that thousands can be compared with the model. For tests only.
contract ShareMathBatch {
    struct Case {
        uint256[] amounts;
        uint256[] reserves;
        uint256[] weights; // bps
        uint256[] lows; // WAD{USD/coin} * scale
        uint256[] highs;
        uint256 supply;
        uint256 bandBps;
    }

    struct Result {
        uint256 proportional;
        bool excess;
        uint256 extra;
        uint256 pastIndex;
        uint256 pastWeight;
        uint256 value; // WAD * WAD {USD}
    }

    function tolerance() external pure returns (uint256) {
        return ShareMath.TOLERANCE;
    }

    function maxReserve() external pure returns (uint256) {
        return BasketStorage.MAX_RESERVE;
    }

    function contributions(Case[] calldata cases) external pure returns (Result[] memory results) {
        results = new Result[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            results[i] = _contribution(cases[i]);
        }
    }

    function firsts(Case[] calldata cases)
        external
        pure
        returns (uint256[] memory shares, uint256[] memory indices, uint256[] memory weights)
    {
        shares = new uint256[](cases.length);
        indices = new uint256[](cases.length);
        weights = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Case calldata c = cases[i];
            (shares[i], indices[i], weights[i]) = ShareMath.firstShares(c.amounts, _lanes(c), c.lows, c.bandBps);
        }
    }

    /// @param shares One per case, <= its supply.
    function withdrawals(Case[] calldata cases, uint256[] calldata shares)
        external
        pure
        returns (uint256[][] memory down, uint256[][] memory up)
    {
        down = new uint256[][](cases.length);
        up = new uint256[][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            uint256[] memory lanes = _lanes(cases[i]);
            down[i] = ShareMath.amountsForWithdrawal(lanes, shares[i], cases[i].supply);
            up[i] = ShareMath.amountsForShares(lanes, shares[i], cases[i].supply);
        }
    }

    function _contribution(Case calldata c) private pure returns (Result memory r) {
        uint256[] memory lanes = _lanes(c);
        (r.proportional, r.excess) = ShareMath.proportional(c.amounts, lanes, c.supply);
        uint256[] memory highs = c.highs;
        r.extra = ShareMath.excessShares(c.amounts, lanes, c.lows, highs, c.supply, r.proportional);
        (r.pastIndex, r.pastWeight) =
            ShareMath.pastBand(c.amounts, lanes, highs, c.supply, r.proportional, c.bandBps);
        r.value = ShareMath.basketValue(lanes, highs);
    }

    function _lanes(Case calldata c) private pure returns (uint256[] memory lanes) {
        lanes = new uint256[](c.reserves.length);
        for (uint256 i; i < c.reserves.length; ++i) {
            lanes[i] = BasketStorage.toLane(c.reserves[i], c.weights[i]);
        }
    }
}
