// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {BasketStorage} from "../libraries/BasketStorage.sol";
import {CoinTransfer} from "../libraries/CoinTransfer.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {VaultBasket} from "./VaultBasket.sol";

/// @title How who leaves is paid: idle coins first, then from the strategies; what a coin refuses becomes a claim.
abstract contract VaultExits is VaultBasket {
    using BasketStorage for uint256;
    using BasketStorage for uint256[26];
    using DynamicArrayLib for uint256[];

    mapping(address account => mapping(address token => uint256)) private _claims;

    /// The coin still does not pay: the claim stays.
    error ClaimRefused(address token);

    /// @inheritdoc IIndexVault
    function claim(address token, address receiver)
        external
        nonReentrant
        validReceiver(receiver)
        returns (uint256 amount)
    {
        amount = _claims[msg.sender][token];
        if (amount == 0) revert ZeroAmount();
        delete _claims[msg.sender][token];
        if (!CoinTransfer.trySend(token, receiver, amount)) revert ClaimRefused(token);
        emit ClaimPaid(msg.sender, token, amount, receiver);
    }

    /// @inheritdoc IIndexVault
    function claimOf(address account, address token) external view returns (uint256) {
        return _claims[account][token];
    }

    /// @dev The caller's coins out of idle ones.
    function _payCoins(uint256[] memory coins, uint256[] memory amounts, address receiver) internal {
        uint256 count = coins.length;
        for (uint256 i; i < count; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            address token = coins[i].tokenOf();
            if (!CoinTransfer.trySend(token, receiver, amount)) {
                _claims[msg.sender][token] += amount;
                emit ClaimCreated(msg.sender, token, amount);
            }
        }
    }

    /// @dev The exit of a fund that lends: its lanes are written before anything is paid.
    /// @param lanes Idle coins; the idle part of what is owed leaves them.
    /// @return amounts Paid or claimed in coins, or worth of the shares paid; of a coin with an unreadable strategy without
    ///         these, whose worth nobody knows.
    function _leaveLent(
        uint256 head,
        uint256[] memory coins,
        uint256[] memory lanes,
        uint256 lpAmount,
        uint256 supply,
        address receiver
    ) internal returns (uint256[] memory amounts) {
        (uint256[] memory told, uint256 unreadable) = _toLeave(head, coins, lanes);
        amounts = ShareMath.amountsForWithdrawal(told, lpAmount, supply);
        uint256 count = coins.length;
        uint256[] memory rests = DynamicArrayLib.malloc(count);
        for (uint256 i; i < count;) {
            uint256 lane = lanes.get(i);
            uint256 owed = amounts.get(i);
            uint256 idle = lane.reserveOf();
            if (owed < idle) idle = owed;
            amounts.set(i, idle);
            unchecked {
                lanes.set(i, lane - idle);
                rests.set(i, owed - idle);
                ++i;
            }
        }
        _slots.store(head, lanes);
        _payCoins(coins, amounts, receiver);
        for (uint256 i; i < count; ++i) {
            address token = coins.get(i).tokenOf();
            uint256 rest = rests.get(i);
            if (unreadable >> i & 1 != 0) {
                manager.payShares(token, lpAmount, supply, msg.sender, receiver);
            } else if (rest != 0) {
                amounts.set(i, amounts.get(i) + manager.payOut(token, rest, msg.sender, receiver));
            }
        }
    }

    function _revertShort(uint256[] memory amounts, uint256[] calldata minimums) internal pure {
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] < minimums[i]) revert InsufficientAmount(i, minimums[i], amounts[i]);
        }
    }
}
