// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {GrowthRecorder} from "./GrowthRecorder.sol";

/// @title What any ERC-4626 has paid of late: the growth of its share price, counted as the same at any size.
/// @dev Of what could be withdrawn it sees what lies idle in the vault; the vault itself may find more.
contract SharePriceLens is IYieldLens, GrowthRecorder {
    uint256 private constant _WHOLE_SHARES = 1e9; // of which the price is taken, for its digits
    uint256 private constant _HALF = 0.5e18; // a kink is asked for; without borrowers it means nothing

    /// @inheritdoc IYieldLens
    function marketOf(address strategy) external view returns (Market memory market) {
        market.flat = growthOf(strategy);
        market.supplied = IERC4626(strategy).totalAssets();
        market.available = IERC20(IERC4626(strategy).asset()).balanceOf(strategy);
        market.kink = _HALF;
    }

    function _priceOf(address strategy) internal view override returns (uint256) {
        return IERC4626(strategy).convertToAssets(_WHOLE_SHARES * 10 ** IERC4626(strategy).decimals());
    }
}
