// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20FlashMint} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20FlashMint.sol";
import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {IndexCalculator} from "../IndexCalculator.sol";

/// @dev A coin of any decimals that anyone may mint, burn and flash mint.
contract WeightsCoin is ERC20FlashMint {
    uint8 private immutable _decimals;

    constructor(uint8 decimals_, uint256 supply) ERC20("Weights Coin", "WEIGHTS") {
        _decimals = decimals_;
        _mint(msg.sender, supply);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(uint256 amount) external {
        _mint(msg.sender, amount);
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }
}

/// @dev Samples a coin's supply while a flash mint of it is open.
contract WeightsFlashSampler is IERC3156FlashBorrower {
    IndexCalculator private immutable CALCULATOR;

    constructor(IndexCalculator calculator) {
        CALCULATOR = calculator;
    }

    function attack(WeightsCoin coin, uint256 amount) external {
        coin.flashLoan(this, address(coin), amount, "");
    }

    function onFlashLoan(address, address token, uint256 amount, uint256 fee, bytes calldata)
        external
        returns (bytes32)
    {
        CALCULATOR.sampleSupply(token);
        WeightsCoin(token).approve(token, amount + fee);
        return keccak256("ERC3156FlashBorrower.onFlashLoan");
    }
}
