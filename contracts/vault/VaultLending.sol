// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {BasketStorage} from "../libraries/BasketStorage.sol";
import {CoinTransfer} from "../libraries/CoinTransfer.sol";
import {ShareMath} from "../libraries/ShareMath.sol";
import {TradeBook} from "../libraries/TradeBook.sol";
import {VaultBasket} from "./VaultBasket.sol";

/// @title The vault's side of lending: idle coins go to the manager, and come back, by measured balances.
abstract contract VaultLending is VaultBasket {
    using BasketStorage for uint256;
    using BasketStorage for uint256[];
    using BasketStorage for uint256[26];

    error NotManager(address caller);
    /// The coin took more from the vault than was lent.
    error LentTooMuch(address token, uint256 amount, uint256 left);

    /// @inheritdoc IIndexVault
    function lend(address token, uint256 amount) external nonReentrant {
        (uint256 head, uint256[] memory lanes, uint256 i) = _find(token);
        if (amount == 0) revert ZeroAmount();
        uint256 idle = lanes[i].reserveOf();
        if (amount > idle) revert TradeBook.InsufficientReserve(token, idle, amount);
        lanes[i] -= amount;
        _slots.store(head.withLending(true), lanes);
        uint256 before = CoinTransfer.balance(token);
        SafeTransferLib.safeTransfer(token, msg.sender, amount);
        uint256 left = CoinTransfer.rise(CoinTransfer.balance(token), before);
        if (left > amount) revert LentTooMuch(token, amount, left);
    }

    /// @inheritdoc IIndexVault
    function takeBack(address token) external nonReentrant returns (uint256 received) {
        (uint256 head, uint256[] memory lanes, uint256 i) = _find(token);
        uint256 before = CoinTransfer.balance(token);
        bool lent = manager.release();
        received = CoinTransfer.rise(before, CoinTransfer.balance(token));
        if (received > BasketStorage.MAX_RESERVE - lanes[i].reserveOf()) revert ShareMath.ReserveOverflow(i, received);
        lanes[i] += received;
        _slots.store(head.withLending(lent), lanes);
    }

    /// @inheritdoc IIndexVault
    function idleOf(address token) public view notEntered returns (uint256) {
        (uint256 lane,) = _laneOf(token);
        return lane.reserveOf();
    }

    /// @inheritdoc IIndexVault
    function available(address token) external view returns (uint256) {
        uint256 idle = idleOf(token);
        return _slots[0].isLending() ? idle + manager.liquidOf(token) : idle;
    }

    /// @dev For the manager alone.
    function _find(address token) private view returns (uint256 head, uint256[] memory lanes, uint256 i) {
        if (msg.sender != address(manager)) revert NotManager(msg.sender);
        uint256[] memory coins;
        (head, coins, lanes) = _load();
        i = coins.indexOf(coins.length, token);
        if (i == coins.length) revert NotConstituent(token);
    }
}
