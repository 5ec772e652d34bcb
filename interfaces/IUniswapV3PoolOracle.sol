// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What a Uniswap V3 pool tells about its past, and whose pool it is.
interface IUniswapV3PoolOracle {
    function token0() external view returns (address);

    function token1() external view returns (address);

    /// @return Hundredths of a basis point.
    function fee() external view returns (uint24);

    /// @return sqrtPriceX96 Square root of raw token1 per raw token0, times 2**96.
    function slot0()
        external
        view
        returns (
            uint160 sqrtPriceX96,
            int24 tick,
            uint16 observationIndex,
            uint16 observationCardinality,
            uint16 observationCardinalityNext,
            uint8 feeProtocol,
            bool unlocked
        );

    /// @param secondsAgos s before now; reverts when the oldest observation is younger.
    /// @return tickCumulatives Sums of tick x seconds.
    /// @return secondsPerLiquidityCumulativeX128s Sums of seconds / max(1, liquidity in range), times 2**128.
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);
}

/// @title The registry that says which pool is real.
interface IUniswapV3PoolRegistry {
    /// @return The pool of the two tokens at that fee, zero when there is none.
    function getPool(address tokenA, address tokenB, uint24 fee) external view returns (address);
}
