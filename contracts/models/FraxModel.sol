// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title FraxModel
/// @notice A model of the FRAX stablecoin for the local mainnet, written from its public documentation: its code is on no
/// package registry (no frax or frax-finance package carries it).
/// @dev Like the original: an owner lists pools, and pools mint and burn; no permit, as the mainnet token has none. Unlike it:
/// plain ERC-20 failures are OpenZeppelin 5's custom errors. Amounts are {FRAX} with 18 decimals.
contract FraxModel is ERC20 {
    address public immutable owner_address;

    mapping(address pool => bool listed) public frax_pools;

    event FRAXMinted(address indexed from, address indexed to, uint256 amount);
    event FRAXBurned(address indexed from, address indexed to, uint256 amount);
    event PoolAdded(address poolAddress);
    event PoolRemoved(address poolAddress);

    modifier onlyPools() {
        require(frax_pools[msg.sender], "Only frax pools can call this function");
        _;
    }

    modifier onlyOwner() {
        require(msg.sender == owner_address, "Not the owner, controller, or the governance timelock");
        _;
    }

    constructor() ERC20("Frax", "FRAX") {
        owner_address = msg.sender;
    }

    /// @notice Lets `pool` mint and burn.
    function addPool(address pool) external onlyOwner {
        require(pool != address(0), "Zero address detected");
        require(!frax_pools[pool], "Address already exists");
        frax_pools[pool] = true;
        emit PoolAdded(pool);
    }

    /// @notice Takes that right from `pool`.
    function removePool(address pool) external onlyOwner {
        require(frax_pools[pool], "Address nonexistant");
        delete frax_pools[pool];
        emit PoolRemoved(pool);
    }

    /// @notice Creates `amount` for `to`; pools only.
    function pool_mint(address to, uint256 amount) external onlyPools {
        _mint(to, amount);
        emit FRAXMinted(msg.sender, to, amount);
    }

    /// @notice Destroys `amount` of `from` out of the calling pool's allowance; pools only.
    function pool_burn_from(address from, uint256 amount) external onlyPools {
        _spendAllowance(from, msg.sender, amount);
        _burn(from, amount);
        emit FRAXBurned(from, msg.sender, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }
}
