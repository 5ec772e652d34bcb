// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {ICometMarket, ICometRewardPayer} from "@interfaces/ICometMarket.sol";
import {CometBacking} from "./CometBacking.sol";
import {Strategy} from "./Strategy.sol";

/// @title Lends one coin on Compound V3: the position is this contract's supply in one Comet market.
/// @notice  deposit ─► Comet.supply          withdraw ─► Comet.withdrawTo(receiver)
///          harvest ─► CometRewards.claim ─► sold ─► Comet.supply
///  - Comet rounds each supply and each withdrawal against the account, by `rounding()` base units at the most. Whoever
///    comes or goes pays that, never those who stay.
///  - A market that owes more than it has (bad debt beyond its reserves) is valued at what it has, and takes no deposits.
///  - What the market has lent out cannot leave now: `maxWithdraw` is what lies there.
/// @dev Amounts are {asset} in its own decimals, as Comet's are.
contract CompoundStrategy is Strategy {
    using SafeERC20 for IERC20;

    /// @notice {asset} that the market takes from one account at once: more than any coin's supply, far below its 104 bits.
    uint256 public constant MAX_ROOM = type(uint96).max;
    /// @notice Gas for a claim, several times what one takes.
    uint256 public constant CLAIM_GAS = 1_000_000;
    uint256 private constant _INDEX_ONE = 1e15;

    ICometMarket public immutable COMET;
    ICometRewardPayer public immutable REWARDS;

    error NotAMarket(address comet);
    error NoCode(address rewards);

    /// @param comet The market; its base token is the asset.
    /// @param rewards CometRewards of the chain.
    constructor(
        string memory name_,
        string memory symbol_,
        ICometMarket comet,
        ICometRewardPayer rewards,
        address authority_,
        IPriceOracle oracle_
    ) Strategy(name_, symbol_, _baseOf(comet), authority_, oracle_) {
        if (address(rewards).code.length == 0) revert NoCode(address(rewards));
        (COMET, REWARDS) = (comet, rewards);
    }

    // --- rounding, paid by whoever moves --------------------------------------------------------------------------

    /// @notice {asset} that one supply or withdrawal may cost beyond its amount.
    /// @dev A principal is a whole number, each unit of it worth (index / 1e15) {asset}, and what it is worth is a whole
    ///      number again: the position ends less than index / 1e15 + 1 below where it should.
    function rounding() public view returns (uint256) {
        return COMET.totalsBasic().baseSupplyIndex / _INDEX_ONE + 1;
    }

    function _credited(uint256 assets) internal view override returns (uint256) {
        return Math.saturatingSub(assets, rounding());
    }

    function _toInvest(uint256 growth) internal view override returns (uint256) {
        return growth == 0 ? 0 : growth + rounding();
    }

    function _drawn(uint256 assets) internal view override returns (uint256) {
        return assets == 0 ? 0 : assets + rounding();
    }

    function _payable(uint256 value) internal view override returns (uint256) {
        return Math.saturatingSub(value, rounding());
    }

    // --- what the base asks ---------------------------------------------------------------------------------------

    function rewardTokens() public view override returns (address[] memory tokens) {
        (address token,,) = REWARDS.rewardConfig(address(COMET));
        tokens = new address[](token == address(0) ? 0 : 1);
        if (token != address(0)) tokens[0] = token;
    }

    /// @dev Comet's own balance counts the interest up to now. Nobody moves it within a block but by giving.
    function _invested() internal view override returns (uint256) {
        uint256 balance = COMET.balanceOf(address(this));
        uint256 missing = CometBacking.missing(COMET);
        if (missing == 0) return balance;
        uint256 owed = COMET.totalSupply();
        return owed == 0 ? 0 : Math.mulDiv(balance, Math.saturatingSub(owed, missing), owed);
    }

    function _liquidity() internal view override returns (uint256) {
        return COMET.isWithdrawPaused() ? 0 : IERC20(asset()).balanceOf(address(COMET));
    }

    function _room() internal view override returns (uint256) {
        return COMET.isSupplyPaused() || CometBacking.missing(COMET) != 0 ? 0 : MAX_ROOM;
    }

    function _invest(uint256 assets) internal override {
        IERC20(asset()).forceApprove(address(COMET), assets);
        COMET.supply(asset(), assets);
    }

    /// @dev Never beyond the own balance, where Comet would begin to lend: the shares burnt are worth more than `assets`.
    function _divest(uint256 assets, address receiver) internal override {
        COMET.withdrawTo(receiver, asset(), assets);
    }

    function _claim() internal override {
        try REWARDS.claim{gas: CLAIM_GAS}(address(COMET), address(this), true) {}
        catch {
            emit RewardsRefused(address(REWARDS));
        }
    }

    function _baseOf(ICometMarket comet) private view returns (IERC20) {
        if (address(comet).code.length == 0) revert NotAMarket(address(comet));
        return IERC20(comet.baseToken());
    }
}
