"""The coins answer as their originals do."""

import pytest
from eth_account import Account

from ballast.errors import ReplicaError
from ballast.replica.place import OPERATOR, PROXY_ADMIN
from ballast.replica.rpc import RpcError, encode_call, hex0x

pytestmark = pytest.mark.replica
TRANSFER = "transfer(address,uint256)"
APPROVE = "approve(address,uint256)"
TRANSFER_FROM = "transferFrom(address,address,uint256)"
EVERYTHING = 2**256 - 1


@pytest.fixture
def people(mainnet):
    return mainnet.rpc.call("eth_accounts")[:3]


@pytest.fixture
def address(mainnet):
    return lambda coin: mainnet.book.token(coin).address


def answer_of(mainnet, sender, to, signature, *args):
    """Raw return data of a call."""
    call = {"from": sender, "to": to, "data": hex0x(encode_call(signature, args))}
    return mainnet.rpc.call("eth_call", call, "latest")


def test_tokens__decimals_and_supply__are_the_books(mainnet):
    for symbol, token in mainnet.book.tokens.items():
        assert mainnet.rpc.read(token.address, "decimals()") == token.decimals
        assert mainnet.rpc.read(token.address, "symbol()", (), "string") == symbol
        supply = int(token.supply * 1_000_000) * 10**token.decimals
        assert mainnet.rpc.read(token.address, "totalSupply()") == supply


def test_is_model__every_coin__says_what_the_book_says(mainnet):
    for token in mainnet.book.tokens.values():
        try:
            answer = mainnet.rpc.read(token.address, "isModel()", (), "bool")
        except ReplicaError:  # a revert, or nothing at all from a fallback function
            answer = False
        assert answer is token.is_model, token.symbol


def test_usdc__version__is_2_2_behind_its_proxy(mainnet, address):
    rpc, usdc = mainnet.rpc, address("USDC")
    assert rpc.read(usdc, "version()", (), "string") == "2"
    assert rpc.read(usdc, "name()", (), "string") == "USD Coin"
    # Only FiatTokenV2_2 takes signatures as bytes; only the proxy's admin sees the implementation.
    args = [OPERATOR, PROXY_ADMIN, 1, EVERYTHING, b"\0" * 65]
    with pytest.raises(RpcError, match="invalid signature"):
        rpc.send(usdc, "permit(address,address,uint256,uint256,bytes)", args, sender=OPERATOR)
    call = {"from": PROXY_ADMIN, "to": usdc, "data": hex0x(encode_call("implementation()"))}
    seen = rpc.call("eth_call", call, "latest")
    assert int(seen, 16) == int(mainnet.book.contracts["usdc_implementation"], 16)


def test_usdc__blacklisted_account__can_neither_send_nor_receive(mainnet, people, address):
    thief, friend, _ = people
    mainnet.mint("USDC", thief, 10)
    mainnet.freeze("USDC", thief)
    with pytest.raises(RpcError, match="Blacklistable: account is blacklisted"):
        mainnet.rpc.send(address("USDC"), TRANSFER, [friend, 1], sender=thief)
    with pytest.raises(RpcError, match="Blacklistable: account is blacklisted"):
        mainnet.rpc.send(address("USDC"), TRANSFER, [thief, 1], sender=OPERATOR)
    mainnet.unfreeze("USDC", thief)
    mainnet.rpc.send(address("USDC"), TRANSFER, [friend, 1], sender=thief)
    assert mainnet.balance("USDC", friend) == 1


@pytest.mark.parametrize(("coin", "reason"), [("USDC", "Pausable: paused"), ("USDT", "reverted")])
def test_pause__a_pausable_coin__stops_transfers_until_unpaused(mainnet, people, address, coin, reason):
    holder, friend, _ = people
    mainnet.mint(coin, holder, 10)
    mainnet.pause(coin)
    with pytest.raises(RpcError, match=reason):
        mainnet.rpc.send(address(coin), TRANSFER, [friend, 1], sender=holder)
    mainnet.unpause(coin)
    mainnet.rpc.send(address(coin), TRANSFER, [friend, 1], sender=holder)
    assert mainnet.balance(coin, friend) == 1


def test_usdt__transfer_and_approve__return_nothing(mainnet, people, address):
    holder, friend, _ = people
    mainnet.mint("USDT", holder, 10)
    assert answer_of(mainnet, holder, address("USDT"), TRANSFER, friend, 1) == "0x"
    assert answer_of(mainnet, holder, address("USDT"), APPROVE, friend, 1) == "0x"
    mainnet.mint("USDC", holder, 10)
    assert int(answer_of(mainnet, holder, address("USDC"), TRANSFER, friend, 1), 16) == 1


def test_usdt__approve_over_an_approval__needs_zero_first(mainnet, people, address):
    holder, friend, _ = people
    rpc, usdt = mainnet.rpc, address("USDT")
    rpc.send(usdt, APPROVE, [friend, 5], sender=holder)
    with pytest.raises(RpcError):
        rpc.send(usdt, APPROVE, [friend, 6], sender=holder)
    rpc.send(usdt, APPROVE, [friend, 0], sender=holder)
    rpc.send(usdt, APPROVE, [friend, 6], sender=holder)
    assert rpc.read(usdt, "allowance(address,address)", [holder, friend]) == 6


