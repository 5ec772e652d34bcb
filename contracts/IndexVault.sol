// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IERC173} from "@interfaces/IERC173.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";
import {IIndexVault} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IStrategyManager} from "@interfaces/IStrategyManager.sol";
import {BasketStorage} from "./libraries/BasketStorage.sol";
import {CoinTransfer} from "./libraries/CoinTransfer.sol";
import {ShareMath} from "./libraries/ShareMath.sol";
import {VaultBasket} from "./vault/VaultBasket.sol";
import {VaultExits} from "./vault/VaultExits.sol";
import {VaultLending} from "./vault/VaultLending.sol";
import {VaultPricing} from "./vault/VaultPricing.sol";
import {VaultTrades} from "./vault/VaultTrades.sol";

/// @title Custody and share token of the index (ERC-7621, ERC-20 with permit, ERC-173, ERC-165).
/// @notice What it holds to:
///  - The exit asks nobody. `withdraw` reads no price and no owner, is never paused, and pays each coin on its own: a
///    coin that refuses becomes the withdrawer's claim and stops no other.
///  - The way in is by proportion. Only what is beyond it needs a price, taken at its worst for the one who enters.
///  - Reserves are accounts, not balances: a donation moves nothing.
///  - It holds idle coins. What is lent is its StrategyManager's, counted at what the strategies say, for who leaves without
///    the gains of the last hours, for who enters with them.
///  - Nobody is ever approved. A venue gets exactly one trade's `amountIn`, and what comes back is measured.
///  - While a transaction is inside the vault nothing that prices a share answers, to anyone.
/// @dev A coin is believed in what it returns: one that reports a payment it did not make cheats on its own part of a
///      withdrawal and on nothing else. What it kept stays in the vault outside the reserves.
///      Amounts are in each coin's own decimals, shares and dollars in WAD, weights in bps.
contract IndexVault is
    IERC165,
    ERC20Permit,
    AccessManaged,
    VaultPricing,
    VaultTrades,
    VaultExits,
    VaultLending
{
    using BasketStorage for uint256;
    using BasketStorage for uint256[];
    using BasketStorage for uint256[26];
    using DynamicArrayLib for uint256[];

    uint256 public constant MAX_BAND_BPS = 1_000;

    event BandSet(uint256 bandBps);

    error ContributionsArePaused();
    error BandOutOfRange(uint256 bandBps, uint256 maximum);

    constructor(
        string memory name_,
        string memory symbol_,
        address authority_,
        IPriceOracle oracle_,
        address owner_,
        address[] memory tokens,
        uint256[] memory weights,
        IContributionGuard guard_,
        IStrategyManager manager_
    )
        ERC20(name_, symbol_)
        ERC20Permit(name_)
        AccessManaged(authority_)
        VaultBasket(oracle_, guard_, manager_)
    {
        if (authority_ == address(0)) revert ZeroAddress();
        _setOwner(owner_);
        _setBasket(tokens, weights);
    }

    // --- entering and leaving -----------------------------------------------------------------------------------

    /// @inheritdoc IERC7621
    function contribute(uint256[] calldata amounts, address receiver, uint256 minShares)
        external
        nonReentrant
        returns (uint256 lpAmount)
    {
        uint256 head = _slots[0];
        uint256[] memory coins = head.coinsOf();
        uint256[] memory lanes = _slots.load(head, coins.length);
        uint256[] memory told = lanes;
        if (head.isPausedOrLending()) {
            if (head.isPaused()) revert ContributionsArePaused();
            told = _toEnter(head, coins, lanes);
        }
        uint256 supply = totalSupply();
        lpAmount = _sharesFor(amounts, coins, told, supply);
        if (lpAmount < minShares) revert InsufficientShares(minShares, lpAmount);
        CoinTransfer.pullAll(coins, lanes, amounts); // `_sharesFor` has checked that they fit
        _slots.store(head, lanes);
        if (supply == 0) _mint(DEAD_ADDRESS, DEAD_SHARES);
        _mint(receiver, lpAmount);
        emit Contributed(msg.sender, receiver, lpAmount, amounts);
    }

    /// @inheritdoc IERC7621
    /// @dev What a coin refuses to pay becomes a claim of the caller. Gas below what a fair try of every coin needs
    ///      reverts (`InsufficientGas`), so a claim always means that the coin refused. What is lent and cannot be paid in
    ///      coins is paid in the strategies' shares. `minAmounts` bounds what is paid, claimed or paid in shares.
    function withdraw(uint256 lpAmount, address receiver, uint256[] calldata minAmounts)
        external
        nonReentrant
        validReceiver(receiver)
        returns (uint256[] memory amounts)
    {
        if (lpAmount == 0) revert ZeroAmount();
        uint256 head = _slots[0];
        uint256[] memory coins = head.coinsOf();
        uint256 count = coins.length;
        if (minAmounts.length != count) revert LengthMismatch(count, minAmounts.length);
        uint256[] memory lanes = _slots.load(head, count);
        uint256 supply = totalSupply();
        _burn(msg.sender, lpAmount);
        if (head.isLending()) {
            amounts = _leaveLent(head, coins, lanes, lpAmount, supply, receiver);
            _revertShort(amounts, minAmounts);
        } else {
            amounts = ShareMath.amountsForWithdrawal(lanes, lpAmount, supply);
            if (lanes.subtract(amounts, minAmounts)) _revertShort(amounts, minAmounts);
            _slots.store(head, lanes);
            _payCoins(coins, amounts, receiver);
        }
        emit Withdrawn(msg.sender, receiver, lpAmount, amounts);
    }

    // --- parameters ---------------------------------------------------------------------------------------------

    // The lock's holder writes the head back whole: its parameters change only while nobody holds the lock.

    /// @inheritdoc IIndexVault
    function pauseContributions() external restricted nonReentrant {
        _slots[0] = _slots[0].withPaused(true);
        emit ContributionsPaused(true);
    }

    /// @inheritdoc IIndexVault
    function unpauseContributions() external restricted nonReentrant {
        _slots[0] = _slots[0].withPaused(false);
        emit ContributionsPaused(false);
    }

    /// @notice CURATOR: how far past its target weight the excess of a contribution may carry a coin, bps. A coin at
    ///         weight 0 takes no excess at all.
    function setBandBps(uint256 newBandBps) external restricted nonReentrant {
        if (newBandBps > MAX_BAND_BPS) revert BandOutOfRange(newBandBps, MAX_BAND_BPS);
        _slots[0] = _slots[0].withBand(uint16(newBandBps));
        emit BandSet(newBandBps);
    }

    // --- views --------------------------------------------------------------------------------------------------

    /// @inheritdoc IERC7621
    function previewContribute(uint256[] calldata amounts) external view notEntered returns (uint256) {
        (uint256[] memory coins, uint256[] memory lanes) = _loadToEnter();
        return _sharesFor(amounts, coins, lanes, totalSupply());
    }

    /// @inheritdoc IERC7621
    /// @dev What is owed. The redemption of what is lent may bring less, bounded by the manager and by `minAmounts`. Reverts
    ///      `StrategyUnreadable` where a part is owed in shares of a strategy that does not say what they are worth, as one
    ///      does in the middle of its own doings: nobody is told too little. `withdraw` works all the same.
    function previewWithdraw(uint256 lpAmount) external view notEntered returns (uint256[] memory) {
        if (lpAmount == 0) revert ZeroAmount();
        uint256 supply = totalSupply();
        if (lpAmount > supply) revert InsufficientShares(lpAmount, supply);
        (uint256 head, uint256[] memory coins, uint256[] memory lanes) = _load();
        uint256 unreadable;
        (lanes, unreadable) = _toLeave(head, coins, lanes);
        _requireReadable(coins, unreadable);
        return ShareMath.amountsForWithdrawal(lanes, lpAmount, supply);
    }

    /// @notice Amounts, rounded up, whose contribution gives at least `lpAmount` shares and asks no oracle.
    function amountsForShares(uint256 lpAmount) external view notEntered returns (uint256[] memory) {
        uint256 supply = totalSupply();
        if (supply == 0) revert ShareMath.EmptyBasket();
        (, uint256[] memory lanes) = _loadToEnter();
        return ShareMath.amountsForShares(lanes, lpAmount, supply);
    }

    /// @inheritdoc IERC7621
    /// @dev At high prices, as the excess of a contribution is measured against. Coins without reserve need no price.
    function totalBasketValue() external view notEntered returns (uint256) {
        (uint256[] memory coins, uint256[] memory lanes) = _loadToEnter();
        uint256[] memory held = new uint256[](lanes.length);
        uint256 any;
        for (uint256 i; i < lanes.length; ++i) {
            held[i] = lanes[i].reserveOf();
            any |= held[i];
        }
        if (any == 0) return 0;
        (, uint256[] memory highs) = _prices(coins, held);
        return ShareMath.basketValue(lanes, highs) / ShareMath.WAD;
    }

    /// @inheritdoc IERC7621
    function getConstituents() external view returns (address[] memory tokens, uint256[] memory weights) {
        (, uint256[] memory coins, uint256[] memory lanes) = _load();
        (tokens, weights,) = _basket(coins, lanes);
    }

    /// @inheritdoc IIndexVault
    function getBasket()
        external
        view
        notEntered
        returns (address[] memory tokens, uint256[] memory weights, uint256[] memory reserves)
    {
        (uint256[] memory coins, uint256[] memory lanes) = _loadToTell();
        return _basket(coins, lanes);
    }

    /// @inheritdoc IIndexVault
    function getScales() external view returns (uint256[] memory scales) {
        scales = _slots[0].coinsOf();
        for (uint256 i; i < scales.length; ++i) {
            scales[i] = scales[i].scaleOf();
        }
    }

    /// @inheritdoc IERC7621
    function totalConstituents() external view returns (uint256) {
        return _slots[0].coinsOf().length;
    }

    /// @inheritdoc IERC7621
    /// @dev 0 for a token that is no constituent.
    function getReserve(address token) external view notEntered returns (uint256) {
        (uint256[] memory coins, uint256[] memory lanes) = _loadToTell();
        uint256 i = coins.indexOf(coins.length, token);
        return i < coins.length ? lanes[i].reserveOf() : 0;
    }

    /// @inheritdoc IERC7621
    function getWeight(address token) external view returns (uint256) {
        (uint256 lane, bool found) = _laneOf(token);
        if (!found) revert NotConstituent(token);
        return lane.weightOf();
    }

    /// @inheritdoc IERC7621
    function isConstituent(address token) external view returns (bool found) {
        (, found) = _laneOf(token);
    }

    /// @inheritdoc IIndexVault
    function contributionsPaused() external view returns (bool) {
        return _slots[0].isPaused();
    }

    /// @notice bps, see `setBandBps`.
    function bandBps() external view returns (uint256) {
        return _slots[0].bandOf();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC7621).interfaceId || id == type(IERC20).interfaceId || id == type(IERC173).interfaceId
            || id == type(IERC20Permit).interfaceId || id == type(IERC20Metadata).interfaceId
            || id == type(IERC165).interfaceId;
    }

    function _basket(uint256[] memory coins, uint256[] memory lanes)
        private
        pure
        returns (address[] memory tokens, uint256[] memory weights, uint256[] memory reserves)
    {
        uint256 count = coins.length;
        (weights, reserves) = (DynamicArrayLib.malloc(count), DynamicArrayLib.malloc(count));
        for (uint256 i; i < count;) {
            uint256 lane = lanes.get(i);
            weights.set(i, lane.weightOf());
            reserves.set(i, lane.reserveOf());
            unchecked {
                ++i;
            }
        }
        tokens = coins.toTokens();
    }
}
