// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title ConvexDepositTokenModel
/// @notice A model of Convex's receipt for deposited LP tokens, written from its public documentation: the Booster that made it
/// mints and burns it, one for one.
contract ConvexDepositTokenModel is ERC20 {
    address public immutable operator;

    constructor() ERC20("Convex Deposit", "cvxDeposit") {
        operator = msg.sender;
    }

    function mint(address to, uint256 amount) external {
        require(msg.sender == operator, "!authorized");
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        require(msg.sender == operator, "!authorized");
        _burn(from, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }
}
