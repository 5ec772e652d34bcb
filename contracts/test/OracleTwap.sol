// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TickMath} from "../libraries/TickMath.sol";
import {TwapMath} from "../libraries/TwapMath.sol";

/// @title A token that only knows its decimals.
contract DecimalsOnlyToken {
    uint8 public immutable decimals;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }
}

/// @title A pool that has stood at one tick and one liquidity for ever, and a registry that knows it or does not.
/// @dev A model for tests of the feed's own checks; what the feed says of moving pools is tested on real ones.
contract UniswapV3PoolModel {
    address public token0;
    address public token1;
    uint24 public constant fee = 100; // solhint-disable-line const-name-snakecase
    int24 public tick;
    uint128 public liquidity;
    uint16 public cardinality = 500;
    uint32 public memorySeconds = type(uint32).max; // s, how far back `observe` reaches
    bool public isRegistered = true;

    error OldObservation();

    constructor(address base, address quote, bool baseIsToken0, int24 tick_, uint128 liquidity_) {
        (token0, token1) = baseIsToken0 ? (base, quote) : (quote, base);
        (tick, liquidity) = (tick_, liquidity_);
    }

    function set(int24 tick_, uint128 liquidity_) external {
        (tick, liquidity) = (tick_, liquidity_);
    }

    function setMemory(uint16 cardinality_, uint32 seconds_) external {
        (cardinality, memorySeconds) = (cardinality_, seconds_);
    }

    function setRegistered(bool isRegistered_) external {
        isRegistered = isRegistered_;
    }

    function getPool(address, address, uint24) external view returns (address) {
        return isRegistered ? address(this) : address(0);
    }

    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool) {
        return (TickMath.sqrtRatioAtTick(tick), tick, 0, 1, cardinality, 0, true);
    }

    function observe(uint32[] calldata ago)
        external
        view
        returns (int56[] memory ticks, uint160[] memory secondsPerLiquidity)
    {
        ticks = new int56[](ago.length);
        secondsPerLiquidity = new uint160[](ago.length);
        for (uint256 i; i < ago.length; ++i) {
            if (ago[i] > memorySeconds) revert OldObservation();
            uint256 since = block.timestamp - ago[i];
            ticks[i] = int56(int256(tick) * int256(since));
            secondsPerLiquidity[i] = uint160((since << 128) / (liquidity == 0 ? 1 : liquidity));
        }
    }
}

/// @title Drawn cases of the TWAP's maths in one call, for the differential tests.
contract TwapBatch {
    struct PriceCase {
        int256 tick;
        bool baseIsToken0;
        uint256 quotePrice;
        uint256 up;
        uint256 down;
    }

    function sqrtRatios(int256[] calldata ticks) external pure returns (uint256[] memory ratios) {
        ratios = new uint256[](ticks.length);
        for (uint256 i; i < ticks.length; ++i) ratios[i] = TickMath.sqrtRatioAtTick(ticks[i]);
    }

    function means(int256[] calldata tickDeltas, uint256[] calldata secondsDeltas, uint256[] calldata windows)
        external
        pure
        returns (int256[] memory ticks, uint256[] memory liquidities)
    {
        ticks = new int256[](windows.length);
        liquidities = new uint256[](windows.length);
        for (uint256 i; i < windows.length; ++i) {
            ticks[i] = TwapMath.meanTick(tickDeltas[i], windows[i]);
            liquidities[i] = TwapMath.harmonicMeanLiquidity(secondsDeltas[i], windows[i]);
        }
    }

    /// @return values The prices, type(uint256).max for those that revert.
    function prices(PriceCase[] calldata cases) external view returns (uint256[] memory values) {
        values = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            try this.price(cases[i]) returns (uint256 value) {
                values[i] = value;
            } catch {
                values[i] = type(uint256).max;
            }
        }
    }

    function price(PriceCase calldata c) external pure returns (uint256) {
        return TwapMath.price(c.tick, c.baseIsToken0, c.quotePrice, c.up, c.down);
    }
}
