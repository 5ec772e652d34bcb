// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {CurvePosition} from "../strategies/CurvePosition.sol";

/// @dev What an attacker needs of the pool besides what the strategy uses.
interface IPushedPool {
    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external returns (uint256 dy);
    function remove_liquidity_one_coin(uint256 lp, int128 i, uint256 minAmount) external returns (uint256 amount);
}

/// @title Pushes the pool, calls the strategy, pushes back: all in one transaction, which it undoes. For tests only.
/// @dev Holds coins and shares beforehand; many attacks in one call, each from the same state.
contract CurveAttacker {
    using SafeERC20 for IERC20;

    enum Act {
        DEPOSIT, // and redeem after the push back
        MINT, // the same
        ROUND_TRIP, // in and out while the pool is pushed
        REDEEM, // shares held beforehand
        WITHDRAW,
        REDEEM_FOR_LP // and out of the pool by itself after the push back
    }

    struct Attack {
        bool sellOurs; // or the other coin
        uint256 push; // of that coin, own decimals
        Act act;
        uint256 amount; // {asset} or {share}, cut to what is allowed
    }

    struct Result {
        uint256[3] prices; // {asset} of a fixed number of shares: before, pushed, pushed back
        uint256[2] lpPerShare; // WAD, before and after
        int256 ours; // {asset} gained
        int256 other; // {other coin} gained
        uint256 spent; // {asset} that the shares given were worth
        uint256 got; // {asset} that the shares left over are worth
        bool acted;
    }

    uint256 private constant _UNIT = 1e18; // {share} whose worth is looked at

    CurvePosition public immutable STRATEGY;
    IPushedPool public immutable POOL;
    IERC20 public immutable OURS;
    IERC20 public immutable OTHER;
    int128 private immutable _ours;
    int128 private immutable _other;

    error Done(Result result);

    constructor(CurvePosition strategy, uint256 other) {
        (STRATEGY, POOL) = (strategy, IPushedPool(address(strategy.POOL())));
        (OURS, OTHER) = (IERC20(strategy.asset()), IERC20(strategy.POOL().coins(other)));
        (_ours, _other) = (int128(int256(strategy.INDEX())), int128(int256(other)));
        OURS.forceApprove(address(strategy), type(uint256).max);
        OURS.forceApprove(address(POOL), type(uint256).max);
        OTHER.forceApprove(address(POOL), type(uint256).max);
    }

    /// @notice Comes by shares without an attack.
    function enter(uint256 assets) external {
        STRATEGY.deposit(assets, address(this));
    }

    function run(Attack[] calldata attacks) external returns (Result[] memory results) {
        results = new Result[](attacks.length);
        for (uint256 i; i < attacks.length; ++i) {
            (bool success, bytes memory answer) = address(this).call(abi.encodeCall(this.play, (attacks[i])));
            require(!success && bytes4(answer) == Done.selector, "attack failed");
            assembly ("memory-safe") {
                mstore(add(answer, 4), sub(mload(answer), 4))
                answer := add(answer, 4)
            }
            results[i] = abi.decode(answer, (Result));
        }
    }

    function play(Attack calldata attack) external {
        Result memory r;
        (uint256 ours, uint256 other) = (OURS.balanceOf(address(this)), OTHER.balanceOf(address(this)));
        uint256 held = STRATEGY.balanceOf(address(this));
        (r.prices[0], r.lpPerShare[0]) = _look();
        (int128 from, int128 to) = attack.sellOurs ? (_ours, _other) : (_other, _ours);
        uint256 out = attack.push == 0 ? 0 : POOL.exchange(from, to, attack.push, 0);
        (r.prices[1],) = _look();
        uint256 lp;
        (r.acted, lp) = _act(attack.act, attack.amount);
        if (out != 0) POOL.exchange(to, from, out, 0);
        (r.prices[2],) = _look();
        if (lp != 0) POOL.remove_liquidity_one_coin(lp, _ours, 0);
        uint256 left = STRATEGY.balanceOf(address(this));
        if (left < held) r.spent = held - left;
        if (left > held) {
            STRATEGY.redeem(Math.min(left - held, STRATEGY.maxRedeem(address(this))), address(this), address(this));
            r.got = STRATEGY.balanceOf(address(this)) - held;
        }
        (r.spent, r.got) = (Math.mulDiv(r.spent, r.prices[0], _UNIT), Math.mulDiv(r.got, r.prices[0], _UNIT));
        r.ours = int256(OURS.balanceOf(address(this))) - int256(ours);
        r.other = int256(OTHER.balanceOf(address(this))) - int256(other);
        (, r.lpPerShare[1]) = _look();
        revert Done(r);
    }

    function _act(Act act, uint256 amount) private returns (bool acted, uint256 lp) {
        address me = address(this);
        if (act == Act.DEPOSIT || act == Act.ROUND_TRIP) {
            amount = Math.min(amount, STRATEGY.maxDeposit(me));
            if (amount == 0) return (false, 0);
            uint256 shares = STRATEGY.deposit(amount, me);
            if (act == Act.ROUND_TRIP) STRATEGY.redeem(Math.min(shares, STRATEGY.maxRedeem(me)), me, me);
        } else if (act == Act.MINT) {
            amount = Math.min(STRATEGY.convertToShares(amount), STRATEGY.maxMint(me));
            if (amount != 0) STRATEGY.mint(amount, me);
        } else if (act == Act.WITHDRAW) {
            amount = Math.min(amount, STRATEGY.maxWithdraw(me));
            if (amount != 0) STRATEGY.withdraw(amount, me, me);
        } else if (act == Act.REDEEM) {
            amount = Math.min(STRATEGY.convertToShares(amount), STRATEGY.maxRedeem(me));
            if (amount != 0) STRATEGY.redeem(amount, me, me);
        } else {
            amount = Math.min(STRATEGY.convertToShares(amount), STRATEGY.balanceOf(me));
            lp = STRATEGY.redeemForLp(amount, me, me);
        }
        return (amount != 0, lp);
    }

    function _look() private view returns (uint256 price, uint256 lpPerShare) {
        price = STRATEGY.convertToAssets(_UNIT);
        lpPerShare = Math.mulDiv(STRATEGY.lpBalance(), 1e18, STRATEGY.totalSupply());
    }
}
