// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title DaiModel
/// @notice A model of the Dai token for the local mainnet, written from its public documentation: its code is on no package
/// registry (looked at: npm makerdao/testchain and makerdao/dai, which carry ABIs only).
/// @dev Like the original: `wards`, infinite approvals that are never spent, a `permit` of its own shape (nonce, expiry,
/// allowed), and `Dai/...` revert strings. Amounts are {DAI} with 18 decimals, times in seconds.
contract DaiModel {
    string public constant name = "Dai Stablecoin"; // solhint-disable-line const-name-snakecase
    string public constant symbol = "DAI"; // solhint-disable-line const-name-snakecase
    string public constant version = "1"; // solhint-disable-line const-name-snakecase
    uint8 public constant decimals = 18; // solhint-disable-line const-name-snakecase

    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)");

    bytes32 public immutable DOMAIN_SEPARATOR;

    uint256 public totalSupply;
    mapping(address usr => uint256 isWard) public wards;
    mapping(address usr => uint256 amount) public balanceOf;
    mapping(address src => mapping(address usr => uint256 amount)) public allowance;
    mapping(address usr => uint256 count) public nonces;

    event Approval(address indexed src, address indexed guy, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);

    modifier auth() {
        require(wards[msg.sender] == 1, "Dai/not-authorized");
        _;
    }

    constructor(uint256 chainId) {
        wards[msg.sender] = 1;
        DOMAIN_SEPARATOR = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                address(this)
            )
        );
    }

    /// @notice Lets `usr` mint.
    function rely(address usr) external auth {
        wards[usr] = 1;
    }

    /// @notice Takes that right from `usr`.
    function deny(address usr) external auth {
        wards[usr] = 0;
    }

    function transfer(address dst, uint256 wad) external returns (bool) {
        return transferFrom(msg.sender, dst, wad);
    }

    /// @notice Creates `wad` for `usr`; wards only.
    function mint(address usr, uint256 wad) external auth {
        balanceOf[usr] += wad;
        totalSupply += wad;
        emit Transfer(address(0), usr, wad);
    }

    /// @notice Destroys `wad` of `usr`, by itself or out of its allowance.
    function burn(address usr, uint256 wad) external {
        require(balanceOf[usr] >= wad, "Dai/insufficient-balance");
        _spend(usr, wad);
        balanceOf[usr] -= wad;
        totalSupply -= wad;
        emit Transfer(usr, address(0), wad);
    }

    function approve(address usr, uint256 wad) external returns (bool) {
        allowance[msg.sender][usr] = wad;
        emit Approval(msg.sender, usr, wad);
        return true;
    }

    function push(address usr, uint256 wad) external {
        transferFrom(msg.sender, usr, wad);
    }

    function pull(address usr, uint256 wad) external {
        transferFrom(usr, msg.sender, wad);
    }

    function move(address src, address dst, uint256 wad) external {
        transferFrom(src, dst, wad);
    }

    /// @notice Sets `spender`'s allowance to everything or to nothing by `holder`'s signature; `expiry` 0 never expires.
    function permit(
        address holder,
        address spender,
        uint256 nonce,
        uint256 expiry,
        bool allowed,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 what = keccak256(abi.encode(PERMIT_TYPEHASH, holder, spender, nonce, expiry, allowed));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR, what));
        require(holder != address(0), "Dai/invalid-address-0");
        require(holder == ecrecover(digest, v, r, s), "Dai/invalid-permit");
        require(expiry == 0 || block.timestamp <= expiry, "Dai/permit-expired");
        require(nonce == nonces[holder]++, "Dai/invalid-nonce");
        uint256 wad = allowed ? type(uint256).max : 0;
        allowance[holder][spender] = wad;
        emit Approval(holder, spender, wad);
    }

    /// @notice True: this is a model, not the protocol's own code.
    function isModel() external pure returns (bool) {
        return true;
    }

    function transferFrom(address src, address dst, uint256 wad) public returns (bool) {
        require(balanceOf[src] >= wad, "Dai/insufficient-balance");
        _spend(src, wad);
        balanceOf[src] -= wad;
        balanceOf[dst] += wad;
        emit Transfer(src, dst, wad);
        return true;
    }

    function _spend(address src, uint256 wad) private {
        uint256 allowed = allowance[src][msg.sender];
        if (src == msg.sender || allowed == type(uint256).max) return;
        require(allowed >= wad, "Dai/insufficient-allowance");
        allowance[src][msg.sender] = allowed - wad;
    }
}
