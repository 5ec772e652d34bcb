// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev One price source in one storage slot, lowest bits first:
///      feed 160 | heartbeat 20 {s} | decimals 5 | minPrice 24 | maxPrice 28 {milli-USD/coin}, and, in an asset's
///      first source only, lastIndex 2 | quorum - 1 2 | frozen 1 | maxSpread 14 {bps}. Zero means no source.
///      Carrying the asset's own settings in its first source saves a cold read per quote.
type PackedSource is uint256;

using PackedSourceLib for PackedSource global;

/// @title Packing of `PackedSource`. Callers check ranges first: values wider than their field are cut off.
library PackedSourceLib {
    /// @dev Price bounds are kept in steps of 0.001 USD: the lower one up to 16,777.215, the upper up to 268,435.455.
    uint256 internal constant BOUND_STEP = 1e15; // WAD{USD/coin}
    uint256 internal constant MAX_LOWER_BOUND = (2 ** 24 - 1) * BOUND_STEP;
    uint256 internal constant MAX_UPPER_BOUND = (2 ** 28 - 1) * BOUND_STEP;
    uint256 internal constant MAX_HEARTBEAT = 2 ** 20 - 1; // s, 12 days

    uint256 private constant HEARTBEAT_AT = 160;
    uint256 private constant DECIMALS_AT = 180;
    uint256 private constant MIN_AT = 185;
    uint256 private constant MAX_AT = 209;
    uint256 private constant LAST_AT = 237;
    uint256 private constant QUORUM_AT = 239;
    uint256 private constant FROZEN_AT = 241;
    uint256 private constant SPREAD_AT = 242;
    uint256 private constant FROZEN_BIT = 1 << FROZEN_AT;

    /// @notice Whether two WAD{USD/coin} bounds are in order, in range and multiples of `BOUND_STEP`.
    function canHold(uint256 minPrice_, uint256 maxPrice_) internal pure returns (bool) {
        return minPrice_ < maxPrice_ && minPrice_ <= MAX_LOWER_BOUND && maxPrice_ <= MAX_UPPER_BOUND
            && minPrice_ % BOUND_STEP == 0 && maxPrice_ % BOUND_STEP == 0;
    }

    /// @dev `minPrice_` and `maxPrice_` in WAD{USD/coin}, multiples of `BOUND_STEP`.
    function pack(address feed_, uint256 heartbeat_, uint256 decimals_, uint256 minPrice_, uint256 maxPrice_)
        internal
        pure
        returns (PackedSource)
    {
        return PackedSource.wrap(
            uint256(uint160(feed_)) | (heartbeat_ << HEARTBEAT_AT) | (decimals_ << DECIMALS_AT)
                | ((minPrice_ / BOUND_STEP) << MIN_AT) | ((maxPrice_ / BOUND_STEP) << MAX_AT)
        );
    }

    /// @notice A first source with its asset's settings written into it.
    function withSettings(PackedSource self, uint256 count_, uint256 quorum_, uint256 maxSpreadBps_, bool frozen_)
        internal
        pure
        returns (PackedSource)
    {
        uint256 bare = PackedSource.unwrap(self) & ((1 << LAST_AT) - 1);
        return PackedSource.wrap(
            bare | ((count_ - 1) << LAST_AT) | ((quorum_ - 1) << QUORUM_AT) | (maxSpreadBps_ << SPREAD_AT)
                | (frozen_ ? FROZEN_BIT : 0)
        );
    }

    function withFrozen(PackedSource self, bool frozen_) internal pure returns (PackedSource) {
        uint256 word = PackedSource.unwrap(self);
        return PackedSource.wrap(frozen_ ? word | FROZEN_BIT : word & ~FROZEN_BIT);
    }

    function exists(PackedSource self) internal pure returns (bool) {
        return PackedSource.unwrap(self) != 0;
    }

    function feed(PackedSource self) internal pure returns (address) {
        return address(uint160(PackedSource.unwrap(self)));
    }

    /// @return s
    function heartbeat(PackedSource self) internal pure returns (uint256) {
        return (PackedSource.unwrap(self) >> HEARTBEAT_AT) & (2 ** 20 - 1);
    }

    function decimals(PackedSource self) internal pure returns (uint256) {
        return (PackedSource.unwrap(self) >> DECIMALS_AT) & 31;
    }

    /// @return WAD{USD/coin}
    function minPrice(PackedSource self) internal pure returns (uint256) {
        unchecked {
            return ((PackedSource.unwrap(self) >> MIN_AT) & (2 ** 24 - 1)) * BOUND_STEP;
        }
    }

    /// @return WAD{USD/coin}
    function maxPrice(PackedSource self) internal pure returns (uint256) {
        unchecked {
            return ((PackedSource.unwrap(self) >> MAX_AT) & (2 ** 28 - 1)) * BOUND_STEP;
        }
    }

    function count(PackedSource self) internal pure returns (uint256) {
        unchecked {
            return ((PackedSource.unwrap(self) >> LAST_AT) & 3) + 1;
        }
    }

    function quorum(PackedSource self) internal pure returns (uint256) {
        unchecked {
            return ((PackedSource.unwrap(self) >> QUORUM_AT) & 3) + 1;
        }
    }

    function isFrozen(PackedSource self) internal pure returns (bool) {
        return PackedSource.unwrap(self) & FROZEN_BIT != 0;
    }

    /// @return bps
    function maxSpreadBps(PackedSource self) internal pure returns (uint256) {
        return PackedSource.unwrap(self) >> SPREAD_AT;
    }
}
