// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Lends a dollar coin for all that its one borrower's shares are worth just then, and sells out its victim as soon as
///        his are worth less than he owes: it believes what a view says. For tests only.
/// @dev Who calls `look` in the middle of somebody's transaction is the thief: he borrows all he can, and has the victim sold.
contract ToyLender {
    using SafeERC20 for IERC20;

    uint256 private constant _SHARES = 1e24; // that the price is asked for

    IERC20 public immutable COLLATERAL;
    IERC20 public immutable COIN;
    bool private immutable _isFund;
    uint256 private immutable _count; // of the fund's coins, each a dollar

    uint256 public debt; // {coin} of the thief
    uint256 public collateral; // {share} of the thief
    uint256 public victimDebt; // {coin}
    uint256 public victimCollateral; // {share}
    bool public victimSold;

    constructor(IERC20 collateral_, IERC20 coin, uint256 count) {
        (COLLATERAL, COIN, _isFund, _count) = (collateral_, coin, count != 0, count);
    }

    /// @notice The caller's shares stand for the thief's debt, and as many for the victim's, who owes `ltvBps` of their worth.
    function open(uint256 shares, uint256 ltvBps) external {
        COLLATERAL.safeTransferFrom(msg.sender, address(this), 2 * shares);
        (collateral, victimCollateral) = (shares, shares);
        victimDebt = worth(shares) * ltvBps / 10_000;
    }

    /// @return {coin} that the view says.
    function worth(uint256 shares) public view returns (uint256) {
        if (!_isFund) return _ask(abi.encodeWithSignature("convertToAssets(uint256)", _SHARES), 0, shares);
        uint256 sum;
        bytes memory question = abi.encodeWithSignature("previewWithdraw(uint256)", 1e18);
        for (uint256 i; i < _count; ++i) {
            sum += _ask(question, 2 + i, shares);
        }
        return sum;
    }

    function look() external {
        uint256 most = worth(collateral);
        if (most > debt) {
            uint256 more = Math.min(most - debt, COIN.balanceOf(address(this)));
            debt += more;
        }
        if (worth(victimCollateral) < victimDebt) victimSold = true;
    }

    /// @return {coin} that the thief owes beyond what his shares are worth.
    function badDebt() external view returns (uint256) {
        return Math.saturatingSub(debt, worth(collateral));
    }

    function _ask(bytes memory question, uint256 at, uint256 shares) private view returns (uint256) {
        (bool ok, bytes memory answer) = address(COLLATERAL).staticcall(question);
        require(ok, "no price");
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(answer, 0x20), mul(0x20, at)))
        }
        return Math.mulDiv(word, shares, _isFund ? 1e18 : _SHARES);
    }
}
