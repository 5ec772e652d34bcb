// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {CoinTransfer} from "../libraries/CoinTransfer.sol";
import {LendingMath} from "./LendingMath.sol";
import {Gains, Holding} from "./LendingTypes.sol";
import {LendingValues} from "./LendingValues.sol";
import {StrategyCalls} from "./StrategyCalls.sol";

/// @title How lent coins leave: to the vault for a fill, to a holder in coins, in shares, or as a claim on shares.
/// @notice No strategy can block: each is tried in a call of its own, undone when it fails or pays too little.
abstract contract LendingExits is LendingValues {
    using LendingMath for Gains;

    /// @notice What a redemption may bring less than its shares are worth, bps: the leaver bears it, or takes the shares.
    uint256 public constant MAX_EXIT_SLIP_BPS = 50;

    /// @notice Gas that failed redemptions of one transaction may burn together before the other strategies are no longer asked
    ///         for coins and pay in shares: an exit must stay below the most gas that a transaction may have.
    uint256 public constant MAX_BURNT_GAS = 4_000_000;

    mapping(address account => mapping(address strategy => uint256)) private _shareClaims;
    uint256 private transient _burntGas;

    error NotTheVault(address caller);
    error NotMyself(address caller);
    error NotEnoughLiquidity(address token, uint256 wanted, uint256 available);
    /// The strategy did not do what was asked of it; its call is undone.
    error NotRedeemed(address strategy);
    error NothingClaimed();
    error InvalidReceiver(address receiver);
    /// The strategy's share still does not move: the claim stays.
    error ClaimRefused(address strategy);

    modifier onlyVault() {
        if (msg.sender != address(_vault)) revert NotTheVault(msg.sender);
        _;
    }

    modifier onlyMyself() {
        if (msg.sender != address(this)) revert NotMyself(msg.sender);
        _;
    }

    // --- for the vault ----------------------------------------------------------------------------------------------

    /// @inheritdoc IStrategyManager
    /// @dev What it cost is charged to the loss budget, and never refused for it: an emergency must not wait.
    function bring(address token, uint256 assets) external onlyVault nonReentrant {
        Holding[] memory holdings = _liquidHoldings(token);
        Gains memory g = _gainsNow(token);
        uint256 high = _sum(holdings);
        uint256 low = _positive(LendingMath.lowOf(high, g.counted));
        if (assets > low) revert NotEnoughLiquidity(token, assets, low);
        (uint256 rest, uint256 loss) = _withdrawCoins(token, assets, holdings);
        if (rest != 0) revert NotEnoughLiquidity(token, assets, assets - rest);
        g.counted -= int128(uint128(assets));
        _storeCharged(token, g, loss, high);
    }

    /// @inheritdoc IStrategyManager
    function payOut(address token, uint256 assets, address account, address receiver)
        external
        onlyVault
        nonReentrant
        returns (uint256 paid)
    {
        Gains storage g = _gains[token];
        g.counted -= int128(uint128(assets));
        Holding[] memory holdings = _liquidHoldings(token);
        uint256[] memory order = _byLiquidity(holdings);
        uint256 rest;
        (paid, rest) = _payCoins(token, assets, holdings, order, receiver);
        for (uint256 k; k < order.length && rest != 0; ++k) {
            Holding memory h = holdings[order[k]];
            uint256 take = Math.min(rest, h.value);
            uint256 shares = LendingMath.sharesFor(h.shares, take, h.value);
            if (shares == 0 || take == 0) continue;
            paid += LendingMath.worthOf(shares, h.shares, h.value);
            rest -= take;
            _giveShares(h.strategy, shares, account, receiver);
        }
    }

    /// @inheritdoc IStrategyManager
    function payShares(address token, uint256 part, uint256 whole, address account, address receiver)
        external
        onlyVault
        nonReentrant
    {
        Gains memory g = _gainsNow(token);
        g.scaleDown(part, whole);
        _gains[token] = g;
        address[] storage list = _lists[token];
        uint256 count = list.length;
        for (uint256 i; i < count; ++i) {
            address strategy = list[i];
            uint256 shares = Math.mulDiv(_positions[strategy].shares, part, whole);
            if (shares != 0) _giveShares(strategy, shares, account, receiver);
        }
    }

    // --- claims -----------------------------------------------------------------------------------------------------

    /// @inheritdoc IStrategyManager
    function claimShares(address strategy, address receiver) external nonReentrant returns (uint256 shares) {
        if (receiver == address(0)) revert ZeroAddress();
        if (receiver == address(this) || receiver == address(_vault)) revert InvalidReceiver(receiver);
        shares = _shareClaims[msg.sender][strategy];
        if (shares == 0) revert NothingClaimed();
        delete _shareClaims[msg.sender][strategy];
        if (!CoinTransfer.trySend(strategy, receiver, shares)) revert ClaimRefused(strategy);
        emit ShareClaimPaid(msg.sender, strategy, shares, receiver);
    }

    /// @inheritdoc IStrategyManager
    function shareClaimOf(address account, address strategy) external view returns (uint256) {
        return _shareClaims[account][strategy];
    }

    // --- tries ------------------------------------------------------------------------------------------------------

    /// @notice This contract only, so that a failure is undone: redeems exactly `shares` for at least `least` coins.
    /// @return received {coin} by which `receiver` has more.
    function redeemOnly(address strategy, address token, uint256 shares, uint256 least, address receiver)
        external
        onlyMyself
        returns (uint256 received)
    {
        uint256 before = _balance(token, receiver);
        uint256 held = _balance(strategy, address(this));
        bool ok = StrategyCalls.tryCall(
            strategy, abi.encodeCall(IERC4626.redeem, (shares, receiver, address(this)))
        );
        received = CoinTransfer.rise(before, _balance(token, receiver));
        uint256 burned = CoinTransfer.rise(_balance(strategy, address(this)), held);
        if (!ok || burned != shares || received < least) revert NotRedeemed(strategy);
    }

    /// @notice This contract only: `assets` into the vault, for shares worth hardly more.
    /// @return shares {share} that it took.
    function withdrawOnly(Holding memory h, address token, uint256 assets)
        external
        onlyMyself
        returns (uint256 shares)
    {
        uint256 before = _balance(token, address(_vault));
        uint256 held = _balance(h.strategy, address(this));
        bool ok = StrategyCalls.tryCall(
            h.strategy, abi.encodeCall(IERC4626.withdraw, (assets, address(_vault), address(this)))
        );
        uint256 received = CoinTransfer.rise(before, _balance(token, address(_vault)));
        shares = CoinTransfer.rise(_balance(h.strategy, address(this)), held);
        uint256 worth = LendingMath.worthOf(Math.min(shares, h.shares), h.shares, h.value);
        bool dear = shares > h.shares || worth > assets + _slipOf(assets);
        if (!ok || dear || received < assets) revert NotRedeemed(h.strategy);
    }

    /// @return rest {coin} of `assets` that no strategy brings into the vault.
    /// @return loss {coin} that the shares were worth more.
    function _withdrawCoins(address token, uint256 assets, Holding[] memory holdings)
        private
        returns (uint256 rest, uint256 loss)
    {
        rest = assets;
        uint256[] memory order = _byLiquidity(holdings);
        uint256 failures;
        for (uint256 k; k < order.length && rest != 0 && failures < _PATIENCE; ++k) {
            Holding memory h = holdings[order[k]];
            uint256 take = Math.min(rest, h.liquid);
            if (take == 0) break;
            (bool ok, uint256 shares) =
                StrategyCalls.trySelf(abi.encodeCall(this.withdrawOnly, (h, token, take)));
            if (!ok) {
                ++failures;
                continue;
            }
            loss += CoinTransfer.rise(take, LendingMath.worthOf(shares, h.shares, h.value));
            _takeShares(h.strategy, shares);
            rest -= take;
        }
    }

    /// @return paid {coin} that reached `receiver`.
    /// @return rest {coin} of `assets` that no strategy pays in coins. The holdings are what is left of them.
    function _payCoins(
        address token,
        uint256 assets,
        Holding[] memory holdings,
        uint256[] memory order,
        address receiver
    ) private returns (uint256 paid, uint256 rest) {
        rest = assets;
        uint256 failures;
        for (uint256 k; k < order.length && rest != 0 && failures < _PATIENCE; ++k) {
            Holding memory h = holdings[order[k]];
            uint256 take = Math.min(rest, h.liquid);
            if (take == 0 || _burntGas > MAX_BURNT_GAS) break;
            (bool ok, uint256 received) = _redeemTo(receiver, token, take, h);
            if (ok) (paid, rest) = (paid + received, rest - take);
            else ++failures;
        }
    }

    /// @dev Redeems `take` {coin} of a holding, which is then what is left of it.
    /// @return ok Whether anything was done; `received` {coin}.
    function _redeemTo(address receiver, address token, uint256 take, Holding memory h)
        private
        returns (bool ok, uint256 received)
    {
        uint256 shares = LendingMath.sharesFor(h.shares, take, h.value);
        if (shares == 0) return (false, 0);
        uint256 least = CoinTransfer.rise(_slipOf(take), LendingMath.worthOf(shares, h.shares, h.value));
        bytes memory data = abi.encodeCall(this.redeemOnly, (h.strategy, token, shares, least, receiver));
        uint256 gasBefore = gasleft();
        (ok, received) = StrategyCalls.trySelf(data);
        if (!ok) {
            _burntGas += gasBefore - gasleft();
            return (false, 0);
        }
        _takeShares(h.strategy, shares);
        (h.shares, h.value) = (h.shares - shares, h.value - take);
    }

    function _giveShares(address strategy, uint256 shares, address account, address receiver) private {
        _takeShares(strategy, shares);
        if (CoinTransfer.trySend(strategy, receiver, shares)) {
            emit PaidInShares(account, strategy, shares, receiver);
        } else {
            _shareClaims[account][strategy] += shares;
            emit ShareClaimCreated(account, strategy, shares);
        }
    }

    /// @dev Stores `g` with a loss on its budget, whatever the budget says.
    function _storeCharged(address token, Gains memory g, uint256 loss, uint256 reserve) internal {
        (g.lossUsed, g.lossAt) = (uint40(_lossUsed(token, loss, reserve)), uint40(block.timestamp));
        _gains[token] = g;
    }

    function _balance(address token, address account) internal view returns (uint256 amount) {
        bool ok;
        (ok, amount) = StrategyCalls.tryBalance(token, account);
        if (!ok) revert NotRedeemed(token);
    }

    function _byLiquidity(Holding[] memory holdings) private pure returns (uint256[] memory) {
        uint256[] memory liquid = new uint256[](holdings.length);
        for (uint256 i; i < liquid.length; ++i) {
            liquid[i] = holdings[i].liquid;
        }
        return LendingMath.byLargest(liquid);
    }

    /// @return {coin}; two units more than the part, which shares and coins are rounded by.
    function _slipOf(uint256 assets) private pure returns (uint256) {
        return assets * MAX_EXIT_SLIP_BPS / _BPS + 2;
    }

    function _positive(int256 amount) private pure returns (uint256) {
        return amount > 0 ? uint256(amount) : 0;
    }
}
