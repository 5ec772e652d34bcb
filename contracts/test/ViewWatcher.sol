// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Asks views in the middle of somebody's call, and compares with what they say before and after. For tests only.
/// @dev One call of `begin`, one act, one of `end`, all in one transaction; answers are kept as hashes.
contract ViewWatcher {
    struct Question {
        address target;
        bytes data;
    }

    struct Report {
        uint256 wrong; // 1 + the number of the first question whose answer was neither that before nor that after; 0: none
        uint256 looks;
        uint256 answered; // of the questions, in the middle
    }

    uint256 private constant _QUESTION_GAS = 4_000_000;
    uint256 private constant _KEPT_GAS = 40_000; // for the transfer that calls, whose gas is bounded

    Question[] private _questions;
    address[] private _thieves;
    uint256[] private _asked; // numbers of the questions of this act
    mapping(uint256 => bytes32) private _before;
    mapping(uint256 => bytes32[]) private _middle;
    bool private _watching;
    bool private transient _looking;
    Report private _report;

    function add(address target, bytes calldata data) external {
        _questions.push(Question(target, data));
    }

    /// @notice `thief` is called, with `look`, in the middle of every act.
    function tell(address thief) external {
        _thieves.push(thief);
    }

    /// @param asked A bit for each question.
    function begin(uint256 asked) external {
        delete _asked;
        delete _report;
        for (uint256 i; i < _questions.length; ++i) {
            if (asked >> i & 1 == 0) continue;
            _asked.push(i);
            delete _middle[i];
            _before[i] = _answer(i);
        }
        _watching = true;
    }

    /// @notice The callback.
    function look() external {
        if (!_watching || _looking) return;
        _looking = true;
        ++_report.looks;
        for (uint256 k; k < _asked.length && gasleft() > 3 * _KEPT_GAS; ++k) {
            bytes32 answer = _answer(_asked[k]);
            if (answer == 0 || gasleft() < _KEPT_GAS) continue;
            _middle[_asked[k]].push(answer);
            ++_report.answered;
        }
        for (uint256 k; k < _thieves.length && gasleft() > 2 * _KEPT_GAS; ++k) {
            (bool ok,) = _thieves[k].call{gas: gasleft() - _KEPT_GAS}(abi.encodeCall(this.look, ()));
            ok; // a thief who is refused goes home
        }
        _looking = false;
    }

    /// @return wrong As `Report`.
    function end() external returns (uint256 wrong) {
        _watching = false;
        for (uint256 k; k < _asked.length && wrong == 0; ++k) {
            uint256 i = _asked[k];
            (bytes32 then, bytes32 now_) = (_before[i], _answer(i));
            for (uint256 m; m < _middle[i].length; ++m) {
                bytes32 answer = _middle[i][m];
                if (answer != then && answer != now_) wrong = i + 1;
            }
        }
        _report.wrong = wrong;
    }

    function looks() external view returns (uint256) {
        return _report.looks;
    }

    function answered() external view returns (uint256) {
        return _report.answered;
    }

    /// @return The answer's hash; 0 when there is none.
    function _answer(uint256 i) private view returns (bytes32) {
        Question storage q = _questions[i];
        uint256 most = _watching ? gasleft() - _KEPT_GAS : gasleft();
        (bool ok, bytes memory answer) = q.target.staticcall{gas: most < _QUESTION_GAS ? most : _QUESTION_GAS}(q.data);
        return ok ? keccak256(answer) : bytes32(0);
    }
}
