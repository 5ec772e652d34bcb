from dataclasses import dataclass
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

CURATOR_ROLE, REPORTER_ROLE = 1, 4
CURATOR_FUNCTIONS = (
    "setConstituents((address,uint16,uint16,uint8)[])",
    "setActive(address,bool)",
    "seed(address[],uint256[],uint256[])",
    "setLimits((uint16,uint16,uint16,uint16,uint16))",
    "setMaxAge(uint256)",
)
REPORTER_FUNCTIONS = ("report(address[],uint256[],uint256[],uint256[],uint256[])",)

REPORTED, SUPPLY = 0, 1


@pytest.fixture(scope="session")
def governor(accounts) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def curator(accounts) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def reporter(accounts) -> AccountAPI:
    return accounts[2]


@pytest.fixture(scope="session")
def anyone(accounts) -> AccountAPI:
    return accounts[3]


@pytest.fixture(scope="session")
def attacker(accounts) -> AccountAPI:
    return accounts[4]


@pytest.fixture(scope="session")
def weight_batch(governor, project) -> ContractInstance:
    return governor.deploy(project.WeightMathBatch)


def wire(governor: AccountAPI, curator: AccountAPI, reporter: AccountAPI, calculator: Any, access: Any) -> None:
    """Gives the roles their functions and members, without delay."""
    selectors = {
        role: [calculator.contract_type.get_selector_of(name) for name in names]
        for role, names in ((CURATOR_ROLE, CURATOR_FUNCTIONS), (REPORTER_ROLE, REPORTER_FUNCTIONS))
    }
    for role, member in ((CURATOR_ROLE, curator), (REPORTER_ROLE, reporter)):
        access.setTargetFunctionRole(calculator, selectors[role], role, sender=governor)
        access.grantRole(role, member, 0, sender=governor)
