// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";

/// @title Target weights while coins are off their pegs, and the public fill's price: twin of `ballast/model/emergency.py`.
/// @dev Pure integers, all weights and shares bps{fund}. What is taken from coins that must not be held or bought goes to
///      those that may be, in proportion to their ordinary weights, none above the cap; what fits nowhere stays where it
///      is held.
library EmergencyMath {
    uint256 internal constant BPS = 10_000;

    /// @dev What a coin may do in the composed weights.
    enum Role {
        FREE, // may be bought
        HELD, // not bought: on watch, dark, or leaning on a coin that is cut
        CUT, // down to its emergency weight: in crisis, or a guardian's word
        RETURNING // comes back in steps
    }

    /// @dev One coin in the composition.
    struct Stance {
        Role role;
        uint256 weight; // bps, what the calculator says
        uint256 share; // bps of the fund's value that it is now, rounded down
        uint256 own; // bps, its own emergency weight; for RETURNING
        uint256 done; // steps back; for RETURNING
        uint256 steps; // all steps, at least 1; for RETURNING
    }

    uint256 private constant _ABOVE_ALL = BPS + 1; // bps
    /// @dev Masks of roles.
    uint256 private constant _FREE = 1 << uint256(Role.FREE);
    uint256 private constant _CUT = 1 << uint256(Role.CUT);
    uint256 private constant _WAITING = (1 << uint256(Role.HELD)) | (1 << uint256(Role.RETURNING));

    /// @notice The most cautious role that applies.
    /// @param forced A guardian's word.
    /// @param leaning On a coin that is CUT.
    /// @param returning Released by the curator a while ago.
    function roleOf(ICrisisDetector.State state, bool forced, bool leaning, bool returning)
        internal
        pure
        returns (Role)
    {
        if (forced || state == ICrisisDetector.State.CRISIS) return Role.CUT;
        bool isOff = state == ICrisisDetector.State.WATCH || state == ICrisisDetector.State.DARK;
        if (isOff || leaning) return Role.HELD;
        return returning || state == ICrisisDetector.State.RECOVERING ? Role.RETURNING : Role.FREE;
    }

    /// @param coins Their ordinary weights sum to 10,000.
    /// @param emergency For each coin that is CUT, in any order, the weights of all coins in that crisis: 10,000 or less.
    /// @param cap No FREE coin is raised above this or its ordinary weight while another coin has room; one that returns at
    ///        most to its step, one that is HELD or CUT never.
    /// @return weights Sum exactly 10,000.
    function compose(Stance[] memory coins, uint256[][] memory emergency, uint256 cap)
        internal
        pure
        returns (uint256[] memory weights)
    {
        uint256 n = coins.length;
        weights = new uint256[](n);
        uint256[] memory limits = new uint256[](n); // up to which a coin may be raised
        uint256 left = BPS;
        uint256 total; // of the FREE coins' ordinary weights
        for (uint256 i; i < n; ++i) {
            Stance memory coin = coins[i];
            uint256 base = _base(coin, emergency, i);
            uint256 top = _top(coin, base, cap);
            bool isFree = coin.role == Role.FREE;
            (weights[i], limits[i]) = (_min(base, top), isFree ? top : _max(top, coin.share));
            left -= weights[i];
            if (isFree) total += coin.weight;
        }
        if (total != 0) left = _share(coins, weights, limits, left, total);
        left = _spread(coins, weights, limits, _FREE, left);
        left = _spread(coins, weights, limits, _WAITING, left);
        left = _spread(coins, weights, limits, _CUT, left);
        if (left != 0) weights[_lastResort(coins, weights)] += left;
    }

    /// @param weights bps, the composed ones.
    /// @return due The first coin that is due; their number without one. Shares are rounded down, so what is due is beyond the
    ///         band by any count.
    function firstDue(Stance[] memory coins, uint256[] memory weights, uint256 settleBandBps)
        internal
        pure
        returns (uint256 due)
    {
        for (; due < coins.length; ++due) {
            if (isDue(coins[due], weights[due], settleBandBps)) break;
        }
    }

    /// @notice Whether the coin is CUT and more of the fund than its target and the settle band.
    function isDue(Stance memory coin, uint256 weight, uint256 settleBandBps) internal pure returns (bool) {
        return coin.role == Role.CUT && coin.share > weight + settleBandBps;
    }

    /// @notice What a public fill must bring at least, falling in a straight line from 10,000 + premium to 10,000 - slip.
    /// @param elapsed s since the session opened.
    /// @param auction s until the floor.
    /// @return bps of the oracle's price, rounded up.
    function publicKeep(uint256 elapsed, uint256 auction, uint256 premium, uint256 slip)
        internal
        pure
        returns (uint256)
    {
        if (elapsed >= auction) return BPS - slip;
        return BPS + premium - (premium + slip) * elapsed / auction;
    }

    /// @dev The lowest weight that any crisis gives the coin, its ordinary one without any.
    function _base(Stance memory coin, uint256[][] memory emergency, uint256 i) private pure returns (uint256 base) {
        if (emergency.length == 0) return coin.weight;
        base = emergency[0][i];
        for (uint256 k = 1; k < emergency.length; ++k) {
            base = _min(base, emergency[k][i]);
        }
    }

    /// @dev What a coin's own role allows it. No cut leaves a coin with more than its ordinary weight.
    function _top(Stance memory coin, uint256 base, uint256 cap) private pure returns (uint256) {
        if (coin.role == Role.FREE) return _max(cap, coin.weight);
        if (coin.role == Role.HELD) return _min(base, coin.share);
        if (coin.role == Role.CUT) return _min(coin.weight, coin.share);
        if (coin.weight <= coin.own) return coin.weight;
        return coin.own + (coin.weight - coin.own) * coin.done / coin.steps;
    }

    /// @dev Gives to the FREE coins in proportion to their ordinary weights, as far as each one's limit.
    /// @return What still is left.
    function _share(
        Stance[] memory coins,
        uint256[] memory weights,
        uint256[] memory limits,
        uint256 left,
        uint256 total
    ) private pure returns (uint256) {
        uint256 given;
        for (uint256 i; i < coins.length; ++i) {
            if (coins[i].role != Role.FREE) continue;
            uint256 added = _min(left * coins[i].weight / total, limits[i] - weights[i]);
            weights[i] += added;
            given += added;
        }
        return left - given;
    }

    /// @dev Raises the coins of some roles in proportion to their room, the rest unit by unit in their order.
    /// @return What still is left.
    function _spread(
        Stance[] memory coins,
        uint256[] memory weights,
        uint256[] memory limits,
        uint256 roles,
        uint256 left
    ) private pure returns (uint256) {
        uint256 total;
        for (uint256 i; i < coins.length; ++i) {
            if (_isAmong(coins[i], roles)) total += _room(limits[i], weights[i]);
        }
        uint256 given = _min(left, total);
        if (given == 0) return left;
        uint256 rest = given;
        for (uint256 i; i < coins.length; ++i) {
            if (!_isAmong(coins[i], roles)) continue;
            uint256 added = given * _room(limits[i], weights[i]) / total;
            weights[i] += added;
            rest -= added;
        }
        for (uint256 i; rest != 0; ++i) {
            if (!_isAmong(coins[i], roles)) continue;
            uint256 added = _min(rest, _room(limits[i], weights[i]));
            weights[i] += added;
            rest -= added;
        }
        return left - given;
    }

    /// @return best The largest coin that may be bought, else the largest share not CUT, else of all; the first of equals.
    function _lastResort(Stance[] memory coins, uint256[] memory weights) private pure returns (uint256 best) {
        uint256 highest;
        for (uint256 i; i < coins.length; ++i) {
            Role role = coins[i].role;
            uint256 size = role == Role.FREE ? 2 * _ABOVE_ALL + weights[i] : coins[i].share;
            if (role == Role.HELD || role == Role.RETURNING) size += _ABOVE_ALL;
            if (size > highest) (best, highest) = (i, size);
        }
    }

    function _isAmong(Stance memory coin, uint256 roles) private pure returns (bool) {
        return (roles >> uint256(coin.role)) & 1 != 0;
    }

    function _room(uint256 limit, uint256 weight) private pure returns (uint256) {
        return limit > weight ? limit - weight : 0;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
