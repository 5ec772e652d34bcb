// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {YieldMath} from "../yields/YieldMath.sol";

/// @title Many drawn cases of the yields in one call.
/// @dev Words in and words out, because ABI tuples of this many fields would take Python longer than the maths takes here.
contract YieldMathBatch {
    uint256 public constant MAX_OFFERS = YieldMath.MAX_OFFERS;
    uint256 public constant MAX_AMOUNT = YieldMath.MAX_AMOUNT;
    uint256 public constant MAX_RATE = YieldMath.MAX_RATE;
    uint256 public constant MAX_UTILISATION = YieldMath.MAX_UTILISATION;
    uint256 public constant KINK_MARGIN = YieldMath.KINK_MARGIN;
    uint256 public constant TOLERANCE = YieldMath.TOLERANCE;
    uint256 public constant RESOLUTION = YieldMath.RESOLUTION;
    uint256 private constant _OFFER_WORDS = 15;

    error ViewFails(address target);

    /// @param words For each case the number of offers, the amount, and for each offer the market's eleven words, others,
    ///        low, high and score.
    /// @return out For each offer in order its position, its rate there, its marginal yield there (two's complement) and
    ///         whether it is fit.
    function splits(uint256[] calldata words) external pure returns (uint256[] memory out) {
        out = new uint256[](words.length); // more than enough
        uint256 at;
        uint256 end;
        while (at < words.length) {
            (uint256 n, uint256 amount) = (words[at], words[at + 1]);
            at += 2;
            YieldMath.Offer[] memory offers = new YieldMath.Offer[](n);
            for (uint256 i; i < n; ++i) {
                offers[i] = _offer(words[at:at + _OFFER_WORDS]);
                at += _OFFER_WORDS;
            }
            uint256[] memory positions = YieldMath.split(offers, amount);
            for (uint256 i; i < n; ++i) {
                end = _write(out, end, offers[i], positions[i]);
            }
        }
        assembly ("memory-safe") {
            mstore(out, end) // shortens the array in place
        }
    }

    /// @notice One split, for its gas and its reverts.
    function split(YieldMath.Offer[] memory offers, uint256 amount) external pure returns (uint256[] memory) {
        return YieldMath.split(offers, amount);
    }

    /// @return Gas of one split alone.
    function gasOfSplit(YieldMath.Offer[] memory offers, uint256 amount) external view returns (uint256) {
        uint256 before = gasleft();
        YieldMath.split(offers, amount);
        return before - gasleft();
    }

    /// @return Gas that a view uses, which is less than it has to be left.
    function gasOf(address target, bytes calldata question) external view returns (uint256) {
        uint256 before = gasleft();
        (bool ok,) = target.staticcall(question);
        if (!ok) revert ViewFails(target);
        return before - gasleft();
    }

    function isFit(IYieldLens.Market memory market, uint256 least) external pure returns (bool) {
        return YieldMath.isFit(market, least);
    }

    function rate(IYieldLens.Market memory market, uint256 total) external pure returns (uint256) {
        return YieldMath.rate(market, total);
    }

    function marginal(IYieldLens.Market memory market, uint256 others, uint256 position) external pure returns (int256) {
        return YieldMath.marginal(market, others, position);
    }

    function _offer(uint256[] calldata w) private pure returns (YieldMath.Offer memory offer) {
        offer.market = IYieldLens.Market(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10] != 0);
        (offer.others, offer.low, offer.high, offer.score) = (w[11], w[12], w[13], w[14]);
    }

    function _write(uint256[] memory out, uint256 end, YieldMath.Offer memory offer, uint256 position)
        private
        pure
        returns (uint256)
    {
        out[end] = position;
        out[end + 1] = YieldMath.rate(offer.market, offer.others + position);
        out[end + 2] = uint256(YieldMath.marginal(offer.market, offer.others, position));
        out[end + 3] = YieldMath.isFit(offer.market, offer.others + offer.low) ? 1 : 0;
        return end + 4;
    }
}
