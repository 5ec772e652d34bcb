// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {EmergencyMath} from "../libraries/EmergencyMath.sol";

/// @title Many cases of the emergency's maths in one call, for comparison with its Python twin.
contract EmergencyMathBatch {
    struct RoleCase {
        ICrisisDetector.State state;
        bool forced;
        bool leaning;
        bool returning;
    }

    /// @param cases 16-bit words: the number of coins n, of crises k, and the cap; n times role, weight, share, own, done and
    ///        steps; k times the n weights of a crisis; repeated.
    /// @return results The weights of all cases in order, 16 bits each.
    function compositions(bytes calldata cases) external pure returns (bytes memory results) {
        results = new bytes(cases.length);
        uint256 read;
        uint256 written;
        while (read < cases.length) {
            (uint256 n, uint256 k, uint256 cap) = (_word(cases, read), _word(cases, read + 2), _word(cases, read + 4));
            EmergencyMath.Stance[] memory coins = _coins(cases, read + 6, n);
            read += 6 + 12 * n;
            uint256[][] memory emergency = new uint256[][](k);
            for (uint256 i; i < k; ++i) {
                emergency[i] = _words(cases, read, n);
                read += 2 * n;
            }
            uint256[] memory weights = EmergencyMath.compose(coins, emergency, cap);
            for (uint256 i; i < n; ++i) {
                results[written++] = bytes1(uint8(weights[i] >> 8));
                results[written++] = bytes1(uint8(weights[i]));
            }
        }
    }

    function roles(RoleCase[] calldata cases) external pure returns (EmergencyMath.Role[] memory found) {
        found = new EmergencyMath.Role[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            RoleCase calldata c = cases[i];
            found[i] = EmergencyMath.roleOf(c.state, c.forced, c.leaning, c.returning);
        }
    }

    /// @param cases elapsed, auction, premium, slip.
    function publicKeeps(uint256[4][] calldata cases) external pure returns (uint256[] memory keeps) {
        keeps = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            keeps[i] = EmergencyMath.publicKeep(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
        }
    }

    function _coins(bytes calldata data, uint256 at, uint256 n)
        private
        pure
        returns (EmergencyMath.Stance[] memory coins)
    {
        coins = new EmergencyMath.Stance[](n);
        for (uint256 i; i < n; ++i) {
            uint256[] memory words = _words(data, at + 12 * i, 6);
            coins[i] = EmergencyMath.Stance(
                EmergencyMath.Role(words[0]), words[1], words[2], words[3], words[4], words[5]
            );
        }
    }

    function _words(bytes calldata data, uint256 at, uint256 n) private pure returns (uint256[] memory words) {
        words = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            words[i] = _word(data, at + 2 * i);
        }
    }

    function _word(bytes calldata data, uint256 at) private pure returns (uint256) {
        return uint256(uint16(bytes2(data[at:at + 2])));
    }
}
