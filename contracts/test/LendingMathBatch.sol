// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LendingMath} from "../lending/LendingMath.sol";
import {Gains} from "../lending/LendingTypes.sol";

/// @title LendingMath over many cases in one call, so that thousands can be compared with the model. For tests only.
contract LendingMathBatch {
    using LendingMath for Gains;

    struct GainsCase {
        Gains gains;
        uint256 value; // {coin}
        uint256 period; // s
        uint256 time; // s, not before `gains.since`
        uint256 part; // of `whole`
        uint256 whole;
    }

    struct GainsResult {
        int256 low;
        Gains accrued;
        Gains settled;
        uint256 gain;
        uint256 loss;
        Gains scaled;
    }

    struct RoomCase {
        uint256 idle; // {coin}
        uint256 reserve; // {coin}
        uint256 value; // {coin}
        uint256 absoluteCap; // {coin}
        uint256 relativeCapBps;
        uint256 bufferBps;
        uint256 used; // ppt{reserve}
        uint256 elapsed; // s
        uint256 budgetBps;
        uint256 period; // s
        uint256 loss; // {coin}
    }

    struct ShareCase {
        uint256 seenValue; // {coin}
        uint256 seenShares; // {share}
        uint256 value; // {coin}
        uint256 shares; // {share}
        uint256 jumpBps;
        uint256 assets; // {coin}
        uint256[] amounts;
    }

    struct ShareResult {
        uint256 down;
        uint256 up;
        uint256 worth;
        bool jumped;
        uint256[] order;
    }

    function gains(GainsCase[] calldata cases) external pure returns (GainsResult[] memory results) {
        results = new GainsResult[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            GainsCase calldata c = cases[i];
            GainsResult memory r = results[i];
            r.accrued = c.gains;
            r.accrued.accrue(c.time);
            r.low = LendingMath.lowOf(c.value, r.accrued.counted);
            r.settled = c.gains;
            r.settled.accrue(c.time);
            (r.gain, r.loss) = r.settled.settle(c.value, c.period, c.time);
            r.scaled = c.gains;
            r.scaled.accrue(c.time);
            r.scaled.scaleDown(c.part, c.whole);
        }
    }

    function rooms(RoomCase[] calldata cases)
        external
        pure
        returns (uint256[] memory under, uint256[] memory beyond, uint256[] memory used)
    {
        (under, beyond) = (new uint256[](cases.length), new uint256[](cases.length));
        used = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            RoomCase calldata c = cases[i];
            under[i] = LendingMath.roomUnderCaps(c.reserve, c.value, c.absoluteCap, c.relativeCapBps);
            beyond[i] = LendingMath.beyondBuffer(c.reserve, c.idle, c.bufferBps);
            used[i] = LendingMath.charged(c.used, c.elapsed, c.budgetBps, c.period, c.loss, c.reserve);
        }
    }

    function shares(ShareCase[] calldata cases) external pure returns (ShareResult[] memory results) {
        results = new ShareResult[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            ShareCase calldata c = cases[i];
            ShareResult memory r = results[i];
            r.down = LendingMath.sharesFor(c.shares, c.assets, c.value);
            r.up = LendingMath.sharesCovering(c.shares, c.assets, c.value);
            r.worth = LendingMath.worthOf(r.down, c.shares, c.value);
            r.jumped = LendingMath.jumped(c.seenValue, c.seenShares, c.value, c.shares, c.jumpBps);
            r.order = LendingMath.byLargest(c.amounts);
        }
    }
}
