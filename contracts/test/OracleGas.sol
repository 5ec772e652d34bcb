// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";

/// @title Gas of reading prices, each with everything cold when asked in a call of its own.
contract OracleGas {
    /// @return gasUsed By `quotes`, the call included.
    function ofQuotes(IPriceOracle oracle, address[] calldata assets) external view returns (uint256 gasUsed) {
        bytes memory data = abi.encodeCall(IPriceOracle.quotes, (assets));
        uint256 before = gasleft();
        (bool ok, bytes memory raw) = address(oracle).staticcall(data);
        gasUsed = before - gasleft();
        assert(ok);
        IPriceOracle.Quote[] memory answers = abi.decode(raw, (IPriceOracle.Quote[]));
        for (uint256 i; i < answers.length; ++i) assert(answers[i].status == IPriceOracle.Status.GOOD);
    }

    /// @return gasUsed By the feeds when called bare, the calls included.
    function ofFeeds(address[] calldata feeds) external view returns (uint256 gasUsed) {
        for (uint256 i; i < feeds.length; ++i) {
            address feed = feeds[i];
            bytes memory data = abi.encodeCall(AggregatorV3Interface.latestRoundData, ());
            uint256 before = gasleft();
            (bool ok,) = feed.staticcall(data);
            gasUsed += before - gasleft();
            assert(ok);
        }
    }
}
