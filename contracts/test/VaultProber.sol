// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev One call of a script. Word `into[i]` of its arguments is filled with what step `from[i]` answered.
struct Step {
    uint256 actor;
    address target;
    bytes data;
    uint256[] into;
    uint256[] from;
}

/// @dev What a call answered: its first word, of the revert data where it failed.
struct Answer {
    bool ok;
    uint256 word;
}

/// @title Somebody who does what the prober says. For tests only.
contract ProbeActor {
    address private immutable _prober = msg.sender;

    function act(address target, bytes calldata data) external returns (bool ok, bytes memory answer) {
        require(msg.sender == _prober, "not the prober");
        (ok, answer) = target.call(data);
    }
}

/// @title Runs scripts of calls by several actors and undoes each: thousands of cases in one `eth_call`. For tests only.
contract VaultProber {
    uint256 public constant ACTORS = 4;

    ProbeActor[ACTORS] public actors;

    error Undone(Answer[] answers);

    constructor() {
        for (uint256 i; i < ACTORS; ++i) {
            actors[i] = new ProbeActor();
        }
    }

    /// @notice Has an actor call for good; reverts with the call's own reason.
    function act(uint256 actor, address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory answer) = actors[actor].act(target, data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }

    /// @return answers Of each script by itself: none leaves a trace, not even for the next.
    function run(Step[][] calldata scripts) external returns (Answer[][] memory answers) {
        answers = new Answer[][](scripts.length);
        for (uint256 i; i < scripts.length; ++i) {
            try this.attempt(scripts[i]) {}
            catch (bytes memory reason) {
                answers[i] = _answersIn(reason);
            }
        }
    }

    /// @dev Always reverts, with the answers.
    function attempt(Step[] calldata script) external {
        revert Undone(keep(script));
    }

    /// @notice Runs one script for good.
    function keep(Step[] calldata script) public returns (Answer[] memory answers) {
        answers = new Answer[](script.length);
        for (uint256 i; i < script.length; ++i) {
            Step calldata step = script[i];
            bytes memory data = step.data;
            for (uint256 k; k < step.into.length; ++k) {
                uint256 at = 0x24 + 0x20 * step.into[k];
                uint256 word = answers[step.from[k]].word;
                assembly ("memory-safe") {
                    mstore(add(data, at), word)
                }
            }
            (bool ok, bytes memory answer) = actors[step.actor].act(step.target, data);
            answers[i] = Answer(ok, answer.length == 0 ? 0 : uint256(bytes32(answer)));
        }
    }

    // --- arithmetic for scripts -----------------------------------------------------------------------------------

    function least(uint256 a, uint256 b) external pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @return `a` + `b`, or the largest number.
    function plus(uint256 a, uint256 b) external pure returns (uint256) {
        return a > type(uint256).max - b ? type(uint256).max : a + b;
    }

    /// @return `a` - `b`, or 0.
    function minus(uint256 a, uint256 b) external pure returns (uint256) {
        return a < b ? 0 : a - b;
    }

    function _answersIn(bytes memory reason) private pure returns (Answer[] memory) {
        require(reason.length >= 4 && bytes4(reason) == Undone.selector, "a script ran out of gas");
        assembly ("memory-safe") {
            mstore(add(reason, 4), sub(mload(reason), 4))
            reason := add(reason, 4)
        }
        return abi.decode(reason, (Answer[]));
    }
}
