// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {CurveMath} from "../libraries/CurveMath.sol";

/// @title CurveMath over many cases in one call, so that thousands can be compared with the model. For tests only.
contract CurveMathBatch {
    struct Case {
        uint256 virtualPrice; // WAD{unit/LP}
        uint256[] averages; // WAD{coin 0/coin k + 1}
        uint256 index;
        uint256 fee; // over 10^10
        uint256 decimals;
        uint256 lp;
        uint256 assets;
    }

    struct Result {
        uint256 price;
        uint256 down;
        uint256 up;
        uint256 lp;
    }

    function feeUnit() external pure returns (uint256) {
        return CurveMath.FEE_UNIT;
    }

    function run(Case[] calldata cases) external pure returns (Result[] memory results) {
        results = new Result[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Case calldata c = cases[i];
            uint256 unit = 10 ** (36 - c.decimals);
            uint256 price = CurveMath.lpPrice(c.virtualPrice, c.averages, c.index, c.fee);
            results[i] = Result(
                price,
                CurveMath.valueOf(c.lp, price, unit, Math.Rounding.Floor),
                CurveMath.valueOf(c.lp, price, unit, Math.Rounding.Ceil),
                CurveMath.lpFor(c.assets, price, unit)
            );
        }
    }
}
