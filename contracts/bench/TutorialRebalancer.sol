// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @dev The part of Uniswap's SwapRouter that tutorials use.
interface ISwapRouterSingle {
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

    function exactInputSingle(ExactInputSingleParams calldata params) external payable returns (uint256 amountOut);
}

/// @title A rebalancer as tutorials write it, to be compared with: one struct a coin, prices asked at every swap, an approval
///        of the router each time, bookkeeping in storage, and the fund's value computed before and after.
contract TutorialRebalancer is Ownable, ReentrancyGuard {
    using SafeERC20 for IERC20;

    struct Coin {
        address token;
        address feed;
        uint256 decimals;
        uint256 targetWeight;
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

    ISwapRouterSingle public router;
    Coin[] public coins;
    mapping(address token => uint256) public indexOf;
    uint256 public maxSlippageBps = 50;
    uint256 public lastRebalance = 1; // from 1 on, so that no slot is written for the first time when measured
    uint256 public tradeCount = 1;

    event Swapped(address tokenIn, address tokenOut, uint256 amountIn, uint256 amountOut);
    event Rebalanced(uint256 valueBefore, uint256 valueAfter);

    error Inactive(address token);
    error BadPrice(address token);
    error Slippage(uint256 actual, uint256 minimum);
    error ValueLost(uint256 valueBefore, uint256 valueAfter);

    constructor(ISwapRouterSingle router_) Ownable(msg.sender) {
        router = router_;
    }

    function addCoin(address token, address feed, uint256 targetWeight, uint256 heartbeat) external onlyOwner {
        indexOf[token] = coins.length;
        uint256 decimals = IERC20Metadata(token).decimals();
        coins.push(Coin(token, feed, decimals, targetWeight, heartbeat, block.timestamp, true));
    }

    function rebalance(Order[] calldata orders) external onlyOwner nonReentrant {
        uint256 valueBefore = totalValue();
        for (uint256 i = 0; i < orders.length; i++) {
            _swap(orders[i]);
        }
        uint256 valueAfter = totalValue();
        if (valueAfter * 10_000 < valueBefore * (10_000 - maxSlippageBps)) revert ValueLost(valueBefore, valueAfter);
        lastRebalance = block.timestamp;
        emit Rebalanced(valueBefore, valueAfter);
    }

    function price(uint256 index) public view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = AggregatorV3Interface(coins[index].feed).latestRoundData();
        if (answer <= 0 || block.timestamp - updatedAt > coins[index].heartbeat) revert BadPrice(coins[index].token);
        return uint256(answer);
    }

    function totalValue() public view returns (uint256 value) {
        for (uint256 i = 0; i < coins.length; i++) {
            if (!coins[i].active) continue;
            uint256 balance = IERC20(coins[i].token).balanceOf(address(this));
            value += (balance * 10 ** (18 - coins[i].decimals) * price(i)) / 1e8;
        }
    }

    function _swap(Order calldata order) private {
        uint256 a = indexOf[order.tokenIn];
        uint256 b = indexOf[order.tokenOut];
        if (!coins[a].active) revert Inactive(order.tokenIn);
        if (!coins[b].active) revert Inactive(order.tokenOut);
        uint256 amount = order.amountIn * 10 ** (18 - coins[a].decimals);
        uint256 minimum = (((amount * price(a)) / price(b)) * (10_000 - maxSlippageBps)) / 10_000;
        minimum /= 10 ** (18 - coins[b].decimals);
        if (order.minAmountOut > minimum) minimum = order.minAmountOut;
        IERC20(order.tokenIn).forceApprove(address(router), order.amountIn);
        uint256 balance = IERC20(order.tokenOut).balanceOf(address(this));
        router.exactInputSingle(
            ISwapRouterSingle.ExactInputSingleParams(
                order.tokenIn, order.tokenOut, order.fee, address(this), block.timestamp, order.amountIn, minimum, 0
            )
        );
        uint256 received = IERC20(order.tokenOut).balanceOf(address(this)) - balance;
        if (received < minimum) revert Slippage(received, minimum);
        coins[a].lastTrade = block.timestamp;
        coins[b].lastTrade = block.timestamp;
        tradeCount += 1;
        emit Swapped(order.tokenIn, order.tokenOut, order.amountIn, received);
    }
}
