// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The original's reasons, whatever their length.
// solhint-disable reason-string

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title CurveGaugeModel
/// @notice A model of a Curve liquidity gauge with a single depositor, Convex, written from public documentation: it keeps LP
/// tokens and pays CRV at a rate while there are any.
/// @dev Unlike the original: no votes and no boost, the owner sets the rate; CRV is paid out of what was sent here, where the
/// original has it minted. Amounts are {LP} and {CRV}, both with 18 decimals, times in seconds.
contract CurveGaugeModel {
    using SafeERC20 for IERC20;

    IERC20 public immutable lp_token;
    IERC20 public immutable crv;
    address public immutable depositor;
    address public immutable owner;

    uint256 public rate; // {CRV/s}
    uint256 public accrued; // {CRV}
    uint256 public accruedAt; // s
    uint256 public totalSupply;

    constructor(IERC20 lp, IERC20 crv_, address depositor_, address owner_) {
        (lp_token, crv, depositor, owner) = (lp, crv_, depositor_, owner_);
        accruedAt = block.timestamp;
    }

    /// @notice Pays `newRate` {CRV/s} from now on; the owner only.
    function setRate(uint256 newRate) external {
        require(msg.sender == owner, "!owner");
        _accrue();
        rate = newRate;
    }

    function deposit(uint256 amount) external {
        _accrue();
        totalSupply += amount;
        lp_token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function withdraw(uint256 amount) external {
        require(msg.sender == depositor, "!depositor");
        _accrue();
        totalSupply -= amount;
        lp_token.safeTransfer(depositor, amount);
    }

    /// @notice Pays the depositor the CRV that has accrued.
    function claim() external returns (uint256 amount) {
        require(msg.sender == depositor, "!depositor");
        _accrue();
        amount = Math.min(accrued, crv.balanceOf(address(this)));
        accrued -= amount;
        crv.safeTransfer(depositor, amount);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function _accrue() private {
        if (totalSupply != 0) accrued += rate * (block.timestamp - accruedAt);
        accruedAt = block.timestamp;
    }
}
