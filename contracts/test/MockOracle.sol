// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";

/// @title Prices set by hand; $1 and GOOD until told otherwise. For tests only.
contract MockOracle is IPriceOracle {
    mapping(address => Quote) private _quotes;
    mapping(address => bool) private _set;
    mapping(address => uint256[]) private _goodPrices;
    mapping(address => uint256) private _sources;
    bool public broken;

    error OracleBroken();

    function set(address asset, uint256 low, uint256 high, Status status) external {
        _quotes[asset] = Quote(low, high, status);
        _set[asset] = true;
    }

    /// @notice What single sources answer, apart from the quote; no sources: unknown.
    function setGoodPrices(address asset, uint256[] calldata prices, uint256 sources) external {
        (_goodPrices[asset], _sources[asset]) = (prices, sources);
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
        if (broken) revert OracleBroken();
        return (_goodPrices[asset], _sources[asset]);
    }

    function _answer(address asset) private view returns (Quote memory) {
        if (broken) revert OracleBroken();
        return _set[asset] ? _quotes[asset] : Quote(1e18, 1e18, Status.GOOD);
    }
}
