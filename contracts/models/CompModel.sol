// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title CompModel
/// @notice A model of Compound's COMP for the local mainnet, written from its public documentation: its code is on no package
/// registry.
/// @dev Like the original: amounts above 96 bits are refused, except an approval of everything. Unlike it: plain ERC-20 failures
/// are OpenZeppelin 5's custom errors, there are no votes to delegate, and the minter creates what the original's constructor
/// gave out once (10 million). Amounts are {COMP} with 18 decimals.
contract CompModel is ERC20Permit {
    address public immutable minter;

    constructor(address minter_) ERC20("Compound", "COMP") ERC20Permit("Compound") {
        minter = minter_;
    }

    /// @notice Creates `amount` for `account`; the minter only.
    function mint(address account, uint256 amount) external {
        require(msg.sender == minter, "Comp::mint: only the minter can mint");
        require(amount <= type(uint96).max, "Comp::mint: amount exceeds 96 bits");
        _mint(account, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function approve(address spender, uint256 amount) public override returns (bool) {
        require(
            amount <= type(uint96).max || amount == type(uint256).max, "Comp::approve: amount exceeds 96 bits"
        );
        return super.approve(spender, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        require(amount <= type(uint96).max, "Comp::transfer: amount exceeds 96 bits");
        return super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        require(amount <= type(uint96).max, "Comp::transferFrom: amount exceeds 96 bits");
        return super.transferFrom(from, to, amount);
    }
}
