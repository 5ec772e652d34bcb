// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A session's prices and decimals, five coins to a slot.
/// @dev 48 bits a coin: price in 1e-8 USD (43 bits: up to $87,960, held there above), exponent of the scale (5 bits).
library PriceSnapshot {
    uint256 internal constant COINS_PER_WORD = 5;
    uint256 private constant _COIN_BITS = 48;
    uint256 private constant _EXPONENT_BITS = 5;
    uint256 private constant _EXPONENT_MASK = 31;
    uint256 private constant _PRICE_MAX = (1 << 43) - 1;
    uint256 private constant _COIN_MASK = (1 << 48) - 1;
    uint256 private constant _WAD_PER_UNIT = 1e10;

    /// @param mids WAD{USD/coin}.
    /// @param scales 10**(18 - decimals).
    /// @return words Five coins each, the first in the lowest bits.
    function pack(uint256[] memory mids, uint256[] memory scales) internal pure returns (uint256[] memory words) {
        uint256 n = mids.length;
        words = new uint256[]((n + COINS_PER_WORD - 1) / COINS_PER_WORD);
        for (uint256 i; i < n; ++i) {
            uint256 price = mids[i] / _WAD_PER_UNIT;
            if (price > _PRICE_MAX) price = _PRICE_MAX;
            uint256 coin = (price << _EXPONENT_BITS) | _exponent(scales[i]);
            words[i / COINS_PER_WORD] |= coin << (_COIN_BITS * (i % COINS_PER_WORD));
        }
    }

    /// @param coin The coin's bits, those of later coins above them.
    /// @return price 1e-8 USD.
    function priceOf(uint256 coin) internal pure returns (uint256 price) {
        return (coin & _COIN_MASK) >> _EXPONENT_BITS;
    }

    /// @return scale 10**(18 - decimals).
    function scaleOf(uint256 coin) internal pure returns (uint256 scale) {
        return 10 ** (coin & _EXPONENT_MASK);
    }

    /// @return The bits of the word's next coin.
    function next(uint256 word) internal pure returns (uint256) {
        return word >> _COIN_BITS;
    }

    function _exponent(uint256 scale) private pure returns (uint256 exponent) {
        for (; scale > 9; scale /= 10) ++exponent;
    }
}
