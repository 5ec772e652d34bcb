// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPriceOracle} from "@interfaces/IPriceOracle.sol";
import {IRebalancer} from "@interfaces/IRebalancer.sol";

error PriceNotGood(address token, IPriceOracle.Status status);

/// @dev IDLE -> OPEN -> SETTLED | EXPIRED -> OPEN -> ...; IDLE only before the first session.
enum Phase {
    IDLE,
    OPEN,
    SETTLED,
    EXPIRED
}

/// @dev What may be traded at all.
enum Trading {
    ALL,
    EMERGENCIES_ONLY, // the kill switch's word
    NOTHING // a guardian's
}

/// @dev When a session may open. Two slots, read outside fills only.
struct TriggerParams {
    uint16 driftBps; // bps{fund}: DRIFT above this
    uint16 priceBps; // bps{$1}: PRICE above this
    uint32 calendarInterval; // s since the last settled session: CALENDAR above this
    uint32 cooldown; // s after a session's end
    uint32 sessionLength; // s until an open session expires
    uint32 gasEstimate; // {gas} of a whole rebalance
    uint96 minValue; // WAD{USD} worth trading at all
    uint96 gasCeiling; // WAD{USD} that the gas may cost
}

/// @dev What a fill may do. One slot.
struct FillParams {
    uint16 settleBandBps; // bps{fund}: settled at or below this drift
    uint16 slipBps; // bps{trade} below the oracle floor, at rest
    uint16 slipCeilingBps; // bps{trade}, however far prices have moved
    uint16 lossBudgetBps; // bps{fund} that keeper fills may lose at once; twice this at most in any `lossPeriod`
    uint32 lossPeriod; // s in which an exhausted budget is full again
    uint32 fillInterval; // s between two keeper fills
    uint8 maxTrades; // trades in one fill
    uint96 maxTradeValue; // WAD{USD} per pair and fill
}

/// @dev Everything a curator sets.
struct Params {
    TriggerParams trigger;
    FillParams fill;
}

/// @dev One pair's own limits, in place of the general ones.
struct PairLimits {
    bool set;
    uint16 slipBps; // bps{trade} at rest
    uint96 maxTradeValue; // WAD{USD} per fill
}

/// @dev All that a fill writes. One slot, full; its times hold until the year 2106.
struct State {
    Phase phase;
    Trading trading;
    IRebalancer.Reason reason; // why the session opened
    bool pairLimitsInUse; // false: no pair has limits of its own, none is looked up
    uint24 session; // counts up from 1
    uint32 openedAt; // s
    uint32 expiresAt; // s
    uint32 lastFillAt; // s, the last keeper fill; `lossUsed` is as of then
    uint32 lastEndedAt; // s, when the last session settled or expired
    uint32 lastSettledAt; // s, when a session last settled (at first: the deployment)
    uint40 lossUsed; // 1e-12 of the fund's value, spent of the loss budget
}

/// @dev What emergency fills write besides, in one slot.
struct Ledger {
    uint40 lossUsed; // 1e-12 of the fund's value, spent of the emergencies' own loss budget
    uint32 chargedAt; // s, the last fill; `lossUsed` is as of then
    uint32 keeperFillAt; // s, the last fill of a keeper
}

/// @dev The basket with its prices, in memory; every array in the same order.
struct Basket {
    address[] tokens;
    uint256[] weights; // bps, targets
    uint256[] reserves; // {token}, own decimals
    uint256[] scales; // 10**(18 - decimals)
    uint256[] lows; // WAD{USD/coin}
    uint256[] highs; // WAD{USD/coin}
    uint256[] mids; // WAD{USD/coin}
    uint256[] values; // WAD{USD} at mid
    uint256 total; // WAD{USD} at mid
}

/// @dev One coin of the open session, in memory.
struct Coin {
    uint256 scale; // 10**(18 - decimals)
    uint256 snap; // 1e-8 USD, mid when the session opened
    uint256 low; // WAD{USD/coin}
    uint256 high; // WAD{USD/coin}
    uint256 mid; // WAD{USD/coin}
    uint256 weight; // bps, target
    uint256 reserve; // {token}, own decimals; follows the trades
    uint256 value; // WAD{USD} at mid
}

library CoinList {
    /// @dev What the compiler would spend on zeroing `n` coins, each field of which is then set.
    /// @return coins `n` of them with nothing set.
    function allocate(uint256 n) internal pure returns (Coin[] memory coins) {
        assembly ("memory-safe") {
            coins := mload(0x40)
            mstore(coins, n)
            let cursor := add(coins, 0x20)
            let end := add(cursor, shl(5, n))
            let coin := end
            for {} lt(cursor, end) { cursor := add(cursor, 0x20) } {
                mstore(cursor, coin)
                coin := add(coin, 0x100) // eight fields
            }
            mstore(0x40, coin)
        }
    }
}

/// @dev The open session's basket, in memory; for settlement, which looks at coins one by one.
struct Holdings {
    address[] tokens;
    Coin[] coins;
    uint256 total; // WAD{USD} at mid
}

/// @dev One fill on its way through settlement.
struct Fill {
    FillParams params;
    bool pairLimitsInUse;
    uint256 totalBefore; // WAD{USD}
    uint256 driftBefore; // bps{fund}, rounded up
    uint256 keepBps; // bps of the oracle's price that a trade brings, in an emergency; 0 in an ordinary session
    uint256 given; // WAD{USD} net of what was sold, at high prices; counted in an emergency
    uint256 taken; // WAD{USD} net of what was bought, at low prices; likewise
    uint256[] pairs; // per trade: both coins' positions (16 bits), the lower one first, and its size above, WAD{USD}
}

/// @dev A session as it stands now, for whoever looks from outside.
struct SessionView {
    Phase phase; // EXPIRED as soon as its time has passed
    IRebalancer.Reason reason;
    uint256 session;
    uint256 openedAt; // s
    uint256 expiresAt; // s
    uint256 lastFillAt; // s
    uint256 lastEndedAt; // s
    uint256 lastSettledAt; // s
    uint256 lossUsed; // 1e-12 of the fund, spent of the loss budget as of `lastFillAt`
    address[] tokens;
    uint256[] targets; // bps
    uint256[] prices; // WAD{USD/coin} at the opening, to 1e-8; 0 before the first session
}

/// @dev What the decision looks at.
struct Facts {
    bool paused;
    bool dataGood; // every price GOOD, market data fresh
    bool sessionOpen;
    uint256 sinceEnded; // s, max when no session ever ended
    uint256 sinceSettled; // s
    uint256 driftBps; // bps{fund}, rounded up
    uint256 pegBps; // bps{$1}, the farthest coin's distance, rounded up
    uint256 toMove; // WAD{USD} to trade to be on target
    uint256 gasCost; // WAD{USD}
    bool crisis; // an emergency is due, and no emergency session is open
    bool halted; // ordinary trading is stopped
}
