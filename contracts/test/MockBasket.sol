// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A fund's holdings and owner set by hand: as much of a vault as the emergency index looks at. For tests only.
contract MockBasket {
    address public owner;
    address[] private _tokens;
    uint256[] private _reserves;
    uint256[] private _scales;

    constructor(address owner_) {
        owner = owner_;
    }

    /// @param scales 10**(18 - decimals).
    function set(address[] calldata tokens, uint256[] calldata reserves, uint256[] calldata scales) external {
        (_tokens, _reserves, _scales) = (tokens, reserves, scales);
    }

    /// @return Tokens, no targets, reserves in own decimals.
    function getBasket() external view returns (address[] memory, uint256[] memory, uint256[] memory) {
        return (_tokens, new uint256[](_tokens.length), _reserves);
    }

    function getScales() external view returns (uint256[] memory) {
        return _scales;
    }
}
