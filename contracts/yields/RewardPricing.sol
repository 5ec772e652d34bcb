// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";

/// @title What rewards are worth in the coin that earns them: at their low price, against the coin's high one.
abstract contract RewardPricing {
    uint256 internal constant YEAR = 365 days;

    IPriceOracle public immutable ORACLE;

    error NoOracle();

    constructor(IPriceOracle oracle) {
        if (address(oracle) == address(0)) revert NoOracle();
        ORACLE = oracle;
    }

    /// @dev {asset} that `amount` / `one` whole rewards are worth; nothing where a price is not GOOD.
    function _worthOf(address reward, uint256 amount, uint256 one, address asset) internal view returns (uint256) {
        if (reward == asset) return Math.mulDiv(amount, _one(asset), one);
        (uint256 low,, IPriceOracle.Status status) = ORACLE.quote(reward);
        (, uint256 high, IPriceOracle.Status ofAsset) = ORACLE.quote(asset);
        if (status != IPriceOracle.Status.GOOD || ofAsset != IPriceOracle.Status.GOOD) return 0;
        return Math.mulDiv(Math.mulDiv(amount, low, one), _one(asset), high);
    }

    /// @return Base units of one whole coin.
    function _one(address token) internal view returns (uint256) {
        return 10 ** IERC20Metadata(token).decimals();
    }
}
