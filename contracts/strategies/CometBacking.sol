// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICometMarket} from "@interfaces/ICometMarket.sol";

/// @title What stands behind the supply of a Compound V3 market.
/// @notice Comet never cuts a supplier's balance: bad debt eats its reserves, and beyond them whoever withdraws last goes
/// without. What a supply is worth at rest is therefore its share of what the market has and is owed.
/// @dev An absorption takes a debt off the books and puts collateral in its place, which is sold for base coins later. It
///      counts at the price that the absorption itself credited (price less the liquidation penalty), so that absorbing a
///      debt that is covered moves nothing: nobody can make the value dip by calling `absorb`.
library CometBacking {
    /// @return {base} of the supply that nothing stands for; 0 in a sound market.
    function missing(ICometMarket comet) internal view returns (uint256) {
        int256 reserves = comet.getReserves();
        if (reserves >= 0) return 0;
        uint256 debt = uint256(-reserves);
        return debt - forSale(comet, debt);
    }

    /// @dev Looks no further than `enough`: a market has a dozen assets, and each costs three calls.
    /// @return {base} that the collateral for sale brings at the least, or `enough` where it brings more. A collateral
    ///         without a price counts nothing.
    function forSale(ICometMarket comet, uint256 enough) internal view returns (uint256) {
        (bool priced, uint256 basePrice) = _price(comet, comet.baseTokenPriceFeed());
        if (!priced) return 0;
        uint256 scale = comet.baseScale();
        uint256 worth; // USD, 8 decimals
        uint8 count = comet.numAssets();
        for (uint8 i; i < count; ++i) {
            worth += _worth(comet, comet.getAssetInfo(i));
            if (worth * scale / basePrice >= enough) return enough;
        }
        return worth * scale / basePrice;
    }

    function _worth(ICometMarket comet, ICometMarket.AssetInfo memory info) private view returns (uint256) {
        uint256 held = comet.getCollateralReserves(info.asset);
        if (held == 0) return 0;
        (bool priced, uint256 price) = _price(comet, info.priceFeed);
        return priced ? held * price / info.scale * info.liquidationFactor / 1e18 : 0;
    }

    function _price(ICometMarket comet, address feed) private view returns (bool, uint256) {
        try comet.getPrice(feed) returns (uint256 price) {
            return (price != 0, price);
        } catch {
            return (false, 0);
        }
    }
}
