// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

/// @title Reads price feeds that may be anything: nothing a feed does makes these functions revert or return garbage.
library FeedReader {
    /// @dev Fewer gas left than a feed may need: its answer would be the caller's doing, so there is none.
    error InsufficientGas(uint256 needed, uint256 available);

    /// @dev Gas a feed is given.
    uint256 internal constant FEED_GAS = 250_000;
    /// @dev A call passes on at most 63/64 of what is left, so FEED_GAS * 64 / 63, and 3,000 for calling a cold account.
    ///      Written out: the compiler would work it out on every read.
    uint256 internal constant GAS_NEEDED = 256_970;

    /// @notice A feed's last answer, when it has a proper one: the call succeeded, the words fit their types and the
    ///         answer was made in the round it is reported for.
    /// @return ok Whether the rest means anything.
    /// @return answer Two's complement: a negative one is >= 2**255.
    /// @return startedAt s
    /// @return updatedAt s
    function latestRound(address feed)
        internal
        view
        returns (bool ok, uint256 answer, uint256 startedAt, uint256 updatedAt)
    {
        uint256 at = _read(feed, AggregatorV3Interface.latestRoundData.selector, 160);
        if (at == 0) return (false, 0, 0, 0);
        uint256 roundId;
        uint256 answeredInRound;
        assembly ("memory-safe") {
            roundId := mload(at)
            answer := mload(add(at, 32))
            startedAt := mload(add(at, 64))
            updatedAt := mload(add(at, 96))
            answeredInRound := mload(add(at, 128))
        }
        ok = roundId <= answeredInRound && answeredInRound <= type(uint80).max;
    }

    /// @notice A feed's `decimals()`; `ok` is false when it has no proper answer.
    function decimals(address feed) internal view returns (bool ok, uint256 value) {
        uint256 at = _read(feed, AggregatorV3Interface.decimals.selector, 32);
        if (at == 0) return (false, 0);
        assembly ("memory-safe") {
            value := mload(at)
        }
        ok = value <= type(uint8).max;
    }

    /// @dev Static call with at most `FEED_GAS`; an address without code succeeds with no data, which is too little.
    /// @return at Where in free memory the first `size` bytes of the answer stand until the next allocation; 0 when
    ///         the call failed or returned fewer.
    function _read(address feed, bytes4 selector, uint256 size) private view returns (uint256 at) {
        uint256 available = gasleft();
        if (available < GAS_NEEDED) revert InsufficientGas(GAS_NEEDED, available);
        uint256 feedGas = FEED_GAS;
        assembly ("memory-safe") {
            at := mload(0x40)
            mstore(0, selector)
            let ok := staticcall(feedGas, feed, 0, 4, at, size)
            at := mul(at, and(ok, iszero(lt(returndatasize(), size))))
        }
    }
}
