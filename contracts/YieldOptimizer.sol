// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {IYieldLens} from "@interfaces/IYieldLens.sol";
import {IYieldOptimizer} from "@interfaces/IYieldOptimizer.sol";
import {StrategyCalls} from "./lending/StrategyCalls.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {YieldMath} from "./yields/YieldMath.sol";
import {YieldParameters} from "./yields/YieldParameters.sol";

/// @title How a fund's coins are best split among their strategies, at what markets pay now. Looks only; moves nothing.
/// @notice A strategy qualifies when it is not paused, can be read, has a lens that answers, and while our position stays
///         under `maxShareBps` of its market. Its yield counts by the curator's score. `ballast/model/yields.py` has the
///         same maths.
/// @dev Amounts {asset}, own decimals. A call that fails, or a market out of range, disqualifies that strategy alone.
contract YieldOptimizer is YieldParameters {
    /// @notice Gas a lens may burn: several times what the one with most to read needs.
    uint256 public constant LENS_GAS = 2_000_000;
    /// @notice A change of less than this part of a coin's reserve is not worth a move of its own, bps.
    uint256 public constant SMALL_MOVE_BPS = 50;
    uint256 private constant _YEAR = 365 days;
    uint256 private constant _WAD = 1e18;

    IStrategyManager public immutable MANAGER;
    IPriceOracle public immutable ORACLE;
    /// @notice The oracle's key for ETH/USD.
    address public immutable ETH_ASSET;

    /// @dev What is known of one coin.
    struct Look {
        IStrategyManager.StrategyState[] states;
        YieldMath.Offer[] offers; // of the strategies that qualify; bounds are set by who asks
        uint256[] at; // which strategy each offer is of
        uint256 idle; // {asset}
        uint256 reserve; // {asset} idle and lent
        uint256 buffer; // {asset} that stays idle
    }

    /// @dev What going to the targets would change.
    struct Change {
        uint256 gain; // per mille * WAD{asset/year}
        uint256 moved; // {asset}
        uint256 moves; // that are worth one
    }

    error ZeroAddress();
    error InsufficientGas(uint256 needed, uint256 available);

    /// @param authority The fund's AccessManager.
    /// @param ethAsset The oracle's key for ETH/USD.
    constructor(address authority, IStrategyManager manager, IPriceOracle oracle, address ethAsset)
        AccessManaged(authority)
    {
        if (address(manager) == address(0) || address(oracle) == address(0)) revert ZeroAddress();
        (MANAGER, ORACLE, ETH_ASSET) = (manager, oracle, ethAsset);
    }

    /// @inheritdoc IYieldOptimizer
    function optimizeYield(address asset, uint256 amount) external view returns (address strategy, uint256 score) {
        Look memory look = _look(asset);
        for (uint256 k; k < look.at.length; ++k) {
            IStrategyManager.StrategyState memory s = look.states[look.at[k]];
            YieldMath.Offer memory o = look.offers[k];
            uint256 room = Math.min(_allocatable(s.strategy), Math.saturatingSub(o.high, s.value));
            if (room == 0 || room < amount) continue;
            uint256 found = o.score * YieldMath.rate(o.market, o.others + s.value + amount) / PER_MILLE;
            if (strategy == address(0) || found > score) (strategy, score) = (s.strategy, found);
        }
    }

    /// @inheritdoc IYieldOptimizer
    function optimalAllocation(address asset, uint256 amount)
        external
        view
        returns (address[] memory strategies, uint256[] memory amounts)
    {
        Look memory look = _look(asset);
        strategies = _strategiesOf(look);
        amounts = new uint256[](strategies.length);
        uint256 total = Math.min(amount, Math.saturatingSub(look.idle, look.buffer));
        for (uint256 k; k < look.at.length; ++k) {
            IStrategyManager.StrategyState memory s = look.states[look.at[k]];
            YieldMath.Offer memory o = look.offers[k];
            o.low = s.value;
            o.high = Math.max(s.value, Math.min(o.high, s.value + _allocatable(s.strategy)));
            total += s.value;
        }
        uint256[] memory positions = YieldMath.split(look.offers, total);
        for (uint256 k; k < positions.length; ++k) {
            amounts[look.at[k]] = positions[k] - look.offers[k].low;
        }
    }

    /// @inheritdoc IYieldOptimizer
    function optimalPositions(address asset)
        external
        view
        returns (address[] memory strategies, uint256[] memory held, uint256[] memory targets)
    {
        Look memory look = _look(asset);
        strategies = _strategiesOf(look);
        (held, targets) = _targets(look);
    }

    /// @inheritdoc IYieldOptimizer
    function shouldReallocate(address asset) external view returns (bool, Reason, uint256 gain) {
        if (!_mayLend(asset)) return (false, Reason.COIN_ON_WATCH, 0);
        (bool good, uint256 price, uint256 ethPrice) = _prices(asset);
        if (!good) return (false, Reason.STALE_DATA, 0);
        Look memory look = _look(asset);
        if (look.at.length == 0) return (false, Reason.NOTHING_QUALIFIES, 0);
        (uint256[] memory held, uint256[] memory targets) = _targets(look);
        Change memory c = _changeOf(look, held, targets);
        if (c.gain == 0 || c.moves == 0) return (false, Reason.BEST_ALREADY, 0);
        YieldParams memory p = getParams();
        gain = Math.mulDiv(c.gain / PER_MILLE, price, _WAD * 10 ** IERC20Metadata(asset).decimals());
        if (c.gain * BPS <= c.moved * p.differentialBps * _WAD * PER_MILLE) {
            return (false, Reason.DIFFERENTIAL_TOO_SMALL, gain);
        }
        uint256 cost = RebalanceMath.gasCost(_gasPrice(), p.moveGas * c.moves, ethPrice);
        if (gain * p.horizon <= cost * _YEAR) return (false, Reason.GAS_NOT_PAID_BACK, gain);
        return (true, Reason.YIELD, gain);
    }

    // --- what is there --------------------------------------------------------------------------------------------

    /// @dev While a coin is on watch, or one of its strategies with shares of ours cannot be read, nothing may be
    ///      allocated: none qualifies.
    function _look(address asset) private view returns (Look memory look) {
        look.states = MANAGER.strategiesOf(asset);
        look.idle = IIndexVault(MANAGER.vault()).idleOf(asset);
        look.reserve = look.idle;
        bool open = _mayLend(asset);
        for (uint256 i; i < look.states.length; ++i) {
            look.reserve += look.states[i].value;
            if (!look.states[i].readable && look.states[i].shares != 0) open = false;
        }
        look.buffer = Math.mulDiv(look.reserve, MANAGER.bufferOf(asset), BPS, Math.Rounding.Ceil);
        if (open) _readOffers(look);
    }

    function _readOffers(Look memory look) private view {
        uint256 n = look.states.length;
        (YieldMath.Offer[] memory offers, uint256[] memory at) = (new YieldMath.Offer[](n), new uint256[](n));
        uint256 maxShareBps = getParams().maxShareBps;
        uint256 count;
        for (uint256 i; i < n; ++i) {
            (bool qualifies, YieldMath.Offer memory offer) = _offerOf(look.states[i], look.reserve, maxShareBps);
            if (!qualifies) continue;
            (offers[count], at[count]) = (offer, i);
            ++count;
        }
        assembly ("memory-safe") {
            mstore(offers, count) // shortens the arrays in place
            mstore(at, count)
        }
        (look.offers, look.at) = (offers, at);
    }

    /// @dev From what cannot leave to the tightest of the caps and the share of the market; a position that is above that
    ///      already may stay.
    function _offerOf(IStrategyManager.StrategyState memory s, uint256 reserve, uint256 maxShareBps)
        private
        view
        returns (bool qualifies, YieldMath.Offer memory o)
    {
        Judgement memory judgement = _judgementOf(s.strategy);
        if (s.paused || !s.readable || address(judgement.lens) == address(0)) return (false, o);
        uint256 available = gasleft();
        if (available < LENS_GAS + LENS_GAS / 32) revert InsufficientGas(LENS_GAS + LENS_GAS / 32, available);
        try judgement.lens.marketOf{gas: LENS_GAS}(s.strategy) returns (IYieldLens.Market memory market) {
            o.market = market;
        } catch {
            return (false, o);
        }
        if (o.market.supplied > YieldMath.MAX_AMOUNT) return (false, o);
        o.others = Math.saturatingSub(o.market.supplied, s.value);
        o.low = s.value - Math.min(s.value, s.liquid);
        o.score = judgement.score;
        uint256 cap = Math.min(s.absoluteCap, Math.mulDiv(reserve, s.relativeCapBps, BPS));
        cap = Math.min(cap, o.others * maxShareBps / (BPS - maxShareBps));
        o.high = Math.max(o.low, Math.min(cap, s.value + _roomOf(s.strategy)));
        qualifies = YieldMath.isFit(o.market, o.others + o.low);
    }

    /// @dev {asset} that the strategy takes now; nothing when it does not say.
    function _roomOf(address strategy) private view returns (uint256) {
        (, uint256 room) = StrategyCalls.tryRead(strategy, IERC4626.maxDeposit.selector, uint160(address(MANAGER)));
        return Math.min(room, YieldMath.MAX_AMOUNT);
    }

    function _allocatable(address strategy) private view returns (uint256 most) {
        (most,) = MANAGER.allocatable(strategy);
    }

    function _mayLend(address asset) private view returns (bool) {
        IContributionGuard guard = IIndexVault(MANAGER.vault()).guard();
        if (address(guard) == address(0)) return true;
        try guard.mayEnter(asset) returns (bool may) {
            return may;
        } catch {
            return false;
        }
    }

    /// @return good Whether both prices are.
    /// @return low WAD{USD/coin}
    /// @return ethPrice WAD{USD/ETH}, the high bound.
    function _prices(address asset) private view returns (bool good, uint256 low, uint256 ethPrice) {
        address[] memory assets = new address[](2);
        (assets[0], assets[1]) = (asset, ETH_ASSET);
        IPriceOracle.Quote[] memory quotes = ORACLE.quotes(assets);
        good = quotes[0].status == IPriceOracle.Status.GOOD && quotes[1].status == IPriceOracle.Status.GOOD;
        return (good, quotes[0].low, quotes[1].high);
    }

    function _gasPrice() private view returns (uint256) {
        return Math.max(tx.gasprice, block.basefee);
    }

    // --- what would be better -------------------------------------------------------------------------------------

    function _strategiesOf(Look memory look) private pure returns (address[] memory strategies) {
        strategies = new address[](look.states.length);
        for (uint256 i; i < strategies.length; ++i) {
            strategies[i] = look.states[i].strategy;
        }
    }

    function _targets(Look memory look) private pure returns (uint256[] memory held, uint256[] memory targets) {
        uint256 n = look.states.length;
        (held, targets) = (new uint256[](n), new uint256[](n));
        for (uint256 i; i < n; ++i) {
            held[i] = targets[i] = look.states[i].value;
        }
        uint256 free = look.idle;
        uint256 lows;
        for (uint256 k; k < look.at.length; ++k) {
            free += held[look.at[k]];
            lows += look.offers[k].low;
        }
        free = Math.max(Math.saturatingSub(free, look.buffer), lows);
        uint256[] memory positions = YieldMath.split(look.offers, free);
        for (uint256 k; k < positions.length; ++k) {
            targets[look.at[k]] = positions[k];
        }
    }

    /// @dev No gain where the targets earn less: the buffer was short.
    function _changeOf(Look memory look, uint256[] memory held, uint256[] memory targets)
        private
        pure
        returns (Change memory c)
    {
        uint256 earnedNow;
        uint256 earnedThen;
        uint256 leaving;
        for (uint256 k; k < look.at.length; ++k) {
            uint256 i = look.at[k];
            earnedNow += YieldMath.worth(look.offers[k], held[i]);
            earnedThen += YieldMath.worth(look.offers[k], targets[i]);
            if (targets[i] > held[i]) c.moved += targets[i] - held[i];
            else leaving += held[i] - targets[i];
            uint256 distance = targets[i] > held[i] ? targets[i] - held[i] : held[i] - targets[i];
            if (distance * BPS >= look.reserve * SMALL_MOVE_BPS && distance != 0) ++c.moves;
        }
        c.moved = Math.max(c.moved, leaving);
        c.gain = Math.saturatingSub(earnedThen, earnedNow);
    }
}
