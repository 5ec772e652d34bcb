// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IHaltable} from "@interfaces/IHaltable.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";

/// @title Stops ordinary trading when the fund's value per share falls too far too fast, whatever the reason.
/// @notice Anyone writes checkpoints, spaced; anyone trips the switch when the value now is more than `dropBps` below the
///         highest checkpoint of the window. It can stop trading and nothing else: exits and emergencies go on, and only
///         CURATOR starts trading again.
/// @dev A checkpoint takes each coin's lowest source and a trip its highest, so that one source that is off, either way,
///      trips nothing. A coin without a usable price reverts: half a value would look like a fall.
contract KillSwitch is AccessManaged {
    /// @dev Parameters and where the ring goes on, one slot.
    struct Settings {
        uint16 dropBps; // bps: trips at a fall of more than this ...
        uint32 window; // s: ... from the highest checkpoint of this time
        uint32 spacing; // s between two checkpoints at least
        uint40 lastAt; // s, the last checkpoint
        uint40 trippedAt; // s, what is not after it counts no more
        uint8 next; // the ring's slot of the next checkpoint
    }

    struct Checkpoint {
        uint40 time; // s
        uint216 value; // WAD{USD/share}
    }

    uint256 public constant RING_SIZE = 96;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _WAD = 1e18;

    IIndexVault public immutable VAULT;
    IPriceOracle public immutable ORACLE;
    IHaltable public immutable REBALANCER;

    Settings private _settings;
    Checkpoint[RING_SIZE] private _ring;

    event ParamsSet(uint256 dropBps, uint256 window, uint256 spacing);
    event Checkpointed(uint256 value);
    event Tripped(uint256 value, uint256 high);

    error CheckpointTooSoon(uint256 readyAt);
    /// The value per share now and the highest of the window, WAD{USD/share}; 0 when the window holds none.
    error NotFallen(uint256 value, uint256 high);
    error PriceNotGood(address token, IPriceOracle.Status status);
    error NoShares();
    error ParamOutOfBounds(bytes32 name, uint256 value, uint256 minimum, uint256 maximum);

    /// @param authority The AccessManager that says who is CURATOR.
    constructor(address authority, IIndexVault vault, IPriceOracle oracle, IHaltable rebalancer)
        AccessManaged(authority)
    {
        (VAULT, ORACLE, REBALANCER) = (vault, oracle, rebalancer);
        _setParams(1_500, 1 days, 15 minutes);
    }

    /// @notice Anyone, spaced: remembers the value per share.
    function checkpoint() external returns (uint256 value) {
        Settings memory s = _settings;
        uint256 readyAt = uint256(s.lastAt) + s.spacing;
        if (block.timestamp < readyAt) revert CheckpointTooSoon(readyAt);
        (value,) = valuePerShare();
        _ring[s.next] = Checkpoint(uint40(block.timestamp), uint216(value));
        s.lastAt = uint40(block.timestamp);
        s.next = uint8((s.next + 1) % RING_SIZE);
        _settings = s;
        emit Checkpointed(value);
    }

    /// @notice Anyone, after a fall: stops ordinary trading. What was checkpointed before no longer counts.
    function trip() external {
        uint256 high = highest();
        (, uint256 value) = valuePerShare();
        if (value * _BPS >= high * (_BPS - _settings.dropBps)) revert NotFallen(value, high);
        _settings.trippedAt = uint40(block.timestamp);
        emit Tripped(value, high);
        REBALANCER.haltTrading();
    }

    /// @notice CURATOR, delayed.
    /// @param window s, as long as the ring reaches at most.
    function setParams(uint256 dropBps, uint256 window, uint256 spacing) external restricted {
        _setParams(dropBps, window, spacing);
    }

    /// @notice WAD{USD/share} at each coin's lowest and at its highest source.
    function valuePerShare() public view returns (uint256 low, uint256 high) {
        uint256 supply = IERC20(address(VAULT)).totalSupply();
        if (supply == 0) revert NoShares();
        (address[] memory tokens,, uint256[] memory reserves) = VAULT.getBasket();
        uint256[] memory scales = VAULT.getScales();
        IPriceOracle.Quote[] memory quotes = ORACLE.quotes(tokens);
        for (uint256 i; i < tokens.length; ++i) {
            if (reserves[i] == 0) continue;
            IPriceOracle.Status status = quotes[i].status;
            if (status != IPriceOracle.Status.GOOD && status != IPriceOracle.Status.DIVERGED) {
                revert PriceNotGood(tokens[i], status);
            }
            low += RebalanceMath.valueOf(reserves[i], scales[i], quotes[i].low);
            high += RebalanceMath.valueOf(reserves[i], scales[i], quotes[i].high);
        }
        return (low * _WAD / supply, high * _WAD / supply);
    }

    /// @return high WAD{USD/share}, the highest checkpoint of the window, 0 when there is none.
    function highest() public view returns (uint256 high) {
        Settings memory s = _settings;
        for (uint256 i; i < RING_SIZE; ++i) {
            Checkpoint memory c = _ring[i];
            if (c.time > s.trippedAt && block.timestamp <= uint256(c.time) + s.window && c.value > high) high = c.value;
        }
    }

    function getSettings() external view returns (Settings memory) {
        return _settings;
    }

    /// @dev A ring that does not reach over the window would let anyone push its high out.
    function _setParams(uint256 dropBps, uint256 window, uint256 spacing) private {
        _within("dropBps", dropBps, 300, 5_000);
        _within("spacing", spacing, 1 minutes, 1 days);
        _within("window", window, spacing, spacing * RING_SIZE);
        (_settings.dropBps, _settings.window, _settings.spacing) = (uint16(dropBps), uint32(window), uint32(spacing));
        emit ParamsSet(dropBps, window, spacing);
    }

    function _within(bytes32 name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParamOutOfBounds(name, value, minimum, maximum);
    }
}
