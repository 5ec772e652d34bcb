// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ViewWatcher} from "./ViewWatcher.sol";

/// @title A coin that calls before and after every transfer. For tests only.
contract HookedCoin is ERC20 {
    ViewWatcher private _watcher;

    constructor() ERC20("Hooked coin", "HOOK") {}

    function setWatcher(ViewWatcher watcher) external {
        _watcher = watcher;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        _call();
        super._update(from, to, value);
        _call();
    }

    function _call() private {
        if (address(_watcher) != address(0)) _watcher.look();
    }
}
