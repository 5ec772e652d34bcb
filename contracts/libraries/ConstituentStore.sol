// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {ConstituentConfig, ConstituentView, MarketData, Source} from "./CalculatorTypes.sol";
import {Constituent, ConstituentLib} from "./ConstituentLib.sol";

/// @title The list of constituents as one code blob: read in one piece for little more than a slot.
library ConstituentStore {
    uint16 internal constant DEFAULT_MIN_BPS = 500;
    uint16 internal constant DEFAULT_MAX_BPS = 4000;

    error ZeroAddress();
    error DuplicateConstituent(address token);
    error UnknownConstituent(address token);
    error BoundAboveTotal(address token, uint256 maxBps);

    function write(Constituent[] memory coins) internal returns (address blob) {
        return SSTORE2.write(abi.encodePacked(coins));
    }

    /// @return coins Empty for the zero address.
    function read(address blob) internal view returns (Constituent[] memory coins) {
        if (blob == address(0)) return coins;
        bytes memory words = SSTORE2.read(blob);
        assembly ("memory-safe") {
            mstore(words, shr(5, mload(words))) // n x 32 bytes are n words already
            coins := words
        }
    }

    function activeOnly(Constituent[] memory coins) internal pure returns (Constituent[] memory found) {
        uint256 n;
        for (uint256 i; i < coins.length; ++i) {
            if (coins[i].active()) ++n;
        }
        found = new Constituent[](n);
        n = 0;
        for (uint256 i; i < coins.length; ++i) {
            if (coins[i].active()) found[n++] = coins[i];
        }
    }

    function fromConfig(ConstituentConfig[] calldata configs) internal pure returns (Constituent[] memory coins) {
        coins = new Constituent[](configs.length);
        for (uint256 i; i < configs.length; ++i) {
            ConstituentConfig calldata c = configs[i];
            if (c.token == address(0)) revert ZeroAddress();
            if (c.maxBps > 10_000) revert BoundAboveTotal(c.token, c.maxBps);
            (uint16 low, uint16 high) = c.maxBps == 0 ? (DEFAULT_MIN_BPS, DEFAULT_MAX_BPS) : (c.minBps, c.maxBps);
            coins[i] = ConstituentLib.pack(c.token, low, high, c.source == Source.SUPPLY);
        }
    }

    /// @dev Takes the previous coins off the list, puts the new ones on it, and forgets the data of those not on it.
    function relist(
        mapping(address => MarketData) storage data,
        Constituent[] memory previous,
        Constituent[] memory coins
    ) internal {
        for (uint256 i; i < previous.length; ++i) {
            data[previous[i].token()].listed = false;
        }
        for (uint256 i; i < coins.length; ++i) {
            MarketData storage d = data[coins[i].token()];
            if (d.listed) revert DuplicateConstituent(coins[i].token());
            (d.listed, d.sampled) = (true, coins[i].sampled());
        }
        for (uint256 i; i < previous.length; ++i) {
            address token = previous[i].token();
            if (!data[token].listed) delete data[token];
        }
    }

    function switchActive(Constituent[] memory coins, address token, bool active) internal pure {
        for (uint256 i; i < coins.length; ++i) {
            if (coins[i].token() != token) continue;
            coins[i] = coins[i].withActive(active);
            return;
        }
        revert UnknownConstituent(token);
    }

    function describe(Constituent[] memory coins, mapping(address => MarketData) storage data)
        internal
        view
        returns (ConstituentView[] memory views)
    {
        views = new ConstituentView[](coins.length);
        for (uint256 i; i < coins.length; ++i) {
            Constituent c = coins[i];
            MarketData memory d = data[c.token()];
            views[i] = ConstituentView({
                token: c.token(),
                minBps: c.minBps(),
                maxBps: c.maxBps(),
                source: c.sampled() ? Source.SUPPLY : Source.REPORTED,
                active: c.active(),
                cap: d.cap,
                score: d.score,
                volatilityBps: d.volatilityBps,
                yieldBps: d.yieldBps,
                capAt: d.capAt,
                scoreAt: d.scoreAt
            });
        }
    }
}
