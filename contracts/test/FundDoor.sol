// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IndexVault} from "../IndexVault.sol";

/// @title Contributes to a fund in proportion for a number of shares, with the caller's coins. For tests only.
contract FundDoor {
    using SafeERC20 for IERC20;

    IndexVault public immutable VAULT;

    constructor(IndexVault vault) {
        VAULT = vault;
    }

    /// @return shares {share} that the caller got.
    function enter(uint256 wanted) external returns (uint256 shares) {
        uint256[] memory amounts = VAULT.amountsForShares(wanted);
        (address[] memory tokens,) = VAULT.getConstituents();
        for (uint256 i; i < tokens.length; ++i) {
            IERC20(tokens[i]).safeTransferFrom(msg.sender, address(this), amounts[i]);
            IERC20(tokens[i]).forceApprove(address(VAULT), amounts[i]);
        }
        return VAULT.contribute(amounts, msg.sender, wanted);
    }
}
