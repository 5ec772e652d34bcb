// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";

/// @title Prices set by hand; $1 and GOOD until told otherwise. For tests only.
contract MockOracle is IPriceOracle {
    /// @dev What single sources answer, where it is not the two bounds of the quote.
    struct Sources {
        bool set;
        uint256 count; // 0: unknown to the oracle
        uint256[] good; // WAD{USD/coin}
    }

    mapping(address => Quote) private _quotes;
    mapping(address => bool) private _set;
    mapping(address => Sources) private _sources;
    bool public broken;

    error OracleBroken();

    function set(address asset, uint256 low, uint256 high, Status status) external {
        _quotes[asset] = Quote(low, high, status);
        _set[asset] = true;
    }

    function setSources(address asset, uint256 count, uint256[] calldata good) external {
        _sources[asset] = Sources(true, count, good);
    }

    /// @notice While broken every question reverts: whoever still works did not ask.
    function setBroken(bool value) external {
        broken = value;
    }

    function quote(address asset) external view returns (uint256 low, uint256 high, Status status) {
        Quote memory q = _answer(asset);
        return (q.low, q.high, q.status);
    }

    function quotes(address[] calldata assets) external view returns (Quote[] memory all) {
        all = new Quote[](assets.length);
        for (uint256 i; i < assets.length; ++i) {
            all[i] = _answer(assets[i]);
        }
    }

    function goodPrices(address asset) external view returns (uint256[] memory prices, uint256 sources) {
        Sources memory own = _sources[asset];
        Quote memory q = _answer(asset);
        if (own.set) return (own.good, own.count);
        if (q.status != Status.GOOD && q.status != Status.DIVERGED) return (prices, 2);
        prices = new uint256[](2);
        (prices[0], prices[1]) = (q.low, q.high);
        return (prices, 2);
    }

    function _answer(address asset) private view returns (Quote memory) {
        if (broken) revert OracleBroken();
        return _set[asset] ? _quotes[asset] : Quote(1e18, 1e18, Status.GOOD);
    }
}
