// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Weights as tutorials write them: a struct per coin in a mapping, clip, renormalise. A peer for the benches.
/// @dev Breaks its own maximum: renormalising moves clipped weights past the bound again.
contract TutorialCalculator {
    struct TokenInfo {
        address token;
        uint256 marketCap;
        uint256 stabilityScore;
        uint256 lastUpdate;
        bool active;
    }

    mapping(address token => TokenInfo) public tokens;
    address[] public tokenList;
    uint256 public minWeight;
    uint256 public maxWeight;

    /// @param newMinWeight bps
    /// @param newMaxWeight bps
    constructor(uint256 newMinWeight, uint256 newMaxWeight) {
        minWeight = newMinWeight;
        maxWeight = newMaxWeight;
    }

    function addTokens(address[] calldata newTokens, uint256[] calldata marketCaps, uint256[] calldata scores) external {
        for (uint256 i = 0; i < newTokens.length; i++) {
            tokens[newTokens[i]] = TokenInfo(newTokens[i], marketCaps[i], scores[i], block.timestamp, true);
            tokenList.push(newTokens[i]);
        }
    }

    function calculateOptimalWeights() external view returns (address[] memory, uint256[] memory) {
        uint256 total = 0;
        for (uint256 i = 0; i < tokenList.length; i++) {
            TokenInfo memory info = tokens[tokenList[i]];
            if (info.active) total += info.marketCap * info.stabilityScore / 1000;
        }
        uint256[] memory weights = new uint256[](tokenList.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < tokenList.length; i++) {
            TokenInfo memory info = tokens[tokenList[i]];
            uint256 weight = info.marketCap * info.stabilityScore / 1000 * 10000 / total;
            if (weight < minWeight) weight = minWeight;
            if (weight > maxWeight) weight = maxWeight;
            weights[i] = weight;
            sum += weight;
        }
        uint256 given = 0;
        for (uint256 i = 0; i < weights.length; i++) {
            weights[i] = weights[i] * 10000 / sum;
            given += weights[i];
        }
        if (given < 10000) weights[0] += 10000 - given;
        return (tokenList, weights);
    }
}
