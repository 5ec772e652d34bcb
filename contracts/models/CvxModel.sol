// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title CvxModel
/// @notice A model of Convex's CVX token for the local mainnet, written from its public documentation: its code is on no package
/// registry. CVX is minted along with the CRV that stakers claim, the less the more there is.
/// @dev Like the original: of 1,000 cliffs of 100,000 CVX each, every full one takes a thousandth off the rate of one CVX a
/// CRV; at 100 million nothing more is minted; a mint by anybody but the operator does nothing. Unlike it: `issue` stands for
/// what earlier years minted. Amounts are {CVX} with 18 decimals.
contract CvxModel is ERC20 {
    uint256 public constant maxSupply = 100_000_000e18; // solhint-disable-line const-name-snakecase
    uint256 public constant totalCliffs = 1_000; // solhint-disable-line const-name-snakecase
    uint256 public constant reductionPerCliff = maxSupply / totalCliffs; // solhint-disable-line const-name-snakecase

    address public immutable operator;
    address public immutable issuer;

    error NotIssuer(address caller);

    constructor(address operator_, address issuer_) ERC20("Convex Token", "CVX") {
        (operator, issuer) = (operator_, issuer_);
    }

    /// @param amount {CRV} that was claimed.
    function mint(address to, uint256 amount) external {
        if (msg.sender != operator) return;
        uint256 supply = totalSupply();
        uint256 cliff = supply / reductionPerCliff;
        if (cliff >= totalCliffs) return;
        _mint(to, Math.min(amount * (totalCliffs - cliff) / totalCliffs, maxSupply - supply));
    }

    /// @notice Creates exactly `amount` for `to`; the issuer only.
    function issue(address to, uint256 amount) external {
        if (msg.sender != issuer) revert NotIssuer(msg.sender);
        _mint(to, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }
}
