// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title LusdModel
/// @notice A model of Liquity's LUSD for the local mainnet, written from its public documentation: its code is on no package
/// registry (npm liquity/lib-ethers carries its ABI only).
/// @dev Like the original: minting by the borrower operations alone, EIP-2612 permit (name "LUSD Stablecoin", version "1"), and
/// no transfer to the zero address or to the token itself. Unlike it: plain ERC-20 and permit failures are OpenZeppelin 5's
/// custom errors, and there is no trove manager or stability pool. Amounts are {LUSD} with 18 decimals.
contract LusdModel is ERC20Permit {
    address public immutable borrowerOperationsAddress;

    constructor(address borrowerOperations) ERC20("LUSD Stablecoin", "LUSD") ERC20Permit("LUSD Stablecoin") {
        borrowerOperationsAddress = borrowerOperations;
    }

    /// @notice Creates `amount` for `account`; borrower operations only.
    function mint(address account, uint256 amount) external {
        require(msg.sender == borrowerOperationsAddress, "LUSDToken: Caller is not BorrowerOperations");
        _mint(account, amount);
    }

    /// @notice Destroys `amount` of `account`; borrower operations only.
    function burn(address account, uint256 amount) external {
        require(msg.sender == borrowerOperationsAddress, "LUSDToken: Caller is not BorrowerOperations");
        _burn(account, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function transfer(address recipient, uint256 amount) public override returns (bool) {
        _requireValidRecipient(recipient);
        return super.transfer(recipient, amount);
    }

    function transferFrom(address sender, address recipient, uint256 amount) public override returns (bool) {
        _requireValidRecipient(recipient);
        return super.transferFrom(sender, recipient, amount);
    }

    function _requireValidRecipient(address recipient) private view {
        require(
            recipient != address(0) && recipient != address(this),
            "LUSD: Cannot transfer tokens directly to the LUSD token contract or the zero address"
        );
    }
}
