// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PriceOracle} from "../PriceOracle.sol";
import {PackedSource, PackedSourceLib} from "../libraries/PackedSource.sol";

/// @title A feed that answers whatever words it was told, of any width, or fails.
contract RawFeed {
    uint256[5] private _words;
    uint256 private _size;
    bool private _reverting;

    /// @param size Bytes to answer, at most 160.
    function set(uint256[5] calldata words, uint256 size, bool reverting) external {
        _words = words;
        _size = size;
        _reverting = reverting;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256[5] memory words = _words;
        (uint256 size, bool reverting) = (_size, _reverting);
        assembly ("memory-safe") {
            if reverting { revert(words, size) }
            return(words, size)
        }
    }
}

/// @title Many drawn cases through the oracle's own `quote` in one call, for the differential tests.
contract OracleBatch is PriceOracle {
    struct Answer {
        uint256[5] words; // of `latestRoundData`
        uint256 size; // bytes
        bool reverting;
    }

    struct Limits {
        uint256 heartbeat; // s
        uint256 decimals;
        uint256 minPrice; // WAD{USD/coin}
        uint256 maxPrice; // WAD{USD/coin}
    }

    struct Case {
        Answer[] answers; // one a source; none is an unknown asset
        Limits[] limits;
        uint256 quorum;
        uint256 maxSpreadBps;
        bool frozen;
        Answer sequencer;
    }

    address private constant ASSET = address(0xA55E7);

    RawFeed[MAX_SOURCES] private _feeds;

    constructor(address authority_, address sequencer, uint256 grace) PriceOracle(authority_, sequencer, grace) {
        for (uint256 i; i < MAX_SOURCES; ++i) _feeds[i] = new RawFeed();
    }

    /// @notice The quote of each case, asked of this contract as any caller asks it. Only ever called, never sent.
    function run(Case[] calldata cases) external returns (Quote[] memory answers) {
        answers = new Quote[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            _arrange(cases[i]);
            (answers[i].low, answers[i].high, answers[i].status) = this.quote(ASSET);
        }
    }

    /// @notice The good prices of each case and the number of its sources, likewise.
    function runGoodPrices(Case[] calldata cases) external returns (uint256[][] memory prices, uint256[] memory sources) {
        (prices, sources) = (new uint256[][](cases.length), new uint256[](cases.length));
        for (uint256 i; i < cases.length; ++i) {
            _arrange(cases[i]);
            (prices[i], sources[i]) = this.goodPrices(ASSET);
        }
    }

    function _arrange(Case calldata drawn) private {
        uint256 count = drawn.answers.length;
        for (uint256 i; i < MAX_SOURCES; ++i) {
            if (i >= count) {
                _sources[ASSET][i] = PackedSource.wrap(0);
                continue;
            }
            Limits calldata limits = drawn.limits[i];
            _sources[ASSET][i] = PackedSourceLib.pack(
                address(_feeds[i]), limits.heartbeat, limits.decimals, limits.minPrice, limits.maxPrice
            );
            _set(_feeds[i], drawn.answers[i]);
        }
        if (count != 0) {
            PackedSource first = _sources[ASSET][0];
            _sources[ASSET][0] = first.withSettings(count, drawn.quorum, drawn.maxSpreadBps, drawn.frozen);
        }
        if (sequencerUptimeFeed != address(0)) _set(RawFeed(sequencerUptimeFeed), drawn.sequencer);
    }

    function _set(RawFeed feed, Answer calldata answer) private {
        feed.set(answer.words, answer.size, answer.reverting);
    }
}
