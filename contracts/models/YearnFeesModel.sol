// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title YearnFeesModel
/// @notice Stands in for the factory that a Yearn V3 vault asks for the protocol's fee: there is none.
/// @dev A model, because the published factory answers a later vault: this one reads a third word.
contract YearnFeesModel {
    /// @notice What the protocol takes.
    /// @return feeBps {bps} of all assets, a year.
    /// @return lastChange {s} When that was set.
    /// @return recipient Who gets it.
    function protocol_fee_config() external pure returns (uint16 feeBps, uint32 lastChange, address recipient) {
        return (0, 0, address(0));
    }
}
