// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The part of a Curve StableSwap-NG pool that a provider of one coin needs. The pool is its own LP token.
/// @dev `get_virtual_price`, `price_oracle` and `totalSupply` revert while the pool itself is being called.
interface ICurveStableSwapNG {
    /// @param amounts One per coin, own decimals.
    /// @return lp Minted to the caller, 18 decimals.
    function add_liquidity(uint256[] calldata amounts, uint256 minLp) external returns (uint256 lp);

    /// @return burned {LP} that exactly `amounts` cost the caller, at most `maxLp`.
    function remove_liquidity_imbalance(uint256[] calldata amounts, uint256 maxLp) external returns (uint256 burned);

    /// @return amount Of coin `i`, own decimals, at least `minAmount`.
    function remove_liquidity_one_coin(uint256 lp, int128 i, uint256 minAmount) external returns (uint256 amount);

    function N_COINS() external view returns (uint256);

    function coins(uint256 i) external view returns (address);

    function totalSupply() external view returns (uint256);

    function balanceOf(address account) external view returns (uint256);

    /// @return WAD{unit/LP}: what an LP token is worth while every coin is worth one.
    function get_virtual_price() external view returns (uint256);

    /// @return WAD{coin 0/coin i + 1}, averaged; a trade counts from the next block on.
    function price_oracle(uint256 i) external view returns (uint256);

    /// @return The swap fee over 10^10.
    function fee() external view returns (uint256);

    /// @return Of coin `i`, what burning `lp` pays now.
    function calc_withdraw_one_coin(uint256 lp, int128 i) external view returns (uint256);

    /// @return {LP} that `amounts` bring or cost now.
    function calc_token_amount(uint256[] calldata amounts, bool isDeposit) external view returns (uint256);
}
