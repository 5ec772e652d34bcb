// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorV3Interface} from "@interfaces/AggregatorV3Interface.sol";

/// @title A price feed for tests that answers well until it is told to answer badly in one of many ways.
/// @dev Its answer limits are those of Chainlink's dollar feeds: 0.01 and 1,000 USD. `tests/bad_feeds.py` names the modes.
contract BadFeed is AggregatorV3Interface {
    enum Mode {
        GOOD, // `answer`, made now
        ROUND, // exactly what `setRound` was given
        ZERO,
        NEGATIVE,
        MOST_NEGATIVE, // type(int256).min
        STALE, // made in 1970
        NEVER_UPDATED, // updatedAt = 0
        FUTURE, // updatedAt one second ahead
        CARRIED_OVER, // answeredInRound = roundId - 1
        AT_MIN, // clamped at the lower limit
        BELOW_MIN,
        AT_MAX, // clamped at the upper limit
        ABOVE_MAX,
        HUGE, // type(int256).max
        OVERFLOWING, // 2**128: times 1e18 it still fits, squared no longer
        REVERTING, // with a reason
        REVERTING_EMPTY,
        PANICKING, // a division by zero inside
        REVERTING_LONG, // one proper round's worth of revert data
        REVERTING_BOMB, // 100,000 bytes of revert data
        EMPTY, // success, no return data
        SHORT, // success, four words of five
        DIRTY_ROUND, // roundId wider than uint80
        DIRTY_ANSWERED_IN, // answeredInRound wider than uint80
        BURNING // loops until the gas is gone
    }

    struct Round {
        uint80 roundId;
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
        uint80 answeredInRound;
    }

    uint80 public constant ROUND_ID = 7;

    uint8 private _decimals;
    Mode public mode;
    int256 public answer; // 10**decimals {USD/coin}
    Round private _round;

    constructor(uint8 decimals_, int256 answer_) {
        _decimals = decimals_;
        answer = answer_;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setAnswer(int256 answer_) external {
        answer = answer_;
    }

    function setDecimals(uint8 decimals_) external {
        _decimals = decimals_;
    }

    function setRound(Round calldata round) external {
        _round = round;
        mode = Mode.ROUND;
    }

    /// @notice 0.01 USD in the feed's decimals.
    function minAnswer() public view returns (int256) {
        return int256(10 ** uint256(_decimals)) / 100;
    }

    /// @notice 1,000 USD in the feed's decimals.
    function maxAnswer() public view returns (int256) {
        return int256(10 ** uint256(_decimals)) * 1000;
    }

    /// @dev Fails in the same way as `latestRoundData` where the failure is one of the call.
    function decimals() external view returns (uint8) {
        _failCall();
        return _decimals;
    }

    function description() external pure returns (string memory) {
        return "BAD / USD";
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        _failCall();
        Mode mode_ = mode;
        if (mode_ == Mode.ROUND) {
            Round memory r = _round;
            return (r.roundId, r.answer, r.startedAt, r.updatedAt, r.answeredInRound);
        }
        if (mode_ == Mode.DIRTY_ROUND) _return(1 << 80, ROUND_ID);
        if (mode_ == Mode.DIRTY_ANSWERED_IN) _return(ROUND_ID, type(uint256).max);
        uint256 updatedAt = block.timestamp;
        if (mode_ == Mode.STALE) updatedAt = 1;
        else if (mode_ == Mode.NEVER_UPDATED) updatedAt = 0;
        else if (mode_ == Mode.FUTURE) ++updatedAt;
        uint80 answeredInRound = mode_ == Mode.CARRIED_OVER ? ROUND_ID - 1 : ROUND_ID;
        return (ROUND_ID, _answer(mode_), updatedAt, updatedAt, answeredInRound);
    }

    function _answer(Mode mode_) private view returns (int256) {
        if (mode_ == Mode.ZERO) return 0;
        if (mode_ == Mode.NEGATIVE) return -answer;
        if (mode_ == Mode.MOST_NEGATIVE) return type(int256).min;
        if (mode_ == Mode.AT_MIN) return minAnswer();
        if (mode_ == Mode.BELOW_MIN) return minAnswer() - 1;
        if (mode_ == Mode.AT_MAX) return maxAnswer();
        if (mode_ == Mode.ABOVE_MAX) return maxAnswer() + 1;
        if (mode_ == Mode.HUGE) return type(int256).max;
        if (mode_ == Mode.OVERFLOWING) return 2 ** 128;
        return answer;
    }

    /// @dev The modes in which the call itself goes wrong; returns in all others.
    function _failCall() private view {
        Mode mode_ = mode;
        if (mode_ == Mode.REVERTING) revert("No data present");
        if (mode_ == Mode.PANICKING) assert(mode_ != Mode.PANICKING);
        if (mode_ == Mode.BURNING) while (true) {}
        if (mode_ == Mode.REVERTING_EMPTY) _exit(true, 0);
        if (mode_ == Mode.REVERTING_LONG) _exit(true, 160);
        if (mode_ == Mode.EMPTY) _exit(false, 0);
        if (mode_ == Mode.SHORT) _exit(false, msg.sig == this.decimals.selector ? 31 : 128);
        if (mode_ == Mode.REVERTING_BOMB) _exit(true, 100_000);
    }

    /// @dev Ends the call with `size` bytes that begin like a good round.
    function _exit(bool reverting, uint256 size) private view {
        uint256[5] memory words = [uint256(ROUND_ID), uint256(answer), block.timestamp, block.timestamp, ROUND_ID];
        assembly ("memory-safe") {
            if reverting { revert(words, size) }
            return(words, size)
        }
    }

    function _return(uint256 roundId, uint256 answeredInRound) private view {
        uint256[5] memory words = [roundId, uint256(answer), block.timestamp, block.timestamp, answeredInRound];
        assembly ("memory-safe") {
            return(words, 160)
        }
    }
}

/// @title A good feed that uses a given amount of gas, and fails when it does not get that much.
contract HeavyFeed {
    uint256 public immutable gasUsed;
    uint8 public constant decimals = 8; // solhint-disable-line const-name-snakecase

    constructor(uint256 gasUsed_) {
        gasUsed = gasUsed_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 atStart = gasleft();
        while (atStart - gasleft() < gasUsed) {}
        return (1, 1e8, block.timestamp, block.timestamp, 1);
    }
}
