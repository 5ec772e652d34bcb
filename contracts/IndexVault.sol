// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {DynamicArrayLib} from "solady/utils/DynamicArrayLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IContributionGuard} from "@interfaces/IContributionGuard.sol";
import {IERC173} from "@interfaces/IERC173.sol";
import {IERC7621} from "@interfaces/IERC7621.sol";
import {IIndexVault, Trade} from "@interfaces/IIndexVault.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {ITradeFunding, IVenue} from "@interfaces/IVenue.sol";
import {BasketStorage} from "./libraries/BasketStorage.sol";
import {CoinTransfer} from "./libraries/CoinTransfer.sol";
import {ShareMath} from "./libraries/ShareMath.sol";
import {Book, TradeBook} from "./libraries/TradeBook.sol";

/// @title Custody and share token of the index (ERC-7621, ERC-20 with permit, ERC-173, ERC-165).
/// @notice What it holds to:
///  - The exit asks nobody. `withdraw` reads no price and no owner, is never paused, and pays each coin on its own: a
///    coin that refuses becomes the withdrawer's claim and stops no other.
///  - The way in is by proportion. Only what is beyond it needs a price, taken at its worst for the one who enters.
///  - Reserves are accounts, not balances: a donation moves nothing.
///  - Nobody is ever approved. A venue gets exactly one trade's `amountIn`, and what comes back is measured.
///  - While a transaction is inside the vault nothing that prices a share answers, to anyone.
/// @dev A coin is believed in what it returns: one that reports a payment it did not make cheats on its own part of a
///      withdrawal and on nothing else. What it kept stays in the vault outside the reserves.
///      Amounts are in each coin's own decimals, shares and dollars in WAD, weights in bps.
contract IndexVault is IIndexVault, ITradeFunding, IERC165, ERC20Permit, AccessManaged, ReentrancyGuardTransient {
    using BasketStorage for uint256;
    using BasketStorage for uint256[];
    using BasketStorage for uint256[26];
    using DynamicArrayLib for uint256[];
    using TradeBook for Book;
    using TradeBook for uint256[];

    uint256 public constant MAX_CONSTITUENTS = BasketStorage.MAX_CONSTITUENTS;
    /// @notice Shares of the first contribution that nobody owns, so that supply and reserves never return to zero.
    uint256 public constant DEAD_SHARES = 1e15;
    address public constant DEAD_ADDRESS = 0x000000000000000000000000000000000000dEaD;
    /// @notice WAD{USD} at low prices.
    uint256 public constant MIN_FIRST_VALUE = 1e18;
    uint256 public constant MAX_BAND_BPS = 1_000;
    uint16 private constant _DEFAULT_BAND_BPS = 200;
    uint256 private constant _BPS = 10_000;
    uint256 private constant _MAX_PRICE = type(uint96).max; // WAD{USD/coin}; keeps value sums far from overflow
    uint256 private constant _MAX_SUPPLY = type(uint112).max;

    IPriceOracle public immutable oracle;
    /// @notice Who says which coins may come in beyond their proportion; zero: all may.
    IContributionGuard public immutable guard;

    address private _owner;
    uint256[26] private _slots; // as BasketStorage lays them out
    mapping(address account => mapping(address token => uint256)) private _claims;

    // The trade being executed; no venue outside `executeTrades`, `_tradeAmount` zero again once it is funded.
    // Addresses as whole words: a narrower variable is read before it is written.
    uint256 private transient _tradeVenue;
    uint256 private transient _tradeToken;
    uint256 private transient _tradeAmount;

    event BandSet(uint256 bandBps);

    error ContributionsArePaused();
    /// The coin does not say how much the vault has of it.
    error BalanceUnreadable(address token);
    /// The coin being sold does not pay the venue.
    error TransferFailed();
    error PriceNotGood(address token, IPriceOracle.Status status);
    error PastBand(address token, uint256 weightBps, uint256 limitBps);
    error BelowBand(address token, uint256 weightBps, uint256 limitBps);
    /// The coin is off its peg or out of sight: it comes in by proportion only.
    error CoinOnWatch(address token);
    error BelowMinimumValue(uint256 value, uint256 minimum);
    error SupplyOverflow(uint256 shares);
    error InvalidReceiver(address receiver);
    error BandOutOfRange(uint256 bandBps, uint256 maximum);
    error NotOwner(address caller);
    error TooManyConstituents(uint256 count, uint256 maximum);
    error InsufficientOutput(uint256 index, uint256 minimum, uint256 actual);
    error SoldTooMuch(uint256 index, uint256 limit, uint256 actual);
    error TradeNotFunded(uint256 index);
    error NoTradeOpen();
    error NotTradeVenue(address caller);
    error AlreadyFunded();
    error VenueHasNoCode(address venue);
    /// The coin still does not pay: the claim stays.
    error ClaimRefused(address token);

    modifier onlyOwner() {
        if (msg.sender != _owner) revert NotOwner(msg.sender);
        _;
    }

    /// @dev For views that price a share: inside a transaction of the vault their answer would be half-way.
    modifier notEntered() {
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        _;
    }

    /// @dev Nobody is paid into nowhere, nor back into the vault's own balance, where it would be nobody's.
    modifier validReceiver(address receiver) {
        if (receiver == address(0)) revert ZeroAddress();
        if (receiver == address(this)) revert InvalidReceiver(receiver);
        _;
    }

    constructor(
        string memory name_,
        string memory symbol_,
        address authority_,
        IPriceOracle oracle_,
        address owner_,
        address[] memory tokens,
        uint256[] memory weights,
        IContributionGuard guard_
    ) ERC20(name_, symbol_) ERC20Permit(name_) AccessManaged(authority_) {
        if (authority_ == address(0) || address(oracle_) == address(0)) revert ZeroAddress();
        (oracle, guard) = (oracle_, guard_);
        _slots[0] = uint256(0).withBand(_DEFAULT_BAND_BPS);
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
        if (head.isPaused()) revert ContributionsArePaused();
        uint256[] memory coins = head.coinsOf();
        uint256[] memory lanes = _slots.load(head, coins.length);
        uint256 supply = totalSupply();
        lpAmount = _sharesFor(amounts, coins, lanes, supply);
        if (lpAmount < minShares) revert InsufficientShares(minShares, lpAmount);
        CoinTransfer.pullAll(coins, lanes, amounts); // `_sharesFor` has checked that they fit
        _slots.store(head, lanes);
        if (supply == 0) _mint(DEAD_ADDRESS, DEAD_SHARES);
        _mint(receiver, lpAmount);
        emit Contributed(msg.sender, receiver, lpAmount, amounts);
    }

    /// @inheritdoc IERC7621
    /// @dev What a coin refuses to pay becomes a claim of the caller. Gas below what a fair try of every coin needs
    ///      reverts (`InsufficientGas`), so a claim always means that the coin refused. `minAmounts` bounds what is owed,
    ///      paid or claimed.
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
        amounts = ShareMath.amountsForWithdrawal(lanes, lpAmount, supply);
        if (lanes.subtract(amounts, minAmounts)) _revertShort(amounts, minAmounts);
        _slots.store(head, lanes);
        _payOut(coins, amounts, receiver);
        emit Withdrawn(msg.sender, receiver, lpAmount, amounts);
    }

    /// @inheritdoc IIndexVault
    function claim(address token, address receiver)
        external
        nonReentrant
        validReceiver(receiver)
        returns (uint256 amount)
    {
        amount = _claims[msg.sender][token];
        if (amount == 0) revert ZeroAmount();
        delete _claims[msg.sender][token];
        if (!CoinTransfer.trySend(token, receiver, amount)) revert ClaimRefused(token);
        emit ClaimPaid(msg.sender, token, amount, receiver);
    }

    // --- the owner ----------------------------------------------------------------------------------------------

    /// @inheritdoc IERC7621
    function rebalance(address[] calldata newTokens, uint256[] calldata newWeights) external onlyOwner nonReentrant {
        _setBasket(newTokens, newWeights);
    }

    /// @inheritdoc IIndexVault
    function executeTrades(Trade[] calldata trades)
        external
        onlyOwner
        nonReentrant
        returns (uint256[] memory sold, uint256[] memory bought)
    {
        uint256 head = _slots[0];
        uint256[] memory coins = head.coinsOf();
        Book memory book = TradeBook.start(coins, _slots.load(head, coins.length));
        uint256 count = trades.length;
        (sold, bought) = (DynamicArrayLib.malloc(count), DynamicArrayLib.malloc(count));
        for (uint256 i; i < count;) {
            (uint256 given, uint256 taken) = _execute(i, trades[i], book);
            sold.set(i, given);
            bought.set(i, taken);
            unchecked {
                ++i;
            }
        }
        _tradeVenue = 0; // no coin moves between two trades, so once is enough
        _slots.store(head, book.lanes);
    }

    /// @inheritdoc ITradeFunding
    function fund(address to) external validReceiver(to) {
        uint256 venue = _tradeVenue;
        if (venue == 0) revert NoTradeOpen();
        if (uint160(msg.sender) != venue) revert NotTradeVenue(msg.sender);
        uint256 amount = _tradeAmount;
        if (amount == 0) revert AlreadyFunded();
        _tradeAmount = 0;
        SafeTransferLib.safeTransfer(address(uint160(_tradeToken)), to, amount);
    }

    /// @inheritdoc IERC173
    function transferOwnership(address newOwner) external onlyOwner {
        _setOwner(newOwner);
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
        (uint256[] memory coins, uint256[] memory lanes) = _load();
        return _sharesFor(amounts, coins, lanes, totalSupply());
    }

    /// @inheritdoc IERC7621
    function previewWithdraw(uint256 lpAmount) external view notEntered returns (uint256[] memory) {
        if (lpAmount == 0) revert ZeroAmount();
        uint256 supply = totalSupply();
        if (lpAmount > supply) revert InsufficientShares(lpAmount, supply);
        (, uint256[] memory lanes) = _load();
        return ShareMath.amountsForWithdrawal(lanes, lpAmount, supply);
    }

    /// @notice Amounts, rounded up, whose contribution gives at least `lpAmount` shares and asks no oracle.
    function amountsForShares(uint256 lpAmount) external view notEntered returns (uint256[] memory) {
        uint256 supply = totalSupply();
        if (supply == 0) revert ShareMath.EmptyBasket();
        (, uint256[] memory lanes) = _load();
        return ShareMath.amountsForShares(lanes, lpAmount, supply);
    }

    /// @inheritdoc IERC7621
    /// @dev At high prices, as the excess of a contribution is measured against. Coins without reserve need no price.
    function totalBasketValue() external view notEntered returns (uint256) {
        (uint256[] memory coins, uint256[] memory lanes) = _load();
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
        (tokens, weights,) = _basket();
    }

    /// @inheritdoc IIndexVault
    function getBasket()
        external
        view
        notEntered
        returns (address[] memory tokens, uint256[] memory weights, uint256[] memory reserves)
    {
        return _basket();
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
        (uint256 lane,) = _laneOf(token);
        return lane.reserveOf();
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
    function claimOf(address account, address token) external view returns (uint256) {
        return _claims[account][token];
    }

    /// @inheritdoc IIndexVault
    function contributionsPaused() external view returns (bool) {
        return _slots[0].isPaused();
    }

    /// @notice bps, see `setBandBps`.
    function bandBps() external view returns (uint256) {
        return _slots[0].bandOf();
    }

    /// @inheritdoc IERC173
    function owner() external view returns (address) {
        return _owner;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == type(IERC7621).interfaceId || id == type(IERC20).interfaceId || id == type(IERC173).interfaceId
            || id == type(IERC20Permit).interfaceId || id == type(IERC20Metadata).interfaceId
            || id == type(IERC165).interfaceId;
    }

    // --- shares -------------------------------------------------------------------------------------------------

    /// @dev What `amounts` give in the state given: the action and its preview are this one function.
    function _sharesFor(
        uint256[] calldata amounts,
        uint256[] memory coins,
        uint256[] memory lanes,
        uint256 supply
    ) private view returns (uint256 shares) {
        if (amounts.length != coins.length) revert LengthMismatch(coins.length, amounts.length);
        if (supply == 0) {
            shares = _firstShares(amounts, coins, lanes);
        } else {
            bool excess;
            (shares, excess) = ShareMath.proportional(amounts, lanes, supply);
            if (excess) shares += _excessShares(amounts, coins, lanes, supply, shares);
        }
        if (supply + shares > _MAX_SUPPLY - DEAD_SHARES) revert SupplyOverflow(shares);
    }

    function _firstShares(uint256[] calldata amounts, uint256[] memory coins, uint256[] memory lanes)
        private
        view
        returns (uint256)
    {
        _askGuard(coins, amounts);
        uint256 band = _slots[0].bandOf();
        (uint256[] memory lows,) = _prices(coins, amounts);
        (uint256 shares, uint256 index, uint256 weight) = ShareMath.firstShares(amounts, lanes, lows, band);
        if (index < lanes.length) {
            uint256 target = lanes[index].weightOf();
            if (weight > target) revert PastBand(coins[index].tokenOf(), weight, ShareMath.limitOf(target, band));
            revert BelowBand(coins[index].tokenOf(), weight, target - band);
        }
        if (shares < MIN_FIRST_VALUE) revert BelowMinimumValue(shares, MIN_FIRST_VALUE);
        return shares - DEAD_SHARES;
    }

    function _excessShares(
        uint256[] calldata amounts,
        uint256[] memory coins,
        uint256[] memory lanes,
        uint256 supply,
        uint256 shares
    ) private view returns (uint256) {
        uint256[] memory held = new uint256[](lanes.length);
        uint256[] memory excess = new uint256[](lanes.length);
        for (uint256 i; i < lanes.length; ++i) {
            uint256 reserve = lanes[i].reserveOf();
            held[i] = reserve | amounts[i];
            excess[i] = ShareMath.excessOf(amounts[i], reserve, supply, shares);
        }
        _askGuard(coins, excess);
        (uint256[] memory lows, uint256[] memory highs) = _prices(coins, held);
        uint256 band = _slots[0].bandOf();
        (uint256 index, uint256 weight) = ShareMath.pastBand(amounts, lanes, highs, supply, shares, band);
        if (index < lanes.length) {
            revert PastBand(coins[index].tokenOf(), weight, ShareMath.limitOf(lanes[index].weightOf(), band));
        }
        return ShareMath.excessShares(amounts, lanes, lows, highs, supply, shares);
    }

    /// @param excess Of each coin, in any unit.
    function _askGuard(uint256[] memory coins, uint256[] memory excess) private view {
        if (address(guard) == address(0)) return;
        for (uint256 i; i < coins.length; ++i) {
            address token = coins[i].tokenOf();
            if (excess[i] != 0 && !guard.mayEnter(token)) revert CoinOnWatch(token);
        }
    }

    /// @dev Prices times scales of the coins where `held` is not 0; the others count for nothing and need no price.
    /// @return lows WAD{USD/coin} * scale, not above $1.
    /// @return highs WAD{USD/coin} * scale.
    function _prices(uint256[] memory coins, uint256[] memory held)
        private
        view
        returns (uint256[] memory lows, uint256[] memory highs)
    {
        IPriceOracle.Quote[] memory quotes = oracle.quotes(coins.toTokens());
        lows = new uint256[](coins.length);
        highs = new uint256[](coins.length);
        for (uint256 i; i < coins.length; ++i) {
            if (held[i] == 0) continue;
            IPriceOracle.Quote memory quote = quotes[i];
            bool usable = quote.low != 0 && quote.low <= quote.high && quote.high <= _MAX_PRICE;
            if (quote.status != IPriceOracle.Status.GOOD || !usable) {
                revert PriceNotGood(coins[i].tokenOf(), quote.status);
            }
            uint256 scale = coins[i].scaleOf();
            lows[i] = (quote.low < ShareMath.WAD ? quote.low : ShareMath.WAD) * scale;
            highs[i] = quote.high * scale;
        }
    }

    // --- coins --------------------------------------------------------------------------------------------------

    function _revertShort(uint256[] memory amounts, uint256[] calldata minimums) private pure {
        for (uint256 i; i < amounts.length; ++i) {
            if (amounts[i] < minimums[i]) revert InsufficientAmount(i, minimums[i], amounts[i]);
        }
    }

    function _payOut(uint256[] memory coins, uint256[] memory amounts, address receiver) private {
        uint256 count = coins.length;
        for (uint256 i; i < count; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            address token = coins[i].tokenOf();
            if (!CoinTransfer.trySend(token, receiver, amount)) {
                _claims[msg.sender][token] += amount;
                emit ClaimCreated(msg.sender, token, amount);
            }
        }
    }

    /// @dev One trade; the book takes the measured changes.
    function _execute(uint256 index, Trade calldata trade, Book memory book)
        private
        returns (uint256 sold, uint256 bought)
    {
        (uint256 from, uint256 to) = book.positions(trade);
        (sold, bought) = _swap(index, trade, from, to, book.balances);
        if (sold > trade.amountIn) revert SoldTooMuch(index, trade.amountIn, sold);
        if (bought < trade.minAmountOut) revert InsufficientOutput(index, trade.minAmountOut, bought);
        book.move(from, to, sold, bought);
        emit Traded(trade.tokenIn, trade.tokenOut, sold, bought, trade.venue);
    }

    /// @dev Lets the venue draw once, and measures both coins.
    function _swap(uint256 index, Trade calldata trade, uint256 from, uint256 to, uint256[] memory balances)
        private
        returns (uint256 sold, uint256 bought)
    {
        (address tokenIn, address tokenOut) = (trade.tokenIn, trade.tokenOut);
        uint256 balanceIn = balances.balanceBefore(from, tokenIn);
        uint256 balanceOut = balances.balanceBefore(to, tokenOut);
        _callVenue(trade, tokenIn, tokenOut);
        if (_tradeAmount != 0) revert TradeNotFunded(index);
        sold = CoinTransfer.rise(balances.balanceAfter(from, tokenIn), balanceIn);
        bought = CoinTransfer.rise(balanceOut, balances.balanceAfter(to, tokenOut));
    }

    function _callVenue(Trade calldata trade, address tokenIn, address tokenOut) private {
        (address venue, uint256 amount) = (trade.venue, trade.amountIn);
        (_tradeVenue, _tradeToken, _tradeAmount) = (uint160(venue), uint160(tokenIn), amount);
        if (venue.code.length == 0) revert VenueHasNoCode(venue);
        IVenue(venue).swap(tokenIn, tokenOut, amount, trade.data);
    }

    // --- the basket ---------------------------------------------------------------------------------------------

    function _setOwner(address newOwner) private {
        emit OwnershipTransferred(_owner, newOwner);
        _owner = newOwner;
    }

    function _setBasket(address[] memory tokens, uint256[] memory weights) private {
        uint256 count = tokens.length;
        _checkWeights(count, weights);
        uint256 head = _slots[0];
        uint256[] memory coins = head.coinsOf();
        uint256[] memory lanes = _slots.load(head, coins.length);
        if (!coins.isList(tokens)) {
            (coins, lanes) = BasketStorage.relist(tokens, coins, lanes);
            head = head.writeCoins(coins);
        }
        for (uint256 i; i < count; ++i) {
            lanes[i] = BasketStorage.toLane(lanes[i].reserveOf(), weights[i]);
        }
        _slots.store(head, lanes);
        emit Rebalanced(tokens, weights);
    }

    function _checkWeights(uint256 count, uint256[] memory weights) private pure {
        if (weights.length != count) revert LengthMismatch(count, weights.length);
        if (count > MAX_CONSTITUENTS) revert TooManyConstituents(count, MAX_CONSTITUENTS);
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            // Each is bounded first, so that the sum cannot wrap and a lane cannot overflow.
            if (weights[i] > _BPS) revert InvalidWeights(weights[i]);
            sum += weights[i];
        }
        if (sum != _BPS) revert InvalidWeights(sum);
    }

    function _load() private view returns (uint256[] memory coins, uint256[] memory lanes) {
        uint256 head = _slots[0];
        coins = head.coinsOf();
        lanes = _slots.load(head, coins.length);
    }

    function _laneOf(address token) private view returns (uint256 lane, bool found) {
        (uint256[] memory coins, uint256[] memory lanes) = _load();
        uint256 i = coins.indexOf(coins.length, token);
        if (i < coins.length) return (lanes[i], true);
    }

    function _basket()
        private
        view
        returns (address[] memory tokens, uint256[] memory weights, uint256[] memory reserves)
    {
        (uint256[] memory coins, uint256[] memory lanes) = _load();
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
