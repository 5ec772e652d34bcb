// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";
import {IUniswapV3PoolOracle, IUniswapV3PoolRegistry} from "@interfaces/IUniswapV3PoolOracle.sol";
import {TwapMath} from "../libraries/TwapMath.sol";

/// @title A coin's dollar price from a Uniswap V3 pool: its mean over a window x the Chainlink price of the other coin.
///
/// Answers in the form of a Chainlink feed, with 8 decimals. The round is the quote feed's, so is its age (never in the
/// future), so a stale or carried-over quote price shows in the answer. What must not be used answers 0: too little
/// liquidity over the window, or a quote price at or beyond its limits. A failing quote feed or a pool that
/// remembers too little makes it revert. Either is INVALID to the `PriceOracle`.
///
/// What it resists. Within a block nothing moves it: a tick counts for the seconds it held. Holding the pool d ticks off
/// for t seconds moves the mean by d * t / window ticks (1 tick = 1 bp): 12 s at 100 ticks off move a mean over
/// 1,800 s by 0.7 bp, and cost the swap's fee plus what arbitrage takes while it holds. Pushing far is cheap only
/// where there is no liquidity; but seconds count against liquidity there, and one block at none brings the
/// harmonic mean below any sensible minimum: the answer becomes 0, not wrong. For as long as that block is inside the
/// window: such a push can silence the feed, which is why it is to be a second source and not the only one.
/// What remains is whoever holds the pool, inside its liquidity, over a good part of the window.
contract UniswapV3TwapFeed is AggregatorV3Interface {
    struct Config {
        IUniswapV3PoolRegistry factory; // that must know the pool
        IUniswapV3PoolOracle pool;
        address base; // the coin priced; the pool's other coin is the quote coin
        AggregatorV3Interface quoteFeed; // prices the quote coin in dollars
        uint256 minQuotePrice; // in the quote feed's decimals; at or below it the answer is 0
        uint256 maxQuotePrice; // likewise at or above
        uint32 window; // s
        uint128 minLiquidity; // harmonic mean over the window
    }

    error NotAPool(address pool);
    error NotInPool(address base);
    error FeedHasNoCode(address feed);
    error WindowTooShort(uint256 window, uint256 minimum);
    error CardinalityTooSmall(uint256 cardinality, uint256 needed);
    error ZeroLiquidity();
    error BoundsOutOfRange(uint256 minimum, uint256 maximum);
    error UnsupportedDecimals(uint256 decimals);

    uint256 public constant MIN_WINDOW = 300; // s
    /// @notice s. A pool writes at most one observation a block; with faster blocks grow the ring accordingly: one that
    ///         has become too short makes the feed revert, not err.
    uint256 public constant BLOCK_TIME = 12;
    uint256 private constant MAX_DECIMALS = 18;
    uint8 private constant ANSWER_DECIMALS = 8;

    IUniswapV3PoolOracle public immutable pool;
    address public immutable base;
    address public immutable quote;
    AggregatorV3Interface public immutable quoteFeed;
    uint256 public immutable minQuotePrice; // quote feed's decimals
    uint256 public immutable maxQuotePrice; // quote feed's decimals
    uint32 public immutable window; // s
    uint256 public immutable minLiquidity;
    bool public immutable baseIsToken0;
    uint256 private immutable _up; // exponents, see TwapMath.price
    uint256 private immutable _down;

    constructor(Config memory config) {
        (address token0, address token1) = _checkPool(config);
        if (config.base != token0 && config.base != token1) revert NotInPool(config.base);
        if (address(config.quoteFeed).code.length == 0) revert FeedHasNoCode(address(config.quoteFeed));
        if (config.minLiquidity == 0) revert ZeroLiquidity();
        if (config.minQuotePrice >= config.maxQuotePrice || config.maxQuotePrice > type(uint96).max) {
            revert BoundsOutOfRange(config.minQuotePrice, config.maxQuotePrice);
        }
        pool = config.pool;
        base = config.base;
        baseIsToken0 = config.base == token0;
        quote = baseIsToken0 ? token1 : token0;
        quoteFeed = config.quoteFeed;
        (minQuotePrice, maxQuotePrice) = (config.minQuotePrice, config.maxQuotePrice);
        (window, minLiquidity) = (config.window, config.minLiquidity);
        uint256 plus = _decimalsOf(config.base) + ANSWER_DECIMALS;
        uint256 minus = _decimalsOf(quote) + _decimalsOf(address(config.quoteFeed));
        (_up, _down) = plus > minus ? (plus - minus, uint256(0)) : (uint256(0), minus - plus);
        _observe(config.pool, config.window); // reverts when the pool does not reach back
    }

    /// @inheritdoc AggregatorV3Interface
    function decimals() external pure returns (uint8) {
        return ANSWER_DECIMALS;
    }

    /// @inheritdoc AggregatorV3Interface
    function description() external pure returns (string memory) {
        return "Uniswap V3 TWAP / USD";
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        int256 quotePrice;
        (roundId, quotePrice, startedAt, updatedAt, answeredInRound) = quoteFeed.latestRoundData();
        if (updatedAt > block.timestamp) return (roundId, 0, startedAt, block.timestamp, answeredInRound);
        if (quotePrice > int256(minQuotePrice) && quotePrice < int256(maxQuotePrice)) {
            answer = SafeCast.toInt256(_price(uint256(quotePrice)));
        }
    }

    /// @notice The pool's mean over the window.
    /// @return tick Arithmetic mean, rounded towards negative infinity.
    /// @return liquidity Harmonic mean.
    function consult() public view returns (int256 tick, uint256 liquidity) {
        (int256 tickDelta, uint256 secondsDelta) = _observe(pool, window);
        return (TwapMath.meanTick(tickDelta, window), TwapMath.harmonicMeanLiquidity(secondsDelta, window));
    }

    /// @return 10**8 {USD/base}, 0 when the pool was too thin.
    function _price(uint256 quotePrice) private view returns (uint256) {
        (int256 tick, uint256 liquidity) = consult();
        return liquidity < minLiquidity ? 0 : TwapMath.price(tick, baseIsToken0, quotePrice, _up, _down);
    }

    function _observe(IUniswapV3PoolOracle pool_, uint32 window_)
        private
        view
        returns (int256 tickDelta, uint256 secondsPerLiquidityDeltaX128)
    {
        uint32[] memory ago = new uint32[](2);
        ago[0] = window_;
        (int56[] memory ticks, uint160[] memory spent) = pool_.observe(ago);
        unchecked {
            // the pool's sums are meant to wrap
            return (int56(ticks[1] - ticks[0]), uint160(spent[1] - spent[0]));
        }
    }

    function _checkPool(Config memory config) private view returns (address token0, address token1) {
        IUniswapV3PoolOracle pool_ = config.pool;
        if (address(pool_).code.length == 0) revert NotAPool(address(pool_));
        (token0, token1) = (pool_.token0(), pool_.token1());
        if (config.factory.getPool(token0, token1, pool_.fee()) != address(pool_)) revert NotAPool(address(pool_));
        if (config.window < MIN_WINDOW) revert WindowTooShort(config.window, MIN_WINDOW);
        (,,,, uint256 cardinality,,) = pool_.slot0(); // paid for; in use once the ring has come round
        uint256 needed = config.window / BLOCK_TIME + 1;
        if (cardinality < needed) revert CardinalityTooSmall(cardinality, needed);
    }

    function _decimalsOf(address token) private view returns (uint256 value) {
        value = IERC20Metadata(token).decimals();
        if (value > MAX_DECIMALS) revert UnsupportedDecimals(value);
    }
}
