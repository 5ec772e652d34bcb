// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Constituent} from "../libraries/ConstituentLib.sol";
import {WeightMath} from "../libraries/WeightMath.sol";

/// @title Many drawn cases of the weights in one call.
contract WeightMathBatch {
    uint256 public constant TOTAL_BPS = WeightMath.TOTAL_BPS;
    uint256 public constant MIN_COINS = WeightMath.MIN_COINS;
    uint256 public constant MAX_COINS = WeightMath.MAX_COINS;
    uint256 public constant MAX_ADJUSTED_CAP = WeightMath.MAX_ADJUSTED_CAP;

    function weights(uint256[] memory caps, Constituent[] memory coins) external pure returns (uint256[] memory) {
        return WeightMath.boundedWeights(caps, coins);
    }

    /// @param cases 32-byte words: the number of coins n, then n times the adjusted cap and the packed coin; repeated.
    /// @return results The weights of all cases in order, 2 bytes each.
    function batch(bytes calldata cases) external pure returns (bytes memory results) {
        results = new bytes(cases.length / 32);
        uint256 read;
        uint256 written;
        while (read < cases.length) {
            uint256 n = _word(cases, read);
            uint256[] memory caps = new uint256[](n);
            Constituent[] memory coins = new Constituent[](n);
            for (uint256 i; i < n; ++i) {
                caps[i] = _word(cases, read + 32 + 64 * i);
                coins[i] = Constituent.wrap(_word(cases, read + 64 + 64 * i));
            }
            read += 32 + 64 * n;
            uint256[] memory found = WeightMath.boundedWeights(caps, coins);
            for (uint256 i; i < n; ++i) {
                results[written++] = bytes1(uint8(found[i] >> 8));
                results[written++] = bytes1(uint8(found[i]));
            }
        }
    }

    function _word(bytes calldata data, uint256 at) private pure returns (uint256) {
        return uint256(bytes32(data[at:at + 32]));
    }
}
