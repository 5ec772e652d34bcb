// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title StablecoinModel
/// @notice A model of any dollar coin that the local mainnet has no code of: a plain ERC-20 that one account may mint. Its name
/// ends in "Model", so that it is never taken for the coin itself.
/// @dev Amounts are whole coins with `decimals()` places.
contract StablecoinModel is ERC20 {
    address public immutable minter;
    uint8 private immutable _places;

    error NotMinter(address caller);

    constructor(string memory coin, uint8 places, address minter_)
        ERC20(string.concat(coin, " Model"), coin)
    {
        minter = minter_;
        _places = places;
    }

    /// @notice Creates `amount` for `account`; the minter only.
    function mint(address account, uint256 amount) external {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        _mint(account, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return _places;
    }
}
