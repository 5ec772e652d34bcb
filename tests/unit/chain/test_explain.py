import pytest
from ape import project
from ape.exceptions import ApeException, ContractLogicError
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from ballast.chain import error_words
from ballast.chain.explain import decode_revert, error_table, explain
from ballast.errors import ChainError

CONTRACTS = ("IndexVault", "Rebalancer", "PriceOracle", "IndexCalculator", "IndexAccess")
ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def error(signature: str, types: list[str], values: list[object]) -> bytes:
    return keccak(text=signature)[:4] + encode(types, values)


def test_error_table__every_contract__every_error_is_in_it():
    names = {name for name, _, _ in error_table().values()}
    for contract in (*CONTRACTS, "CrisisDetector", "EmergencyIndex", "KillSwitch"):
        found = {abi.name for abi in project.get_contract(contract).contract_type.errors}
        assert found
        assert found <= names


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "reverted without a reason"),
        (error("Error(string)", ["string"], ["no"]), "no"),
        (error("Panic(uint256)", ["uint256"], [0x11]), "arithmetic overflow"),
        (error("Panic(uint256)", ["uint256"], [0x51]), "panic 0x51"),
        (error("NotConstituent(address)", ["address"], [ALICE]), f"NotConstituent(token={ALICE})"),
        (
            error("LengthMismatch(uint256,uint256)", ["uint256", "uint256"], [5, 4]),
            "LengthMismatch(expected=5, actual=4)",
        ),
        (keccak(text="LengthMismatch(uint256,uint256)")[:4], "LengthMismatch with undecodable arguments"),
        (bytes.fromhex("deadbeef") + bytes(32), "unknown error 0xdeadbeef with 32 bytes"),
    ],
)
def test_decode_revert__data__readable(data, text):
    assert decode_revert(data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            error("NotInCrisis(address,uint8)", ["address", "uint8"], [ALICE, 1]),
            f"{ALICE} is in WATCH, not in CRISIS: only a guardian may flee it now (NotInCrisis)",
        ),
        (
            error(
                "NothingToFlee(address,uint256,uint256)",
                ["address", "uint256", "uint256"],
                [ALICE, 12, 0],
            ),
            f"the fund holds 12 bps of {ALICE} and wants 0: nothing is left to flee (NothingToFlee)",
        ),
        (
            error("InvalidWeightSum(uint256)", ["uint256"], [9_999]),
            "the weights sum to 9999 bps, not 10000 (InvalidWeightSum)",
        ),
        (
            error(
                "AboveCap(address,uint256,uint256)", ["address", "uint256", "uint256"], [ALICE, 8_000, 7_000]
            ),
            f"8000 bps of {ALICE} is above the cap of 7000 bps (AboveCap)",
        ),
        (
            error("AccessManagedUnauthorized(address)", ["address"], [ALICE]),
            f"{ALICE} does not hold the role for this (AccessManagedUnauthorized)",
        ),
    ],
)
def test_decode_revert__an_emergencys_error__in_words(data, text):
    assert decode_revert(data) == text


def test_in_words__every_text__names_arguments_that_the_error_has():
    errors = {name: names for name, _, names in error_table().values()}
    assert set(error_words._WORDS) <= set(errors)
    for name, names in errors.items():
        told = error_words.in_words(name, dict.fromkeys(names, 1))
        assert (told is None) == (name not in error_words._WORDS), name


def test_explain__any_exception__one_line():
    raw = "0x" + error("NotConstituent(address)", ["address"], [ALICE]).hex()
    assert explain(ContractLogicError(revert_message=raw)) == f"NotConstituent(token={ALICE})"
    assert explain(ChainError("first\n  second")) == "first second"
    assert explain(ValueError()) == "ValueError"
    assert len(explain(ValueError("x" * 5_000))) == 400


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("No (supported) node found on 'https://eth.example/v2/s3cr3tkey'.", "'https://eth.example/...'"),
        (
            "HTTPSConnectionPool: https://me:s3cr3tkey@eth.example:8443/x?k=s3cr3tkey failed",
            "eth.example:8443/...",
        ),
        ("401 for url: wss://eth.example/ws?apikey=s3cr3tkey", "wss://eth.example/..."),
        ("https://eth.example?apikey=s3cr3tkey did not answer", "https://eth.example/... did not answer"),
    ],
)
def test_explain__address_of_a_node_with_its_key__key_is_not_shown(text, says):
    for error in (ApeException(text), ChainError(text), OSError(text)):
        shown = explain(error)
        assert "s3cr3tkey" not in shown
        assert says in shown


def test_explain__address_without_a_path__shown_as_it_is():
    assert "http://127.0.0.1:8545:" in explain(
        ApeException("No (supported) node found on http://127.0.0.1:8545.")
    )
