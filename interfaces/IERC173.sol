// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ERC-173 contract ownership. ERC-165 id 0x7f5828d0.
interface IERC173 {
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @return The owner's address, zero when there is none.
    function owner() external view returns (address);

    /// @notice Hands the contract to `newOwner`; zero renounces it.
    function transferOwnership(address newOwner) external;
}
