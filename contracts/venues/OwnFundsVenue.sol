// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Trade} from "@interfaces/IIndexVault.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";

/// @dev The part of a Rebalancer that says whose coins it trades.
interface IVaultBrain {
    // solhint-disable-next-line func-name-mixedcase
    function VAULT() external view returns (address);
}

/// @title Lets a plain account fill an emergency session from its own coins, in one call.
/// @notice Approve this contract for exactly what the trades pay. Coins go between the account and the vault directly: nothing
///         is ever held here, and nobody but the caller of `fill` pays, within that call.
/// @dev The Rebalancer is the caller's choice, and its vault says what is paid: name no other than the fund's.
contract OwnFundsVenue is IVenue {
    using SafeERC20 for IERC20;

    // The fill under way. Addresses as whole words: a narrower variable is read before it is written.
    uint256 private transient _payer;
    uint256 private transient _vault;

    error Reentered();
    error NotTheVault(address caller);

    /// @notice Fills the open emergency session with the caller's coins.
    /// @param trades As the vault sees them: the caller gets `amountIn` of `tokenIn` and pays `minAmountOut` of `tokenOut`.
    ///        Venue and data are set here.
    function fill(IRebalancer rebalancer, Trade[] memory trades) external {
        if (_payer != 0) revert Reentered();
        (_payer, _vault) = (uint160(msg.sender), uint160(IVaultBrain(address(rebalancer)).VAULT()));
        for (uint256 i; i < trades.length; ++i) {
            (trades[i].venue, trades[i].data) = (address(this), abi.encode(trades[i].minAmountOut));
        }
        rebalancer.fill(trades);
        (_payer, _vault) = (0, 0);
    }

    /// @inheritdoc IVenue
    /// @param data abi.encode(amount): of `tokenOut`, own decimals.
    function swap(address, address tokenOut, uint256, bytes calldata data) external {
        if (uint160(msg.sender) != _vault) revert NotTheVault(msg.sender);
        address payer = address(uint160(_payer));
        ITradeFunding(msg.sender).fund(payer);
        IERC20(tokenOut).safeTransferFrom(payer, msg.sender, abi.decode(data, (uint256)));
    }
}
