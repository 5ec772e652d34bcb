// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

interface ISwapRouter {
    struct ExactInputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 deadline;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }

    function exactInputSingle(ExactInputSingleParams calldata params) external returns (uint256 amountOut);
}

/// @title A rebalancer as tutorials write them: a struct per coin, an approval and two price reads per swap, the value
///        of everything before and after. A peer for the benches.
contract TutorialRebalancer {
    using SafeERC20 for IERC20;

    struct TokenInfo {
        address token;
        address feed;
        uint256 decimals;
        uint256 heartbeat;
        uint256 lastTrade;
        bool active;
    }

    struct Order {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        uint256 amountIn;
        uint256 minAmountOut;
    }

    address public owner;
    ISwapRouter public router;
    TokenInfo[] public tokens;
    mapping(address token => uint256) public indexOf;
    uint256 public slippageBps = 100;
    uint256 public lastRebalance = 1; // like the rest from 1 on: no slot is written for the first time when measured
    uint256 public tradeCount = 1;
    uint256 private _lock = 1;

    event Swapped(address tokenIn, address tokenOut, uint256 amountIn, uint256 amountOut);
    event Rebalanced(uint256 valueBefore, uint256 valueAfter);

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    modifier nonReentrant() {
        require(_lock == 1, "locked");
        _lock = 2;
        _;
        _lock = 1;
    }

    constructor(ISwapRouter newRouter, address[] memory coins, address[] memory feeds) {
        owner = msg.sender;
        router = newRouter;
        for (uint256 i = 0; i < coins.length; i++) {
            tokens.push(TokenInfo(coins[i], feeds[i], IERC20Metadata(coins[i]).decimals(), 90000, 1, true));
            indexOf[coins[i]] = i;
        }
    }

    function rebalance(Order[] calldata orders) external onlyOwner nonReentrant {
        uint256 valueBefore = totalValue();
        for (uint256 i = 0; i < orders.length; i++) {
            _swap(orders[i]);
        }
        uint256 valueAfter = totalValue();
        require(valueAfter * 10000 >= valueBefore * (10000 - slippageBps), "value lost");
        lastRebalance = block.timestamp;
        emit Rebalanced(valueBefore, valueAfter);
    }

    /// @return WAD{USD}
    function totalValue() public view returns (uint256) {
        uint256 value = 0;
        for (uint256 i = 0; i < tokens.length; i++) {
            if (tokens[i].active) {
                uint256 balance = IERC20(tokens[i].token).balanceOf(address(this));
                value += balance * 10 ** (18 - tokens[i].decimals) * price(i) / 1e8;
            }
        }
        return value;
    }

    /// @return USD, 8 decimals
    function price(uint256 index) public view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = AggregatorV3Interface(tokens[index].feed).latestRoundData();
        require(answer > 0, "no price");
        require(block.timestamp - updatedAt <= tokens[index].heartbeat, "stale price");
        return uint256(answer);
    }

    function _swap(Order calldata order) private {
        uint256 from = indexOf[order.tokenIn];
        uint256 to = indexOf[order.tokenOut];
        require(tokens[from].active && tokens[to].active, "not active");
        uint256 minimum = order.amountIn * 10 ** (18 - tokens[from].decimals) * price(from) / price(to)
            / 10 ** (18 - tokens[to].decimals) * (10000 - slippageBps) / 10000;
        if (order.minAmountOut > minimum) minimum = order.minAmountOut;
        IERC20(order.tokenIn).forceApprove(address(router), order.amountIn);
        uint256 balance = IERC20(order.tokenOut).balanceOf(address(this));
        router.exactInputSingle(
            ISwapRouter.ExactInputSingleParams({
                tokenIn: order.tokenIn,
                tokenOut: order.tokenOut,
                fee: order.fee,
                recipient: address(this),
                deadline: block.timestamp,
                amountIn: order.amountIn,
                amountOutMinimum: minimum,
                sqrtPriceLimitX96: 0
            })
        );
        uint256 bought = IERC20(order.tokenOut).balanceOf(address(this)) - balance;
        require(bought >= minimum, "slippage");
        tokens[from].lastTrade = block.timestamp;
        tokens[to].lastTrade = block.timestamp;
        tradeCount += 1;
        emit Swapped(order.tokenIn, order.tokenOut, order.amountIn, bought);
    }
}
