// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {Gains, PackedTerms, Position} from "./LendingTypes.sol";
import {StrategyCalls} from "./StrategyCalls.sol";

/// @title The lists of strategies and their bounds: added and loosened with delay, tightened at once.
abstract contract LendingParameters is IStrategyManager, AccessManaged {
    uint256 public constant MAX_STRATEGIES = 6;
    uint256 internal constant _BPS = 10_000;

    IIndexVault internal _vault;
    mapping(address token => address[]) internal _lists;
    mapping(address strategy => Position) internal _positions;
    mapping(address token => Gains) internal _gains;
    mapping(address token => PackedTerms) private _terms;
    address[] internal _tokens; // every coin that has ever had a strategy

    error ZeroAddress();
    error AlreadyBound(address vault);
    /// The vault names another manager, or none.
    error NotItsManager(address vault);
    error NotBound();
    error NotAConstituent(address token);
    error NotAStrategy(address strategy);
    error UnknownStrategy(address strategy);
    error DuplicateStrategy(address strategy);
    error TooManyStrategies(uint256 count, uint256 maximum);
    error StrategyNotEmpty(address strategy, uint256 shares);
    error CapsRaised(uint256 absoluteCap, uint256 relativeCapBps);
    error CapsLowered(uint256 absoluteCap, uint256 relativeCapBps);
    /// Not the same strategies.
    error NotAnOrder();
    error ParamOutOfBounds(bytes32 name, uint256 value, uint256 minimum, uint256 maximum);

    constructor(address authority_) AccessManaged(authority_) {
        if (authority_ == address(0)) revert ZeroAddress();
    }

    /// @inheritdoc IStrategyManager
    function bind(address vault_) external restricted {
        if (address(_vault) != address(0)) revert AlreadyBound(address(_vault));
        if (address(IIndexVault(vault_).manager()) != address(this)) revert NotItsManager(vault_);
        _vault = IIndexVault(vault_);
        emit Bound(vault_);
    }

    /// @inheritdoc IStrategyManager
    function addStrategy(address strategy, uint256 absoluteCap, uint256 relativeCapBps) external restricted {
        if (address(_vault) == address(0)) revert NotBound();
        if (strategy == address(this) || strategy == address(_vault)) revert NotAStrategy(strategy);
        if (_positions[strategy].token != address(0)) revert DuplicateStrategy(strategy);
        (bool ok, uint256 word) = StrategyCalls.tryRead(strategy, IERC4626.asset.selector, 0);
        address token = address(uint160(word));
        if (!ok || token == address(0)) revert NotAStrategy(strategy);
        if (!_vault.isConstituent(token)) revert NotAConstituent(token);
        address[] storage list = _lists[token];
        if (list.length == MAX_STRATEGIES) revert TooManyStrategies(list.length + 1, MAX_STRATEGIES);
        if (_terms[token].unlockPeriod == 0) {
            _tokens.push(token);
            _setTerms(token, Terms(1_000, 1 days, 100, 10, 7 days));
        }
        list.push(strategy);
        _positions[strategy].token = token;
        _setCaps(strategy, absoluteCap, relativeCapBps);
        emit StrategyAdded(token, strategy, absoluteCap, relativeCapBps);
    }

    /// @inheritdoc IStrategyManager
    function removeStrategy(address strategy) external restricted {
        address token = _tokenOf(strategy);
        uint256 shares = _positions[strategy].shares;
        if (shares != 0) revert StrategyNotEmpty(strategy, shares);
        delete _positions[strategy];
        address[] storage list = _lists[token];
        uint256 at;
        while (list[at] != strategy) ++at;
        for (; at + 1 < list.length; ++at) {
            list[at] = list[at + 1];
        }
        list.pop();
        emit StrategyRemoved(token, strategy);
    }

    /// @inheritdoc IStrategyManager
    function raiseCaps(address strategy, uint256 absoluteCap, uint256 relativeCapBps) external restricted {
        _tokenOf(strategy);
        Position storage p = _positions[strategy];
        if (absoluteCap < p.absoluteCap || relativeCapBps < p.relativeCapBps) {
            revert CapsLowered(absoluteCap, relativeCapBps);
        }
        _setCaps(strategy, absoluteCap, relativeCapBps);
    }

    /// @inheritdoc IStrategyManager
    function lowerCaps(address strategy, uint256 absoluteCap, uint256 relativeCapBps) external restricted {
        _tokenOf(strategy);
        Position storage p = _positions[strategy];
        if (absoluteCap > p.absoluteCap || relativeCapBps > p.relativeCapBps) {
            revert CapsRaised(absoluteCap, relativeCapBps);
        }
        _setCaps(strategy, absoluteCap, relativeCapBps);
    }

    /// @inheritdoc IStrategyManager
    function pauseStrategy(address strategy) external restricted {
        _setPaused(strategy, true);
    }

    /// @inheritdoc IStrategyManager
    function unpauseStrategy(address strategy) external restricted {
        _setPaused(strategy, false);
    }

    /// @inheritdoc IStrategyManager
    function setOrder(address token, address[] calldata strategies) external restricted {
        address[] storage list = _lists[token];
        uint256 count = list.length;
        if (strategies.length != count) revert NotAnOrder();
        for (uint256 i; i < count; ++i) {
            if (_positions[strategies[i]].token != token) revert NotAnOrder();
            for (uint256 j; j < i; ++j) {
                if (strategies[i] == strategies[j]) revert NotAnOrder();
            }
        }
        _lists[token] = strategies;
        emit OrderSet(token, strategies);
    }

    /// @inheritdoc IStrategyManager
    function vault() external view returns (address) {
        return address(_vault);
    }

    /// @inheritdoc IStrategyManager
    function termsOf(address token) public view returns (Terms memory) {
        PackedTerms memory t = _terms[token];
        return Terms(t.bufferBps, t.unlockPeriod, t.jumpBps, t.lossBudgetBps, t.lossPeriod);
    }

    /// @inheritdoc IStrategyManager
    function bufferOf(address token) external view returns (uint256) {
        return _terms[token].bufferBps;
    }

    /// @return token The coin of a listed strategy; reverts for any other.
    function _tokenOf(address strategy) internal view returns (address token) {
        token = _positions[strategy].token;
        if (token == address(0)) revert UnknownStrategy(strategy);
    }

    function _setTerms(address token, Terms memory t) internal {
        _within("bufferBps", t.bufferBps, 0, _BPS);
        _within("unlockPeriod", t.unlockPeriod, 1 hours, 30 days);
        _within("jumpBps", t.jumpBps, 1, 1_000);
        _within("lossBudgetBps", t.lossBudgetBps, 0, 100);
        _within("lossPeriod", t.lossPeriod, 1 days, 365 days);
        _terms[token] = PackedTerms({
            bufferBps: uint16(t.bufferBps),
            jumpBps: uint16(t.jumpBps),
            lossBudgetBps: uint16(t.lossBudgetBps),
            unlockPeriod: uint32(t.unlockPeriod),
            lossPeriod: uint32(t.lossPeriod)
        });
        emit TermsSet(token, t);
    }

    function _setCaps(address strategy, uint256 absoluteCap, uint256 relativeCapBps) private {
        _within("absoluteCap", absoluteCap, 0, type(uint128).max);
        _within("relativeCapBps", relativeCapBps, 0, _BPS);
        Position storage p = _positions[strategy];
        (p.absoluteCap, p.relativeCapBps) = (uint128(absoluteCap), uint16(relativeCapBps));
        emit CapsSet(strategy, absoluteCap, relativeCapBps);
    }

    function _setPaused(address strategy, bool paused) private {
        _tokenOf(strategy);
        _positions[strategy].paused = paused;
        emit StrategyPaused(strategy, paused);
    }

    function _within(bytes32 name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParamOutOfBounds(name, value, minimum, maximum);
    }
}
