// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IIndexCalculator} from "@interfaces/IIndexCalculator.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {Constituent, ConstituentLib} from "./libraries/ConstituentLib.sol";
import {ConstituentStore} from "./libraries/ConstituentStore.sol";
import {ConstituentConfig, ConstituentView, Limits, MarketData, Report} from "./libraries/CalculatorTypes.sol";
import {MarketBounds} from "./libraries/MarketBounds.sol";
import {SupplySampler} from "./libraries/SupplySampler.sol";
import {WeightMath} from "./libraries/WeightMath.sol";

/// @title Target weights of the index from bounded market data.
/// @notice adjusted cap = cap x score x (10,000 - volatility) x (10,000 + yield), exact integers, no division;
///         weights = bounded projection of the adjusted caps (`WeightMath`).
///
///         Data come in three bounded ways: CURATOR seeds a coin's first value; REPORTER moves values by a limited
///         change per hour; a coin of source SUPPLY takes its cap from its own totalSupply, sampled by anyone.
///
///         While any active coin's data are missing or older than `maxAge`, the weights last computed when all were
///         fresh are answered, so a coin nobody reports on is never sold for it. `getStatus` names the coins.
/// @dev A cold read costs one slot a coin, one header slot, and one code blob holding all tokens and bounds.
contract IndexCalculator is IIndexCalculator, AccessManaged {
    using ConstituentLib for Constituent[];
    using DynamicArrayLib for uint256[];

    uint256 public constant MIN_CONSTITUENTS = WeightMath.MIN_COINS;
    uint256 public constant MAX_CONSTITUENTS = 50;
    uint256 public constant DEFAULT_MIN_BPS = ConstituentStore.DEFAULT_MIN_BPS;
    uint256 public constant DEFAULT_MAX_BPS = ConstituentStore.DEFAULT_MAX_BPS;
    uint256 public constant CHANGE_WINDOW = MarketBounds.CHANGE_WINDOW;

    /// @dev What a read needs beside the data, in one slot.
    struct Header {
        address blob; // the constituents, by `ConstituentStore`
        uint32 maxAge; // seconds
        uint8 activeCount;
    }

    /// @dev The weights last computed from fresh data. `weights` holds 16 of them a word, 16 bits each.
    struct Snapshot {
        address blob; // the constituents they are of
        uint64 computedAt; // s
        uint256[4] weights;
    }

    Header internal _header;
    Limits internal _limits;
    Snapshot internal _snapshot;
    mapping(address token => MarketData) internal _data;
    mapping(address token => SupplySampler.Pending) internal _pending;

    event ConstituentsSet(ConstituentConfig[] constituents);
    event ConstituentRemoved(address indexed token);
    event ActiveSet(address indexed token, bool active);
    event Seeded(address indexed token, uint256 cap, uint256 score);
    event Reported(address indexed token, uint256 cap, uint256 score, uint256 volatilityBps, uint256 yieldBps);
    event SupplySampled(address indexed token, uint256 supply, uint256 lowest);
    event SupplyAccepted(address indexed token, uint256 lowest, uint256 cap);
    event LimitsSet(Limits limits);
    event MaxAgeSet(uint256 maxAge);
    event WeightsComputed(address[] tokens, uint256[] weights);

    error NoFreshWeights();
    error ArrayLengthMismatch(uint256 tokens, uint256 values);
    error AlreadySeeded(address token);
    error NotSampled(address token);
    error MaxAgeOutOfRange(uint256 maxAge, uint256 lowest, uint256 highest);
    error NotPlainAccount(address caller);

    /// @param authority The AccessManager that says who is CURATOR and REPORTER.
    constructor(address authority) AccessManaged(authority) {
        _header.maxAge = 3 days;
        _limits = MarketBounds.defaults();
    }

    // ---------------------------------------------------------------- reading

    /// @inheritdoc IIndexCalculator
    function calculateOptimalWeights() external view returns (address[] memory tokens, uint256[] memory weights) {
        Header memory header = _header;
        Constituent[] memory coins = _activeCoins(header);
        (tokens, weights) = _freshWeights(coins, header.maxAge);
        if (weights.length == 0) return lastFreshWeights();
    }

    /// @notice The weights last computed while all data were fresh; what is answered while some are stale.
    function lastFreshWeights() public view returns (address[] memory tokens, uint256[] memory weights) {
        address blob = _snapshot.blob;
        if (blob == address(0)) revert NoFreshWeights();
        Constituent[] memory coins = ConstituentStore.activeOnly(ConstituentStore.read(blob));
        weights = new uint256[](coins.length);
        for (uint256 i; i < coins.length; ++i) {
            weights[i] = uint16(_snapshot.weights[i / 16] >> (16 * (i % 16)));
        }
        return (coins.tokens(), weights);
    }

    /// @inheritdoc IIndexCalculator
    function isStale() public view returns (bool) {
        (bool stale,,) = getStatus();
        return stale;
    }

    /// @return stale Whether the weights are frozen.
    /// @return computedAt Unix time of the last computation from fresh data, 0 if never.
    /// @return staleTokens The active coins whose data are missing or too old.
    function getStatus() public view returns (bool stale, uint256 computedAt, address[] memory staleTokens) {
        Header memory header = _header;
        staleTokens = _activeCoins(header).tokens();
        uint256 found;
        for (uint256 i; i < staleTokens.length; ++i) {
            if (uint256(_data[staleTokens[i]].oldestAt) + header.maxAge < block.timestamp) {
                staleTokens[found++] = staleTokens[i];
            }
        }
        assembly ("memory-safe") {
            mstore(staleTokens, found) // shortens the array in place
        }
        return (found != 0 || header.activeCount == 0, _snapshot.computedAt, staleTokens);
    }

    /// @notice Every constituent, inactive ones too, with bounds and data, in one call.
    function getMarketData() external view returns (ConstituentView[] memory) {
        Constituent[] memory coins = ConstituentStore.read(_header.blob);
        return ConstituentStore.describe(coins, _data);
    }

    /// @return seconds An input older than this freezes the weights.
    function maxAge() external view returns (uint256) {
        return _header.maxAge;
    }

    function getLimits() external view returns (Limits memory) {
        return _limits;
    }

    /// @notice A supply sample waiting for its second, zero if there is none.
    function pendingSample(address token) external view returns (SupplySampler.Pending memory) {
        return _pending[token];
    }

    // ---------------------------------------------------------------- CURATOR

    /// @notice CURATOR: replaces the list; every coin on it becomes active. Coins that stay keep their data, new ones
    ///         have none until seeded (the weights are frozen until then), removed ones lose theirs.
    /// @param constituents Distinct coins, 3 to 50. maxBps 0 takes the default bounds.
    function setConstituents(ConstituentConfig[] calldata constituents) external restricted {
        uint256 n = constituents.length;
        if (n > MAX_CONSTITUENTS) revert WeightMath.TooManyConstituents(n, MAX_CONSTITUENTS);
        Constituent[] memory coins = ConstituentStore.fromConfig(constituents);
        WeightMath.checkBounds(coins);
        Constituent[] memory previous = ConstituentStore.read(_header.blob);
        ConstituentStore.relist(_data, previous, coins);
        _store(coins, n);
        emit ConstituentsSet(constituents);
        for (uint256 i; i < previous.length; ++i) {
            address token = previous[i].token();
            delete _pending[token];
            if (!_data[token].listed) emit ConstituentRemoved(token);
        }
        _refresh();
    }

    /// @notice CURATOR: takes a coin out of the weights, or back in; its data stay.
    function setActive(address token, bool active) external restricted {
        Constituent[] memory coins = ConstituentStore.read(_header.blob);
        ConstituentStore.switchActive(coins, token, active);
        Constituent[] memory left = ConstituentStore.activeOnly(coins);
        WeightMath.checkBounds(left);
        _store(coins, left.length);
        emit ActiveSet(token, active);
        _refresh();
    }

    /// @notice CURATOR: the first data of coins that have none. Later values come from REPORTER or from the supply.
    /// @param caps Whole USD, not 0.
    /// @param scores per mille
    function seed(address[] calldata tokens, uint256[] calldata caps, uint256[] calldata scores) external restricted {
        _checkLength(tokens.length, caps.length);
        _checkLength(tokens.length, scores.length);
        for (uint256 i; i < tokens.length; ++i) {
            MarketData storage data = _data[tokens[i]];
            if (data.oldestAt != 0) revert AlreadySeeded(tokens[i]);
            MarketBounds.seed(data, tokens[i], caps[i], scores[i]);
            emit Seeded(tokens[i], caps[i], scores[i]);
        }
        _refresh();
    }

    /// @notice CURATOR: how fast data may move. Tilts above a lowered maximum are cut to it at once.
    function setLimits(Limits calldata limits) external restricted {
        MarketBounds.check(limits);
        _limits = limits;
        Constituent[] memory coins = ConstituentStore.read(_header.blob);
        for (uint256 i; i < coins.length; ++i) {
            MarketBounds.cutTilts(_data[coins[i].token()], limits.maxTiltBps);
        }
        emit LimitsSet(limits);
        _refresh();
    }

    /// @notice CURATOR: how old data may be, in seconds.
    function setMaxAge(uint256 newMaxAge) external restricted {
        if (newMaxAge < 1 hours || newMaxAge > 30 days) revert MaxAgeOutOfRange(newMaxAge, 1 hours, 30 days);
        _header.maxAge = uint32(newMaxAge);
        emit MaxAgeSet(newMaxAge);
        _refresh();
    }

    // ---------------------------------------------------------------- data

    /// @notice REPORTER: new data of some coins, all or nothing. A change beyond its limit reverts naming the
    ///         furthest value allowed now, so a large move is walked in several reports.
    /// @param caps Whole USD; 0 for a coin of source SUPPLY, whose cap is sampled.
    /// @param scores per mille
    /// @param volatilities bps
    /// @param yields bps
    function report(
        address[] calldata tokens,
        uint256[] calldata caps,
        uint256[] calldata scores,
        uint256[] calldata volatilities,
        uint256[] calldata yields
    ) external restricted {
        _checkLength(tokens.length, caps.length);
        _checkLength(tokens.length, scores.length);
        _checkLength(tokens.length, volatilities.length);
        _checkLength(tokens.length, yields.length);
        Report memory r;
        for (uint256 i; i < tokens.length; ++i) {
            r.token = tokens[i];
            r.cap = caps[i];
            r.score = scores[i];
            r.volatilityBps = volatilities[i];
            r.yieldBps = yields[i];
            _report(r);
        }
        _refresh();
    }

    /// @notice Anyone: samples the supply of a coin of source SUPPLY. The lowest sample of a window becomes the cap once
    ///         `sampleMinBlocks` lie between the first and the last, moved by no more than the change limit allows.
    /// @dev The caller is a plain account, so no other code runs in its transaction and no flash mint is open. A mint
    ///      that is held over the blocks of every sample is real supply and counts.
    function sampleSupply(address token) external {
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender != tx.origin || msg.sender.code.length != 0) revert NotPlainAccount(msg.sender);
        MarketData storage data = _data[token];
        if (!data.listed || !data.sampled) revert NotSampled(token);
        Limits memory limits = _limits;
        (uint256 supply, uint256 lowest, bool done) = SupplySampler.sample(_pending[token], token, limits);
        emit SupplySampled(token, supply, lowest);
        if (!done) return;
        uint256 cap = MarketBounds.moveCap(data, token, lowest, limits);
        emit SupplyAccepted(token, lowest, cap);
        _refresh();
    }

    // ---------------------------------------------------------------- internals

    function _report(Report memory r) internal {
        MarketData storage data = _data[r.token];
        MarketBounds.report(data, r, _limits);
        emit Reported(r.token, data.cap, r.score, r.volatilityBps, r.yieldBps);
    }

    function _checkLength(uint256 tokens, uint256 values) internal pure {
        if (tokens != values) revert ArrayLengthMismatch(tokens, values);
    }

    function _activeCoins(Header memory header) internal view returns (Constituent[] memory coins) {
        coins = ConstituentStore.read(header.blob);
        if (coins.length != header.activeCount) coins = ConstituentStore.activeOnly(coins);
    }

    /// @dev Bounded projection of the coins' data as they stand. Overwrites `coins` with the tokens.
    /// @return tokens The coins.
    /// @return weights bps; empty unless every coin has data within `age`, and for an empty index.
    function _freshWeights(Constituent[] memory coins, uint256 age)
        internal
        view
        returns (address[] memory tokens, uint256[] memory weights)
    {
        uint256[] memory list = coins.asWords();
        uint256[] memory words = DynamicArrayLib.malloc(list.length);
        uint256 oldest = block.timestamp;
        uint256 sum;
        unchecked {
            for (uint256 i; i < words.length; ++i) {
                Constituent coin = Constituent.wrap(list.get(i));
                MarketData storage d = _data[coin.token()];
                // One expression, so that the slot is read once. The product is below 2**136.
                (uint256 cap, uint256 oldestAt) = (
                    uint256(d.cap) * d.score * (10_000 - uint256(d.volatilityBps)) * (10_000 + uint256(d.yieldBps)),
                    d.oldestAt
                );
                if (oldestAt < oldest) oldest = oldestAt;
                sum += cap;
                words.set(i, WeightMath.word(cap, coin, i));
                list.set(i, coin.token());
            }
        }
        tokens = list.asAddressArray();
        if (tokens.length != 0 && oldest + age >= block.timestamp) weights = WeightMath.project(words, sum, tokens);
    }

    function _store(Constituent[] memory coins, uint256 activeCount) internal {
        _header.blob = ConstituentStore.write(coins);
        _header.activeCount = uint8(activeCount);
    }

    /// @dev After every change of data or bounds: keeps the weights if all data are fresh.
    function _refresh() internal {
        Header memory header = _header;
        Constituent[] memory coins = _activeCoins(header);
        (address[] memory tokens, uint256[] memory weights) = _freshWeights(coins, header.maxAge);
        if (weights.length == 0) return;
        uint256[4] memory words;
        for (uint256 i; i < weights.length; ++i) {
            words[i / 16] |= weights[i] << (16 * (i % 16));
        }
        (_snapshot.blob, _snapshot.computedAt) = (header.blob, uint64(block.timestamp));
        for (uint256 i; i * 16 < weights.length; ++i) {
            _snapshot.weights[i] = words[i];
        }
        emit WeightsComputed(tokens, weights);
    }
}
