"""The address book, by itself and against the published one."""

from dataclasses import replace

import pytest

from ballast.errors import ReplicaError
from ballast.replica.addresses import address_book, compare
from ballast.replica.packages import fetch, pinned

UNLISTED = {"COMP", "CVX"}  # tokens that Aave V3 does not list


@pytest.fixture(scope="module")
def published():
    folder = fetch(pinned()["@bgd-labs/aave-address-book"]) / "src"
    return [(folder / f"{name}.sol").read_text() for name in ("AaveV3Ethereum", "ChainlinkEthereum")]


def test_compare__with_the_published_book__agrees_on_every_token_and_feed(published):
    book = address_book()
    verdicts = {v.name: v for v in compare(book, *published)}
    assert [v.name for v in verdicts.values() if not v.agrees] == []
    checked = {name for name, v in verdicts.items() if v.published is not None}
    assert checked == {
        *(f"token {s}" for s in book.tokens if s not in UNLISTED),
        *(f"decimals {s}" for s in book.tokens if s not in UNLISTED),
        *(f"feed {c} / USD" for c in book.feeds),
        *(c for c in book.contracts if c.startswith("aave_v3_")),
    }


def test_compare__one_wrong_address__names_it(published):
    book = address_book()
    wrong = replace(book.feed("DAI"), address=book.feed("USDC").address)
    verdicts = compare(replace(book, feeds={**book.feeds, "DAI": wrong}), *published)
    assert [v.name for v in verdicts if not v.agrees] == ["feed DAI / USD"]


def test_compare__a_book_of_another_layout__is_refused():
    with pytest.raises(ReplicaError, match="layout changed"):
        compare(address_book(), "contract A {}", "contract B {}")


def test_pool__no_fee_given__is_the_deepest():
    book = address_book()
    assert book.pool("USDT", "USDC").fee == 100
    assert book.pool("USDT", "USDC", 500).address != book.pool("USDC", "USDT", 100).address


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda b: b.token("UST"), "'UST' is not in the address book"),
        (lambda b: b.feed("UST"), "no feed for 'UST'"),
        (lambda b: b.pool("DAI", "LUSD"), "no DAI/LUSD pool in"),
        (lambda b: b.pool("DAI", "USDC", 3000), "no DAI/USDC pool at fee 3000"),
    ],
)
def test_lookup__unknown_name__says_so(ask, answer):
    with pytest.raises(ReplicaError, match=answer):
        ask(address_book())


@pytest.mark.parametrize("text", ["", "tokens: [", "tokens: {A: {address: x}}", "[]"])
def test_address_book__unreadable_file__is_one_line(tmp_path, text):
    path = tmp_path / "book.yaml"
    path.write_text(text)
    with pytest.raises(ReplicaError, match=r"^book\.yaml: not a readable address book"):
        address_book(path)
