// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title CrvModel
/// @notice A model of the CRV token for the local mainnet, written from its public documentation: its code is on no package
/// registry.
/// @dev Like the original: one minter, everybody may burn his own. Unlike it: no schedule of inflation. Amounts are {CRV} with
/// 18 decimals.
contract CrvModel is ERC20 {
    address public immutable minter;

    constructor(address minter_) ERC20("Curve DAO Token", "CRV") {
        minter = minter_;
    }

    function mint(address to, uint256 amount) external returns (bool) {
        require(msg.sender == minter, "dev: minter only");
        _mint(to, amount);
        return true;
    }

    function burn(uint256 amount) external returns (bool) {
        _burn(msg.sender, amount);
        return true;
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }
}
