// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";
import {LibClone} from "solady/utils/LibClone.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @dev The part of a Uniswap V3 pool that a swap needs.
interface IUniswapV3SwapPool {
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @title Swaps on Uniswap V3 pools themselves: no router, no allowance, nothing held between calls.
/// @dev Route: token (20 bytes), then fee (3 bytes) and token (20 bytes) per hop. The first hop is paid by the caller inside the
///      pool's callback, later hops with what the hop before brought; the last hop's proceeds go straight to the caller.
contract UniswapV3Venue is IVenue {
    using SafeERC20 for IERC20;
    using LibBytes for bytes;

    uint256 private constant _TOKEN = 20; // bytes
    uint256 private constant _HOP = 23; // bytes: fee and token
    uint256 private constant _ADDRESS_BITS = 160;
    uint256 private constant _HOP_UNUSED_BITS = 72; // of a word that begins with a hop
    uint160 private constant _LOWEST_LIMIT = 4295128740; // the pool's lowest sqrt price + 1
    uint160 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341; // its highest - 1

    address public immutable FACTORY;
    bytes32 public immutable POOL_INIT_CODE_HASH;

    // The hop under way: the pool that may call back, who pays it, and with what when that is this contract itself.
    // Addresses as whole words: a narrower variable is read before it is written.
    uint256 private transient _calling;
    uint256 private transient _payer;
    uint256 private transient _token;

    error BadRoute(bytes route);
    error PoolMissing(address tokenIn, address tokenOut, uint24 fee);
    error PartialFill(address pool, uint256 amountIn, uint256 consumed);
    error NotThePool(address caller);
    error Reentered();
    error AmountTooLarge(uint256 amountIn);
    error ZeroAddress();

    /// @param factory The Uniswap V3 factory.
    /// @param poolInitCodeHash keccak256 of its pools' creation code.
    constructor(address factory, bytes32 poolInitCodeHash) {
        if (factory == address(0)) revert ZeroAddress();
        (FACTORY, POOL_INIT_CODE_HASH) = (factory, poolInitCodeHash);
    }

    /// @inheritdoc IVenue
    function swap(address tokenIn, address tokenOut, uint256 amountIn, bytes calldata data) external {
        if (_calling != 0) revert Reentered();
        _checkRoute(tokenIn, tokenOut, data);
        if (amountIn > uint256(type(int256).max)) revert AmountTooLarge(amountIn);
        _payer = uint160(msg.sender);
        uint256 at = _TOKEN;
        // The route is a token and whole hops, so `at` meets its end exactly.
        unchecked {
            while (true) {
                uint256 hop = uint256(data.loadCalldata(at)) >> _HOP_UNUSED_BITS;
                tokenOut = address(uint160(hop));
                at += _HOP;
                address to = at == data.length ? msg.sender : address(this);
                amountIn = _hop(tokenIn, tokenOut, uint24(hop >> _ADDRESS_BITS), amountIn, to);
                if (at == data.length) break;
                (_payer, _token) = (0, uint160(tokenOut));
                tokenIn = tokenOut;
            }
        }
        _calling = 0;
    }

    /// @notice The pool asks for what it is owed: the first hop's from the caller, a later one's from here.
    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        if (uint160(msg.sender) != _calling) revert NotThePool(msg.sender);
        address payer = address(uint160(_payer));
        if (payer != address(0)) return ITradeFunding(payer).fund(msg.sender);
        address token = address(uint160(_token));
        IERC20(token).safeTransfer(msg.sender, uint256(amount0 > 0 ? amount0 : amount1));
    }

    /// @notice Where the factory puts a pool, whether or not it is there.
    function poolOf(address tokenA, address tokenB, uint24 fee) public view returns (address) {
        (uint256 token0, uint256 token1) = (uint160(tokenA), uint160(tokenB));
        if (token0 > token1) (token0, token1) = (token1, token0);
        bytes32 salt = EfficientHashLib.hash(token0, token1, fee);
        return LibClone.predictDeterministicAddress(POOL_INIT_CODE_HASH, salt, FACTORY);
    }

    /// @param to Who gets the proceeds.
    /// @return amountOut {token out}
    function _hop(address tokenIn, address tokenOut, uint24 fee, uint256 amountIn, address to)
        private
        returns (uint256 amountOut)
    {
        address pool = poolOf(tokenIn, tokenOut, fee);
        if (pool.code.length == 0) revert PoolMissing(tokenIn, tokenOut, fee);
        _calling = uint160(pool);
        bool zeroForOne = tokenIn < tokenOut;
        (int256 amount0, int256 amount1) = IUniswapV3SwapPool(pool).swap(
            to, zeroForOne, int256(amountIn), zeroForOne ? _LOWEST_LIMIT : _HIGHEST_LIMIT, ""
        );
        (int256 taken, int256 given) = zeroForOne ? (amount0, amount1) : (amount1, amount0);
        if (uint256(taken) != amountIn) revert PartialFill(pool, amountIn, uint256(taken));
        return uint256(-given);
    }

    function _checkRoute(address tokenIn, address tokenOut, bytes calldata data) private pure {
        uint256 length = data.length;
        if (length < _TOKEN + _HOP) revert BadRoute(data);
        // length > _TOKEN from here on; a word read at the last token runs on into what follows, which is cut off.
        unchecked {
            uint256 lastToken = length - _TOKEN;
            bool fits = length == _TOKEN + _HOP || lastToken % _HOP == 0;
            bool starts = address(bytes20(data.loadCalldata(0))) == tokenIn;
            if (!fits || !starts || address(bytes20(data.loadCalldata(lastToken))) != tokenOut) revert BadRoute(data);
        }
    }
}
