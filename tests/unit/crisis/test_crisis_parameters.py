"""The detector's parameters within their bounds, and who may call what."""

from dataclasses import astuple

import pytest

from ballast.model.crisis import DEFAULT
from tests.reverts import revert_of
from tests.unit.crisis.conftest import COIN, FIELDS, GOVERNED, HOUR

DAY = 24 * HOUR
WIDTHS = (8, 16, 16, 16, 40, 16, 16, 8, 32, 32, 32, 32, 32, 8, 32)  # bits
# With every other parameter at its default.
BOUNDS = {
    "confirmations": (2, 4),
    "watchBps": (10, 500),  # at most the allowance
    "calmBps": (1, 99),  # below the watch
    "allowanceBps": (100, 5_000),  # at least the watch, else the watch is out of bounds
    "threshold": (500 * HOUR, 200_000 * HOUR),
    "surgeBps": (500, 10_000),
    "surgeTenths": (30, 10_000),
    "surgeLooks": (2, 100),
    "spacing": (60, HOUR),
    "maxGap": (300, 10_500),  # at least the spacing; with it at most the time to DARK
    "calmPeriod": (600, 30 * DAY),
    "recoveryPeriod": (HOUR, 90 * DAY),
    "stepInterval": (HOUR, 30 * DAY),  # at least the longest gap
    "steps": (1, 100),
    "darkPeriod": (HOUR + 300, 30 * DAY),
}


def test_params__defaults__are_the_model_s(project, governor, deploy_scene):
    fresh = deploy_scene(governor.deploy(project.MockOracle)).detector
    assert tuple(fresh.getParams()) == astuple(DEFAULT)


def test_bounds__table__has_every_parameter():
    assert tuple(BOUNDS) == FIELDS


def with_one(scene, name, value):
    now = dict(zip(FIELDS, scene.detector.getParams(), strict=True))
    others = {"calmBps": 5} if name == "watchBps" else {}
    return tuple((now | others | {name: value}).values())


@pytest.mark.parametrize("name", FIELDS)
def test_set_params__at_its_bounds__taken_and_beyond_refused(scene, name):
    low, high = BOUNDS[name]
    for value in (low, high):
        params = with_one(scene, name, value)
        receipt = scene.detector.setParams(params, sender=scene.curator)
        assert len(receipt.decode_logs(scene.detector.ParamsSet)) == 1
        assert tuple(scene.detector.getParams()) == params
        scene.set_params(**{name: (low + high) // 2})
    for value in (low - 1, high + 1):
        if value >= 2 ** WIDTHS[FIELDS.index(name)]:
            continue
        refused = revert_of(scene.detector.setParams, with_one(scene, name, value), sender=scene.curator)
        assert refused[0] == "ParamOutOfBounds"


def test_set_params__out_of_bounds__names_parameter_value_and_bounds(scene):
    refused = revert_of(scene.detector.setParams, with_one(scene, "surgeTenths", 29), sender=scene.curator)
    assert refused == ("ParamOutOfBounds", b"surgeTenths".ljust(32, b"\0"), 29, 30, 10_000)


def test_restricted__every_function__only_for_its_role(scene):
    arguments = {
        "setParams": (tuple(scene.detector.getParams()),),
        "setIssuerProbes": (COIN, []),
        "forget": (COIN,),
        "reportVolumes": ([], []),
    }
    holders = {1: scene.curator, 4: scene.reporter, 0: scene.governor, None: scene.stranger}
    roles = {name: role for role, names in GOVERNED.items() for name in names}
    assert set(arguments) == set(roles)
    for name, args in arguments.items():
        for role, holder in holders.items():
            if role != roles[name]:
                refused = revert_of(getattr(scene.detector, name), *args, sender=holder)
                assert refused == ("AccessManagedUnauthorized", holder.address), (name, role)


def test_restricted__abi__has_no_other_state_changing_function(scene):
    mutable = {method.name for method in scene.detector.contract_type.mutable_methods}
    restricted = {name for names in GOVERNED.values() for name in names}
    assert mutable == restricted | {"observe", "setAuthority"}


def test_set_params__while_on_watch__holds_from_the_next_look(scene):
    scene.looks(3, 0.75, 0.75)
    scene.set_params(threshold=3_000 * HOUR)
    assert scene.state().name == "WATCH"
    assert scene.look().name == "CRISIS"
