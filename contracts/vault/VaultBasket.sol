// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IERC173} from "@interfaces/IERC173.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {BasketStorage} from "../libraries/BasketStorage.sol";
import {LentLanes} from "../libraries/LentLanes.sol";

/// @title The basket that the vault keeps: its owner, its slots, and its lanes as they are told with what is lent.
abstract contract VaultBasket is IIndexVault, ReentrancyGuardTransient {
    using BasketStorage for uint256;
    using BasketStorage for uint256[];
    using BasketStorage for uint256[26];
    using DynamicArrayLib for uint256[];
    using LentLanes for uint256[];

    uint256 public constant MAX_CONSTITUENTS = BasketStorage.MAX_CONSTITUENTS;
    address public constant DEAD_ADDRESS = 0x000000000000000000000000000000000000dEaD;
    uint256 internal constant _BPS = 10_000;
    uint16 private constant _DEFAULT_BAND_BPS = 200;

    IPriceOracle public immutable oracle;
    /// @inheritdoc IIndexVault
    IContributionGuard public immutable guard;
    /// @inheritdoc IIndexVault
    IStrategyManager public immutable manager;

    address private _owner;
    uint256[26] internal _slots; // as BasketStorage lays them out

    /// The coin does not say how much the vault has of it.
    error BalanceUnreadable(address token);
    error NotOwner(address caller);
    error InvalidReceiver(address receiver);
    error TooManyConstituents(uint256 count, uint256 maximum);
    /// Nobody knows what the coin's reserve is worth: one of its strategies does not say.
    error StrategyUnreadable(address token);

    // The modifiers' bodies are functions, since a modifier's code is repeated wherever it stands.

    modifier onlyOwner() {
        _onlyOwner();
        _;
    }

    /// @dev For views that price a share: inside a transaction of the vault their answer would be half-way.
    modifier notEntered() {
        _notEntered();
        _;
    }

    /// @dev Nobody is paid into nowhere, nor back into the vault's own balance, where it would be nobody's.
    modifier validReceiver(address receiver) {
        _validReceiver(receiver);
        _;
    }

    constructor(IPriceOracle oracle_, IContributionGuard guard_, IStrategyManager manager_) {
        if (address(oracle_) == address(0)) revert ZeroAddress();
        (oracle, guard, manager) = (oracle_, guard_, manager_);
        _slots[0] = uint256(0).withBand(_DEFAULT_BAND_BPS);
    }

    /// @inheritdoc IERC7621
    function rebalance(address[] calldata newTokens, uint256[] calldata newWeights) external onlyOwner nonReentrant {
        _setBasket(newTokens, newWeights);
    }

    /// @inheritdoc IERC173
    function transferOwnership(address newOwner) external onlyOwner {
        _setOwner(newOwner);
    }

    /// @inheritdoc IERC173
    function owner() external view returns (address) {
        return _owner;
    }

    function _onlyOwner() private view {
        if (msg.sender != _owner) revert NotOwner(msg.sender);
    }

    function _notEntered() private view {
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
    }

    function _validReceiver(address receiver) private view {
        if (receiver == address(0)) revert ZeroAddress();
        if (receiver == address(this)) revert InvalidReceiver(receiver);
    }

    function _setOwner(address newOwner) internal {
        emit OwnershipTransferred(_owner, newOwner);
        _owner = newOwner;
    }

    function _setBasket(address[] memory tokens, uint256[] memory weights) internal {
        uint256 count = tokens.length;
        _checkWeights(count, weights);
        uint256 head = _slots[0];
        uint256[] memory coins = head.coinsOf();
        uint256[] memory lanes = _slots.load(head, coins.length);
        if (!coins.isList(tokens)) {
            uint256[] memory whole = lanes;
            if (head.isLending()) {
                (, int256[] memory highs,) = _lent(coins);
                whole = lanes.plus(highs);
            }
            (coins, lanes) = BasketStorage.relist(tokens, coins, lanes, whole);
            head = head.writeCoins(coins);
        }
        for (uint256 i; i < count; ++i) {
            lanes[i] = BasketStorage.toLane(lanes[i].reserveOf(), weights[i]);
        }
        _slots.store(head, lanes);
        emit Rebalanced(tokens, weights);
    }

    function _checkWeights(uint256 count, uint256[] memory weights) internal pure {
        if (weights.length != count) revert LengthMismatch(count, weights.length);
        if (count > MAX_CONSTITUENTS) revert TooManyConstituents(count, MAX_CONSTITUENTS);
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            // Each is bounded first, so that the sum cannot wrap and a lane cannot overflow.
            if (weights[i] > _BPS) revert InvalidWeights(weights[i]);
            sum += weights[i];
        }
        if (sum != _BPS) revert InvalidWeights(sum);
    }

    function _load() internal view returns (uint256 head, uint256[] memory coins, uint256[] memory lanes) {
        head = _slots[0];
        coins = head.coinsOf();
        lanes = _slots.load(head, coins.length);
    }

    function _laneOf(address token) internal view returns (uint256 lane, bool found) {
        (, uint256[] memory coins, uint256[] memory lanes) = _load();
        uint256 i = coins.indexOf(coins.length, token);
        if (i < coins.length) return (lanes[i], true);
    }

    /// @return The lanes as who enters counts them.
    function _toEnter(uint256 head, uint256[] memory coins, uint256[] memory lanes)
        internal
        view
        returns (uint256[] memory)
    {
        if (!head.isLending()) return lanes;
        (, int256[] memory highs, uint256 unreadable) = _lent(coins);
        _requireReadable(coins, unreadable);
        return lanes.plus(highs);
    }

    function _requireReadable(uint256[] memory coins, uint256 unreadable) internal pure {
        if (unreadable != 0) revert StrategyUnreadable(coins.get(LibBit.ffs(unreadable)).tokenOf());
    }

    /// @return The lanes as who leaves counts them; of a coin with an unreadable strategy the idle part alone.
    /// @return unreadable Bit i: the strategies of coin i pay shares.
    function _toLeave(uint256 head, uint256[] memory coins, uint256[] memory lanes)
        internal
        view
        returns (uint256[] memory, uint256)
    {
        if (!head.isLending()) return (lanes, 0);
        (int256[] memory lows,, uint256 unreadable) = _lent(coins);
        return (lanes.plus(lows), unreadable);
    }

    function _loadToEnter() internal view returns (uint256[] memory coins, uint256[] memory lanes) {
        uint256 head;
        (head, coins, lanes) = _load();
        lanes = _toEnter(head, coins, lanes);
    }

    /// @dev What one may leave with; but a coin that must not be dropped yet does not look like dust.
    /// @return coins In order.
    /// @return lanes As a brain counts them.
    function _loadToTell() internal view returns (uint256[] memory coins, uint256[] memory lanes) {
        uint256 head;
        (head, coins, lanes) = _load();
        if (!head.isLending()) return (coins, lanes);
        (int256[] memory lows, int256[] memory highs, uint256 unreadable) = _lent(coins);
        uint256 count = coins.length;
        for (uint256 i; i < count;) {
            uint256 reserve = LentLanes.sumOf(lanes.get(i), LentLanes.get(lows, i));
            bool dust = BasketStorage.isDust(reserve, coins.get(i).scaleOf());
            if (dust || unreadable >> i & 1 != 0) lows[i] = highs[i];
            unchecked {
                ++i;
            }
        }
        return (coins, lanes.plus(lows));
    }

    function _lent(uint256[] memory coins)
        private
        view
        returns (int256[] memory lows, int256[] memory highs, uint256 unreadable)
    {
        return manager.lentOf(coins.toTokens());
    }
}
