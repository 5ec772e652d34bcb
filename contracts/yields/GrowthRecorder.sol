// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title How fast the price of a share grows, from looks at it that anyone may record, spaced in time.
/// @notice The growth is the lowest of four: from each of the two oldest looks that are not too old, to the price now and to
///         the newest look that is at least `SPACING` old. So one look at a price that was pushed, up or down, adds nothing;
///         to be believed a push has to stand at two looks that are hours apart, and to be there again when asked.
abstract contract GrowthRecorder {
    /// @dev One slot.
    struct Look {
        uint40 at; // s
        uint216 price; // of a share, in a unit of the lens's own
    }

    uint256 public constant LOOKS = 16;
    uint256 public constant SPACING = 12 hours;
    uint256 public constant MIN_SPAN = 3 days;
    uint256 public constant MAX_SPAN = 30 days;
    /// @notice A faster growth counts as this, WAD{1/year}.
    uint256 public constant MAX_GROWTH = 0.5e18;
    uint256 private constant _WAD = 1e18;
    uint256 private constant _YEAR = 365 days;

    mapping(address strategy => Look[LOOKS]) private _looks;
    mapping(address strategy => uint256) private _count; // of all looks ever

    event Recorded(address indexed strategy, uint256 price);

    error TooSoon(address strategy, uint256 nextAt);
    error NoPrice(address strategy);
    error TooFewLooks(address strategy);

    /// @notice Anyone, at most once in `SPACING`: takes note of a strategy's share price.
    function record(address strategy) external {
        uint256 count = _count[strategy];
        if (count != 0) {
            uint256 nextAt = _looks[strategy][(count - 1) % LOOKS].at + SPACING;
            if (block.timestamp < nextAt) revert TooSoon(strategy, nextAt);
        }
        uint256 price = _priceOf(strategy);
        if (price == 0) revert NoPrice(strategy);
        _looks[strategy][count % LOOKS] = Look(uint40(block.timestamp), SafeCast.toUint216(price));
        _count[strategy] = count + 1;
        emit Recorded(strategy, price);
    }

    /// @notice The looks at a strategy, oldest first.
    function looksAt(address strategy) public view returns (Look[] memory looks) {
        uint256 count = _count[strategy];
        uint256 kept = count < LOOKS ? count : LOOKS;
        looks = new Look[](kept);
        for (uint256 i; i < kept; ++i) {
            looks[i] = _looks[strategy][(count - kept + i) % LOOKS];
        }
    }

    /// @notice WAD{1/year}, simple, at most `MAX_GROWTH`; 0 where the price fell. Reverts `TooFewLooks` until there are two
    ///         starts and an end, each start at least `MIN_SPAN` before each end.
    function growthOf(address strategy) public view returns (uint256 growth) {
        Look[] memory looks = looksAt(strategy);
        uint256 first;
        while (first < looks.length && looks[first].at + MAX_SPAN < block.timestamp) ++first;
        uint256 last = looks.length;
        while (last > first && looks[last - 1].at + SPACING > block.timestamp) --last;
        if (last < first + 3) revert TooFewLooks(strategy);
        Look memory end = looks[last - 1];
        if (end.at < looks[first + 1].at + MIN_SPAN) revert TooFewLooks(strategy);
        Look memory live = Look(uint40(block.timestamp), SafeCast.toUint216(_priceOf(strategy)));
        growth = MAX_GROWTH;
        for (uint256 i = first; i < first + 2; ++i) {
            growth = _lower(growth, looks[i], end);
            growth = _lower(growth, looks[i], live);
        }
    }

    /// @dev The price of a share now, in any unit that does not change.
    function _priceOf(address strategy) internal view virtual returns (uint256);

    function _lower(uint256 growth, Look memory start, Look memory end) private pure returns (uint256) {
        if (end.price <= start.price) return 0;
        uint256 rise = uint256(end.price - start.price) * _WAD / start.price;
        uint256 yearly = rise * _YEAR / (end.at - start.at);
        return yearly < growth ? yearly : growth;
    }
}
