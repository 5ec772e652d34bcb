// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What a strategy's market pays, read on chain: enough to say what it would pay at another size.
interface IYieldLens {
    /// @dev What suppliers earn per year, simple, as a function of the supplied amount S:
    ///      u = borrowed / S; kinked(u) = base + slope1 * min(u, kink) / kink + slope2 * max(u - kink, 0) / (1 - kink);
    ///      rate(S) = flat + rewards / S + (ofBorrowers ? kinked(u) * u * (1 - reserveFactor) : kinked(u)).
    struct Market {
        uint256 supplied; // {asset}, our own part included
        uint256 borrowed; // {asset}
        uint256 available; // {asset} lying in the market, not lent out
        uint256 base; // WAD{1/year}, and the slopes
        uint256 slope1;
        uint256 slope2;
        uint256 kink; // WAD{1}, 0 < kink < 1
        uint256 reserveFactor; // WAD{1}
        uint256 rewards; // {asset/year} to all suppliers together, at the rewards' low price
        uint256 flat; // WAD{1/year}, whatever the size
        bool ofBorrowers; // Aave: suppliers get what borrowers pay; Comet: a curve of their own
    }

    /// @return market Reverts when the strategy is none of this lens's kind.
    function marketOf(address strategy) external view returns (Market memory market);
}
