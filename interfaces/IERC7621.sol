// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ERC-7621 Basket Token (revised draft; pinned). ERC-165 id 0xc9c80f73.
/// @dev Weights are basis points summing to 10,000. Every `amounts` array follows the order of `getConstituents`.
interface IERC7621 {
    event Contributed(address indexed caller, address indexed receiver, uint256 lpAmount, uint256[] amounts);
    event Withdrawn(address indexed caller, address indexed receiver, uint256 lpAmount, uint256[] amounts);
    event Rebalanced(address[] newTokens, uint256[] newWeights);

    error NotConstituent(address token);
    error LengthMismatch(uint256 expected, uint256 actual);
    error ZeroAmount();
    error ZeroAddress();
    error InsufficientShares(uint256 minimum, uint256 actual);
    error InsufficientAmount(uint256 index, uint256 minimum, uint256 actual);
    error InvalidWeights(uint256 sum);
    error DuplicateConstituent(address token);

    /// @notice The basket's coins and their target weights in bps.
    function getConstituents() external view returns (address[] memory tokens, uint256[] memory weights);

    function totalConstituents() external view returns (uint256);

    /// @notice The reserve the basket accounts for, in the token's own decimals; may differ from `balanceOf`.
    function getReserve(address token) external view returns (uint256);

    /// @notice Target weight in bps; reverts `NotConstituent` for others.
    function getWeight(address token) external view returns (uint256);

    function isConstituent(address token) external view returns (bool);

    /// @notice WAD{USD}, consistent with `previewContribute`.
    function totalBasketValue() external view returns (uint256);

    /// @notice Shares for coins; the proportional part needs no oracle.
    function contribute(uint256[] calldata amounts, address receiver, uint256 minShares)
        external
        returns (uint256 lpAmount);

    /// @notice Coins for shares: amount_i = reserve_i * lpAmount / totalSupply, rounded down.
    function withdraw(uint256 lpAmount, address receiver, uint256[] calldata minAmounts)
        external
        returns (uint256[] memory amounts);

    /// @notice Sets coins and target weights; moves no reserves by itself. Owner only.
    function rebalance(address[] calldata newTokens, uint256[] calldata newWeights) external;

    /// @notice What `contribute` would return in the same transaction.
    function previewContribute(uint256[] calldata amounts) external view returns (uint256 lpAmount);

    /// @notice What `withdraw` would return in the same transaction.
    function previewWithdraw(uint256 lpAmount) external view returns (uint256[] memory amounts);
}