def test_usdt__fee_on__is_taken_from_what_arrives(mainnet, people, address):
    holder, friend, _ = people
    mainnet.mint("USDT", holder, 10_000_000_000)
    mainnet.set_usdt_fee(10, 3)
    before = mainnet.balance("USDT", OPERATOR)
    mainnet.rpc.send(address("USDT"), TRANSFER, [friend, 1_000_000_000], sender=holder)
    assert mainnet.balance("USDT", friend) == 999_000_000
    mainnet.rpc.send(address("USDT"), TRANSFER, [friend, 9_000_000_000], sender=holder)
    assert mainnet.balance("USDT", friend) == 999_000_000 + 9_000_000_000 - 3_000_000
    assert mainnet.balance("USDT", OPERATOR) == before + 1_000_000 + 3_000_000


def test_usdt__blacklisted_account__cannot_send(mainnet, people, address):
    thief, friend, _ = people
    mainnet.mint("USDT", thief, 10)
    mainnet.freeze("USDT", thief)
    with pytest.raises(RpcError):
        mainnet.rpc.send(address("USDT"), TRANSFER, [friend, 1], sender=thief)
    mainnet.rpc.send(address("USDT"), TRANSFER, [thief, 1], sender=OPERATOR)  # the original lets it receive
    assert mainnet.balance("USDT", thief) == 11


def test_weth__deposit_and_withdraw__are_one_to_one(mainnet, people, address):
    rpc, weth, holder = mainnet.rpc, address("WETH"), people[0]
    rpc.send(weth, "deposit()", value=7, sender=holder)
    assert mainnet.balance("WETH", holder) == 7
    rpc.send(weth, "withdraw(uint256)", [7], sender=holder)
    assert mainnet.balance("WETH", holder) == 0


def test_dai__reasons__are_the_originals(mainnet, people, address):
    rpc, dai = mainnet.rpc, address("DAI")
    holder, friend, _ = people
    with pytest.raises(RpcError, match="Dai/not-authorized"):
        rpc.send(dai, "mint(address,uint256)", [holder, 1], sender=holder)
    with pytest.raises(RpcError, match="Dai/insufficient-balance"):
        rpc.send(dai, TRANSFER, [friend, 1], sender=holder)
    mainnet.mint("DAI", holder, 5)
    with pytest.raises(RpcError, match="Dai/insufficient-allowance"):
        rpc.send(dai, TRANSFER_FROM, [holder, friend, 1], sender=friend)


def test_dai__infinite_approval__is_never_spent_a_finite_one_is(mainnet, people, address):
    rpc, dai = mainnet.rpc, address("DAI")
    holder, friend, other = people
    mainnet.mint("DAI", holder, 10)
    for spender, allowed, left in ((friend, EVERYTHING, EVERYTHING), (other, 5, 2)):
        rpc.send(dai, APPROVE, [spender, allowed], sender=holder)
        rpc.send(dai, TRANSFER_FROM, [holder, spender, 3], sender=spender)
        assert rpc.read(dai, "allowance(address,address)", [holder, spender]) == left
    rpc.send(dai, "burn(address,uint256)", [holder, 4], sender=holder)
    assert mainnet.balance("DAI", holder) == 0


def test_dai__permit__takes_its_own_shape_once(mainnet, people, address):
    rpc, dai, spender = mainnet.rpc, address("DAI"), people[1]
    signer = Account.create()
    kinds = {
        "Permit": [
            {"name": "holder", "type": "address"},
            {"name": "spender", "type": "address"},
            {"name": "nonce", "type": "uint256"},
            {"name": "expiry", "type": "uint256"},
            {"name": "allowed", "type": "bool"},
        ]
    }
    domain = {"name": "Dai Stablecoin", "version": "1", "chainId": 1, "verifyingContract": dai}
    message = {"holder": signer.address, "spender": spender, "nonce": 0, "expiry": 0, "allowed": True}
    signed = signer.sign_typed_data(domain, kinds, message)
    permit = "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)"
    tail = [signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")]
    args = [*message.values(), *tail]
    rpc.send(dai, permit, args, sender=spender)
    assert rpc.read(dai, "allowance(address,address)", [signer.address, spender]) == EVERYTHING
    with pytest.raises(RpcError, match="Dai/invalid-nonce"):
        rpc.send(dai, permit, args, sender=spender)
    with pytest.raises(RpcError, match="Dai/invalid-permit"):
        rpc.send(dai, permit, [*args[:3], 1, *args[4:]], sender=spender)


def test_lusd__transfer_to_itself_or_to_zero__is_refused(mainnet, people, address):
    holder = people[0]
    mainnet.mint("LUSD", holder, 5)
    for target in (address("LUSD"), "0x" + "00" * 20):
        with pytest.raises(RpcError, match="LUSD: Cannot transfer tokens directly"):
            mainnet.rpc.send(address("LUSD"), TRANSFER, [target, 1], sender=holder)
    with pytest.raises(RpcError, match="LUSDToken: Caller is not BorrowerOperations"):
        mainnet.rpc.send(address("LUSD"), "mint(address,uint256)", [holder, 1], sender=holder)


def test_frax__minting_by_others_than_pools__is_refused(mainnet, people, address):
    holder = people[0]
    with pytest.raises(RpcError, match="Only frax pools can call this function"):
        mainnet.rpc.send(address("FRAX"), "pool_mint(address,uint256)", [holder, 1], sender=holder)
    with pytest.raises(RpcError, match="Not the owner, controller"):
        mainnet.rpc.send(address("FRAX"), "addPool(address)", [holder], sender=holder)
