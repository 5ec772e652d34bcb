// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICrisisDetector} from "@interfaces/ICrisisDetector.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";

/// @title The calculator's weights as the coins' states allow them: what a Rebalancer with emergencies asks for targets.
interface IEmergencyIndex is IIndexCalculator {
    struct Weight {
        address token;
        uint256 bps;
    }

    /// @dev How an emergency session trades; the vault's Rebalancer reads it at every emergency opening and fill.
    struct EmergencyParams {
        uint16 settleBandBps; // bps{fund}: settled at or below this drift; also what makes an emergency due
        uint16 slipBps; // bps{trade} below the oracle: the hard ceiling, nothing widens it
        uint16 lossBudgetBps; // bps{fund} that emergency fills may lose at once
        uint32 lossPeriod; // s in which an exhausted budget is full again
        uint32 fillInterval; // s between two keeper fills
        uint32 sessionLength; // s
        uint32 auctionLength; // s from the premium down to the floor, for public fills
        uint16 premiumBps; // bps{trade} above the oracle that a public fill pays at the opening
        uint8 maxTrades; // in one fill
        uint96 maxTradeValue; // WAD{USD} per pair and fill
        uint16 capBps; // bps{fund}: no coin is raised above this by an emergency
    }

    /// @notice Only the vault's owner. Checks that `asset` may be fled from now and notes a guardian's word.
    /// @dev Reverts `UnknownConstituent(asset)`; unless forced, `NotInCrisis(asset, state)` and, for a coin that is sold
    ///      already, `NothingToFlee(asset, share, target)`: a dead coin's crisis never ends, and opens no door to the others.
    /// @param forced A guardian asks: no detector needed. Where it does not confirm, the coin stays cut until `release`.
    /// @return tokens The calculator's coins.
    /// @return weights bps, sum 10,000.
    function enterEmergency(address asset, bool forced)
        external
        returns (address[] memory tokens, uint256[] memory weights);

    /// @return asset The first coin that is cut and that the fund holds more of than target and settle band, zero if none.
    function emergencyDue() external view returns (address asset);

    /// @notice s, since when older targets no longer hold: the last change towards caution.
    function changedAt() external view returns (uint256);

    /// @notice Who says what state a coin is in.
    // solhint-disable-next-line func-name-mixedcase
    function DETECTOR() external view returns (ICrisisDetector);

    function emergencyParams() external view returns (EmergencyParams memory);
}
