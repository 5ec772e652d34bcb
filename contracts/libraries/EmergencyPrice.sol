// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What a public fill pays in an emergency: twin of `public_keep` in `ballast/model/emergency.py`.
library EmergencyPrice {
    uint256 private constant _BPS = 10_000;

    /// @param elapsed s since the session opened.
    /// @param auction s from the premium down to the floor, > 0.
    /// @param premium bps above the oracle's price, at first.
    /// @param slip bps below it, in the end; at most 10,000.
    /// @return bps of the oracle's price that the fund must get.
    function publicKeep(uint256 elapsed, uint256 auction, uint256 premium, uint256 slip)
        internal
        pure
        returns (uint256)
    {
        // solhint-disable-next-line gas-strict-inequalities
        if (elapsed >= auction) return _BPS - slip;
        return _BPS + premium - (premium + slip) * elapsed / auction;
    }
}
