// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

/// @title Reads price feeds that may be anything: nothing a feed does makes these functions revert or return garbage.
library FeedReader {
    /// @dev Fewer gas left than a feed may need: its answer would be the caller's doing, so there is none.
    error InsufficientGas(uint256 needed, uint256 available);

    /// @dev Gas a feed is given.
    uint256 internal constant FEED_GAS = 250_000;
    /// @dev A call passes on at most 63/64 of what is left; 3,000 pay for the call itself to a cold account.
    uint256 internal constant GAS_NEEDED = FEED_GAS * 64 / 63 + 3_000;

    /// @dev The words `latestRoundData` returned, kept in order for `latestRound` to write them in place.
    struct Round {
        uint256 roundId;
        uint256 answer; // two's complement: a negative one is >= 2**255
        uint256 startedAt; // s
        uint256 updatedAt; // s
        uint256 answeredInRound;
        bool isWellFormed; // the call succeeded and the words fit their types
    }

    /// @notice A feed's last round. `isWellFormed` says whether the rest may be used.
    function latestRound(address feed) internal view returns (Round memory round) {
        bool ok = _read(feed, AggregatorV3Interface.latestRoundData.selector, _pointer(round), 160);
        round.isWellFormed = ok && (round.roundId | round.answeredInRound) >> 80 == 0;
    }

    /// @notice A feed's `decimals()`; `ok` is false when it has no proper answer.
    function decimals(address feed) internal view returns (bool ok, uint256 value) {
        Round memory word;
        ok = _read(feed, AggregatorV3Interface.decimals.selector, _pointer(word), 32);
        return (ok && word.roundId >> 8 == 0, word.roundId);
    }

    /// @dev Static call with at most `FEED_GAS`, copying `size` bytes to `target`; false on a revert or too few bytes.
    ///      An address without code succeeds with no bytes, so it is false too.
    function _read(address feed, bytes4 selector, uint256 target, uint256 size) private view returns (bool ok) {
        uint256 available = gasleft();
        if (available < GAS_NEEDED) revert InsufficientGas(GAS_NEEDED, available);
        uint256 feedGas = FEED_GAS;
        assembly ("memory-safe") {
            mstore(0, selector)
            ok := and(gt(returndatasize(), sub(size, 1)), staticcall(feedGas, feed, 0, 4, target, size))
        }
    }

    function _pointer(Round memory round) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := round
        }
    }
}
