// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title A coin of any decimals that behaves, or misbehaves in one way at a time. For tests only.
contract TokenWithModes {
    enum Mode {
        NORMAL,
        NO_RETURN, // moves, answers nothing (USDT)
        RETURNS_FALSE, // moves nothing, answers false
        FEE, // delivers `feeBps` less
        PAUSED, // reverts
        BLACKLIST, // reverts when `blacklisted` is a side of the transfer
        REENTERS, // calls `hookTarget` with `hookData` first, and reverts when that call reverts
        BURNS_GAS, // loops until its gas is gone
        RETURN_BOMB, // moves nothing, reverts with 100 kB
        LIES, // moves nothing, answers true
        SHORT_ANSWER, // moves nothing, answers one byte
        SENDER_PAYS_FEE, // takes `feeBps` more from the sender
        NEEDS_GAS // reverts at once when it is given less than 200,000 gas
    }

    string public name = "Test coin";
    string public symbol = "TEST";
    uint8 public immutable decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    Mode public mode;
    uint256 public feeBps;
    address public blacklisted;
    address public hookTarget;
    bytes public hookData;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    error Refused();
    error HookFailed(bytes reason);

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function setMode(Mode newMode) external {
        mode = newMode;
    }

    function setFee(uint256 newFeeBps) external {
        feeBps = newFeeBps;
    }

    function setBlacklisted(address account) external {
        blacklisted = account;
    }

    function setHook(address target, bytes calldata data) external {
        hookTarget = target;
        hookData = data;
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external {
        _run(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] != type(uint256).max) allowance[from][msg.sender] -= amount;
        _run(from, to, amount);
    }

    /// @dev Answers by itself, since the length of the answer is part of the mode.
    function _run(address from, address to, uint256 amount) private {
        Mode current = mode;
        if (current == Mode.RETURNS_FALSE) _answer(0, 32);
        if (current == Mode.PAUSED) revert Refused();
        if (current == Mode.BLACKLIST && (from == blacklisted || to == blacklisted)) revert Refused();
        if (current == Mode.NEEDS_GAS && gasleft() < 200_000) revert Refused();
        if (current == Mode.LIES) _answer(1, 32);
        if (current == Mode.SHORT_ANSWER) _answer(1 << 248, 1);
        if (current == Mode.RETURN_BOMB) _bomb();
        if (current == Mode.BURNS_GAS) _burnGas();
        if (current == Mode.REENTERS) _callHook();
        uint256 fee = (amount * feeBps) / 10_000;
        balanceOf[from] -= current == Mode.SENDER_PAYS_FEE ? amount + fee : amount;
        balanceOf[to] += current == Mode.FEE ? amount - fee : amount;
        emit Transfer(from, to, amount);
        if (current == Mode.NO_RETURN) _answer(0, 0);
        _answer(1, 32);
    }

    function _callHook() private {
        (bool success, bytes memory reason) = hookTarget.call(hookData);
        if (!success) revert HookFailed(reason);
    }

    function _burnGas() private pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    function _bomb() private pure {
        assembly ("memory-safe") {
            revert(0, 100000)
        }
    }

    function _answer(uint256 word, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(0, word)
            return(0, size)
        }
    }
}
