// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {FeedReader} from "./libraries/FeedReader.sol";
import {PackedSource, PackedSourceLib} from "./libraries/PackedSource.sol";

/// @title Prices with their uncertainty, from up to four feeds an asset.
///
/// An asset has an ordered set of sources, a quorum (how many of them must answer well) and a maximum spread (how far
/// apart their answers may be). A source is an `AggregatorV3Interface` with a heartbeat and price bounds.
///
/// One answer is
///   INVALID  the call reverts, burns its gas, returns too little or malformed data, or there is no code;
///            the price is <= 0, at or below the lower bound, at or above the upper one (Chainlink clamps there);
///            it was made never, in the future, or in an earlier round than it is reported for;
///   STALE    none of that, and it is older than its heartbeat;
///   GOOD     neither.
/// An asset is GOOD when a quorum of its sources is, and they are no further apart than its spread.
///
/// No feed can make `quote` revert. No caller can make a good feed look bad by supplying little gas: what cannot be
/// asked with all of `FEED_GAS` is not asked, the whole call reverts with `InsufficientGas`.
///
/// Roles: CURATOR (delayed by the manager) sets and removes sources and thaws; GUARDIAN freezes an asset at once. A
/// guardian cannot pick sources: leaving out the honest one of two that disagree would make a bad price look good.
/// Immutable; the decimals of a feed are read once, when it is set.
contract PriceOracle is IPriceOracle, AccessManaged {
    using DynamicArrayLib for uint256[];

    /// @dev A source as it is set and shown.
    struct Source {
        address feed; // AggregatorV3Interface
        uint32 heartbeat; // s, the oldest an answer may be
        uint8 decimals; // of the answers; must be what the feed says
        uint256 minPrice; // WAD{USD/coin}, a price here or below is INVALID; a multiple of 0.001 USD
        uint256 maxPrice; // WAD{USD/coin}, a price here or above is INVALID; a multiple of 0.001 USD
    }

    event SourcesSet(address indexed asset, Source[] sources, uint256 quorum, uint256 maxSpreadBps);
    event AssetRemoved(address indexed asset);
    event AssetFrozen(address indexed asset);
    event AssetUnfrozen(address indexed asset);

    error UnknownAsset(address asset);
    error ZeroAsset();
    error SourceCountOutOfRange(uint256 count, uint256 max);
    error QuorumOutOfRange(uint256 quorum, uint256 count);
    error SpreadOutOfRange(uint256 maxSpreadBps);
    error DuplicateFeed(address feed);
    error FeedHasNoCode(address feed);
    error HeartbeatOutOfRange(address feed, uint256 heartbeat);
    error BoundsOutOfRange(address feed, uint256 minPrice, uint256 maxPrice);
    error DecimalsMismatch(address feed, uint256 expected, uint256 actual);
    error FeedNotGood(address feed, Status status);
    error SourcesNotGood(Status status);
    error GraceWithoutFeed();

    uint256 public constant MAX_SOURCES = 4;
    /// @notice Gas a feed is given. Chainlink needs about 20k, a TWAP over a long observation ring about 100k.
    uint256 public constant FEED_GAS = FeedReader.FEED_GAS;
    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_DECIMALS = 18;

    /// @notice Chainlink's L2 sequencer uptime feed; zero where there is no sequencer.
    address public immutable sequencerUptimeFeed;
    /// @notice s, how long after the sequencer's return no price is trusted.
    uint256 public immutable sequencerGracePeriod;

    mapping(address asset => PackedSource[MAX_SOURCES]) internal _sources;

    constructor(address authority_, address sequencerUptimeFeed_, uint256 sequencerGracePeriod_)
        AccessManaged(authority_)
    {
        if (sequencerUptimeFeed_ == address(0)) {
            if (sequencerGracePeriod_ != 0) revert GraceWithoutFeed();
        } else if (sequencerUptimeFeed_.code.length == 0) {
            revert FeedHasNoCode(sequencerUptimeFeed_);
        }
        sequencerUptimeFeed = sequencerUptimeFeed_;
        sequencerGracePeriod = sequencerGracePeriod_;
    }

    // ------------------------------------------------------------------------------------------------- quotes

    /// @inheritdoc IPriceOracle
    /// @dev Also 0, 0 when the asset is frozen or the sequencer is down: then no source is believed.
    function quote(address asset) external view returns (uint256 low, uint256 high, Status status) {
        if (!_isSequencerUp()) return (0, 0, Status.SEQUENCER_DOWN);
        return _quote(asset);
    }

    /// @inheritdoc IPriceOracle
    function quotes(address[] calldata assets) external view returns (Quote[] memory) {
        uint256 count = assets.length;
        // The answer as it is encoded: where the array begins, its length, three words a quote.
        uint256[] memory answer = DynamicArrayLib.malloc(2 + 3 * count);
        answer.set(0, 32).set(1, count);
        bool isUp = _isSequencerUp();
        uint256 word = 2;
        for (uint256 i; i < count;) {
            (uint256 low, uint256 high, Status status) =
                isUp ? _quote(assets[i]) : (0, 0, Status.SEQUENCER_DOWN);
            unchecked {
                answer.set(word, low).set(word + 1, high).set(word + 2, uint256(status));
                word += 3;
                ++i;
            }
        }
        assembly ("memory-safe") {
            return(add(answer, 0x20), shl(5, mload(answer)))
        }
    }

    /// @inheritdoc IPriceOracle
    function goodPrices(address asset) external view returns (uint256[] memory prices, uint256 sources) {
        PackedSource[MAX_SOURCES] storage packed = _sources[asset];
        PackedSource first = packed[0];
        if (!first.exists()) return (prices, 0);
        sources = first.count();
        if (first.isFrozen() || !_isSequencerUp()) return (prices, sources);
        prices = new uint256[](sources);
        uint256 good;
        for (uint256 i; i < sources; ++i) {
            (uint256 price, Status answer) = _read(i == 0 ? first : packed[i]);
            if (answer == Status.GOOD) prices[good++] = price;
        }
        assembly ("memory-safe") {
            mstore(prices, good) // shortens the array in place
        }
    }

    /// @notice An asset's sources and settings as they are now; empty for an unknown asset.
    function getSources(address asset)
        external
        view
        returns (Source[] memory sources, uint256 quorum, uint256 maxSpreadBps, bool frozen)
    {
        PackedSource[MAX_SOURCES] storage packed = _sources[asset];
        PackedSource first = packed[0];
        if (!first.exists()) return (sources, 0, 0, false);
        sources = new Source[](first.count());
        for (uint256 i; i < sources.length; ++i) {
            PackedSource source = packed[i];
            sources[i] = Source({
                feed: source.feed(),
                heartbeat: uint32(source.heartbeat()),
                decimals: uint8(source.decimals()),
                minPrice: source.minPrice(),
                maxPrice: source.maxPrice()
            });
        }
        return (sources, first.quorum(), first.maxSpreadBps(), first.isFrozen());
    }

    // ---------------------------------------------------------------------------------------------- authority

    /// @notice CURATOR, delayed: replaces an asset's sources. Every one must answer GOOD now and agree.
    /// @dev A frozen asset stays frozen. Nothing of the feed's later decimals is re-read: the bounds would catch it.
    /// @param sources 1 to `MAX_SOURCES`, distinct.
    /// @param quorum How many must be good, 1 to their number.
    /// @param maxSpreadBps Largest (high - low) / low; at most 100 %.
    function setSources(address asset, Source[] calldata sources, uint256 quorum, uint256 maxSpreadBps)
        external
        restricted
    {
        uint256 count = sources.length;
        if (asset == address(0)) revert ZeroAsset();
        if (count == 0 || count > MAX_SOURCES) revert SourceCountOutOfRange(count, MAX_SOURCES);
        if (quorum == 0 || quorum > count) revert QuorumOutOfRange(quorum, count);
        if (maxSpreadBps > BPS) revert SpreadOutOfRange(maxSpreadBps);
        PackedSource[MAX_SOURCES] storage packed = _sources[asset];
        bool frozen = packed[0].isFrozen();
        for (uint256 i; i < MAX_SOURCES; ++i) {
            packed[i] = i < count ? _checkedSource(sources, i) : PackedSource.wrap(0);
        }
        packed[0] = packed[0].withSettings(count, quorum, maxSpreadBps, false);
        if (!_isSequencerUp()) revert SourcesNotGood(Status.SEQUENCER_DOWN);
        (,, Status status) = _quote(asset);
        if (status != Status.GOOD) revert SourcesNotGood(status);
        if (frozen) packed[0] = packed[0].withFrozen(true);
        emit SourcesSet(asset, sources, quorum, maxSpreadBps);
    }

    /// @notice CURATOR, delayed: forgets an asset, which is UNKNOWN_ASSET from then on.
    function removeAsset(address asset) external restricted {
        if (!_sources[asset][0].exists()) revert UnknownAsset(asset);
        delete _sources[asset];
        emit AssetRemoved(asset);
    }

    /// @notice GUARDIAN: makes an asset INVALID at once.
    function freezeAsset(address asset) external restricted {
        _setFrozen(asset, true);
        emit AssetFrozen(asset);
    }

    /// @notice CURATOR, delayed: believes the asset's sources again.
    function unfreezeAsset(address asset) external restricted {
        _setFrozen(asset, false);
        emit AssetUnfrozen(asset);
    }

    // ----------------------------------------------------------------------------------------------- internal

    function _setFrozen(address asset, bool frozen) private {
        PackedSource first = _sources[asset][0];
        if (!first.exists()) revert UnknownAsset(asset);
        _sources[asset][0] = first.withFrozen(frozen);
    }

    /// @dev One source, packed, or a named error; only a source that answers GOOD passes.
    function _checkedSource(Source[] calldata sources, uint256 index) private view returns (PackedSource packed) {
        Source calldata source = sources[index];
        address feed = source.feed;
        for (uint256 i; i < index; ++i) {
            if (sources[i].feed == feed) revert DuplicateFeed(feed);
        }
        if (feed.code.length == 0) revert FeedHasNoCode(feed);
        uint256 heartbeat = source.heartbeat;
        if (heartbeat == 0 || heartbeat > PackedSourceLib.MAX_HEARTBEAT) revert HeartbeatOutOfRange(feed, heartbeat);
        (uint256 min, uint256 max) = (source.minPrice, source.maxPrice);
        if (!PackedSourceLib.canHold(min, max)) revert BoundsOutOfRange(feed, min, max);
        (bool answered, uint256 decimals) = FeedReader.decimals(feed);
        if (!answered) revert FeedNotGood(feed, Status.INVALID);
        if (decimals != source.decimals || decimals > MAX_DECIMALS) {
            revert DecimalsMismatch(feed, source.decimals, decimals);
        }
        packed = PackedSourceLib.pack(feed, heartbeat, decimals, min, max);
        (, Status status) = _read(packed);
        if (status != Status.GOOD) revert FeedNotGood(feed, status);
    }

    /// @dev Aggregates an asset's sources; `ballast.model.prices` is its exact twin.
    function _quote(address asset) private view returns (uint256 low, uint256 high, Status status) {
        PackedSource[MAX_SOURCES] storage packed = _sources[asset];
        PackedSource first = packed[0];
        if (!first.exists()) return (0, 0, Status.UNKNOWN_ASSET);
        if (first.isFrozen()) return (0, 0, Status.INVALID);
        uint256 good;
        uint256 count = first.count();
        PackedSource source = first;
        unchecked {
            // prices are below 2**188, so nothing here comes near 256 bits
            for (uint256 i = 1;; ++i) {
                (uint256 price, Status answer) = _read(source);
                if (answer == Status.GOOD) {
                    if (good == 0 || price < low) low = price;
                    if (price > high) high = price;
                    ++good;
                } else if (status == Status.UNKNOWN_ASSET) {
                    status = answer;
                }
                if (i == count) break;
                source = packed[i];
            }
            if (good < first.quorum()) return (low, high, status);
            bool diverged = (high - low) * BPS > first.maxSpreadBps() * low;
            status = diverged ? Status.DIVERGED : Status.GOOD;
        }
    }

    /// @dev One source's answer. `price` is WAD{USD/coin} when GOOD and 0 otherwise; a good price is never 0.
    function _read(PackedSource source) private view returns (uint256 price, Status status) {
        (bool ok, uint256 answer,, uint256 updatedAt) = FeedReader.latestRound(source.feed());
        if (!ok || answer >> 128 != 0) return (0, Status.INVALID);
        unchecked {
            price = answer * 10 ** (MAX_DECIMALS - source.decimals()); // < 2**128 * 10**18 < 2**188
            if (price <= source.minPrice() || price >= source.maxPrice()) return (0, Status.INVALID);
            if (updatedAt == 0 || updatedAt > block.timestamp) return (0, Status.INVALID);
            if (block.timestamp - updatedAt > source.heartbeat()) return (0, Status.STALE);
        }
        return (price, Status.GOOD);
    }

    /// @dev Answer 0 is up, 1 is down; `startedAt` is when that began, 0 when the feed was never set.
    function _isSequencerUp() private view returns (bool) {
        if (sequencerUptimeFeed == address(0)) return true;
        (bool ok, uint256 answer, uint256 startedAt,) = FeedReader.latestRound(sequencerUptimeFeed);
        if (!ok || answer != 0 || startedAt == 0 || startedAt > block.timestamp) return false;
        return block.timestamp - startedAt > sequencerGracePeriod;
    }
}
