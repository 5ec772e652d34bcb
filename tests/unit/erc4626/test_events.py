"""Every move says what it moved: the events of the standard, from real transactions."""

import pytest
from eth_utils import keccak

from tests.unit.erc4626.script import ALICE, BOB, MALLORY
from tests.unit.erc4626.subjects import SUBJECTS
from tests.unit.erc4626.test_wrong_vault import wrong_vault

pytestmark = pytest.mark.replica
DEPOSIT = "Deposit(address,address,uint256,uint256)"
WITHDRAW = "Withdraw(address,address,address,uint256,uint256)"
PART = 1_000 * 10**6  # base units
# Scenes in which everything can move.
SCENES = {"YearnV3": "limited", "MetaMorpho": "month", "StataToken": "month"}


def events(receipt, vault, event):
    """(addresses, numbers) of each such event of the vault."""
    topic = "0x" + keccak(text=event).hex()
    return [
        (
            ["0x" + word[-40:] for word in log["topics"][1:]],
            [int(log["data"][at : at + 64], 16) for at in (2, 66)],
        )
        for log in receipt["logs"]
        if log["address"].lower() == vault.lower() and log["topics"][0] == topic
    ]


def lower(*addresses):
    return [address.lower() for address in addresses]


def held(stage, actor):
    return stage.lab.rpc.read(stage.vault, "balanceOf(address)", [stage.lab.actors[actor]])


def entry_is_said(stage):
    """Alice deposits, then mints, for Bob."""
    alice, bob = (stage.lab.actors[actor] for actor in (ALICE, BOB))
    before = held(stage, BOB)
    receipt = stage.lab.act(ALICE, stage.vault, "deposit(uint256,address)", PART, bob)
    got = held(stage, BOB) - before
    coins = stage.lab.replica.balance(stage.coin, alice)
    minting = stage.lab.act(ALICE, stage.vault, "mint(uint256,address)", got, bob)
    paid = coins - stage.lab.replica.balance(stage.coin, alice)
    expected = [([*lower(alice, bob)], [PART, got])], [([*lower(alice, bob)], [paid, got])]
    return (events(receipt, stage.vault, DEPOSIT), events(minting, stage.vault, DEPOSIT)) == expected


def exit_is_said(stage):
    """Mallory, whom Bob allows it, withdraws and redeems Bob's shares for Alice."""
    alice, bob, mallory = (stage.lab.actors[actor] for actor in (ALICE, BOB, MALLORY))
    stage.lab.act(BOB, stage.vault, "approve(address,uint256)", mallory, 2**255)
    parties, start = lower(mallory, alice, bob), held(stage, BOB)
    taken = stage.lab.act(MALLORY, stage.vault, "withdraw(uint256,address,address)", PART, alice, bob)
    burned = start - held(stage, BOB)
    coins = stage.lab.replica.balance(stage.coin, alice)
    given = stage.lab.act(MALLORY, stage.vault, "redeem(uint256,address,address)", burned, alice, bob)
    paid = stage.lab.replica.balance(stage.coin, alice) - coins
    expected = [(parties, [PART, burned])], [(parties, [paid, burned])]
    return (events(taken, stage.vault, WITHDRAW), events(given, stage.vault, WITHDRAW)) == expected


@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])
def test_events__every_way_in_and_out__is_said_with_its_numbers(lab, subject):
    with lab.rpc.isolated():
        stage = subject.stage(lab, SCENES.get(subject.name, "month"))
        assert entry_is_said(stage)
        assert exit_is_said(stage)


@pytest.mark.parametrize(
    ("fault", "entry", "leaving"),
    [("NONE", True, True), ("NO_DEPOSIT_EVENT", False, True), ("NO_WITHDRAW_EVENT", True, False)],
)
def test_events__a_vault_that_is_silent__is_found(lab, fault, entry, leaving):
    with lab.rpc.isolated():
        stage = wrong_vault(lab, fault)
        assert entry_is_said(stage) is entry
        assert exit_is_said(stage) is leaving
