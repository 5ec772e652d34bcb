"""Deploys an index as its description has it, proves the wiring on chain and hands the authority over.

CREATE contracts -> SET parameters (as the manager's admin, before any delay holds) -> WIRE roles in one transaction
-> PROVE every check -> HAND OVER to the governor. Killed anywhere, a second run goes on from what the record and
the chain say; a third finds nothing to do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ape.api import AccountAPI

from ballast.chain.connect import chain_identity
from ballast.chain.deployment import ChainIdentity, Deployment, load, record_path
from ballast.chain.multicall import aggregate, foreign, read
from ballast.chain.preflight import preflight
from ballast.chain.records import set_aside, stands
from ballast.chain.system import System
from ballast.chain.transactor import Transactor
from ballast.chain.wiring import (
    Check,
    Result,
    Step,
    calculator_steps,
    evaluate,
    function_roles,
    immutables,
    oracle_steps,
    ownership_step,
    rebalancer_steps,
    role_holders,
)
from ballast.errors import ChainError
from ballast.index_file import ChainlinkSource, IndexFile, TwapSource
from ballast.roles import RoleId

Report = Callable[[str], None]
ZERO = "0x" + "0" * 40


@dataclass(frozen=True)
class Outcome:
    """A finished deployment: its record, the contracts, the proof and how many transactions this run sent."""

    path: Path
    deployment: Deployment
    system: System
    results: tuple[Result, ...]
    sent: int


def deploy_index(
    index: IndexFile, index_name: str, account: AccountAPI, folder: Path, may_reset: bool, say: Report
) -> Outcome:
    """Deploys, or continues, or finds nothing to do. ChainError or ConfigError, one line, when it must not go on.

    `may_reset`: a record of a local chain that was started anew is set aside instead of refused.
    """
    chain = chain_identity()
    preflight(index, chain.chain_id, index_name)
    path = record_path(folder, chain, index.symbol)
    deployment = open_record(path, chain, index, index_name, may_reset)
    run = Transactor(account, path, deployment)
    system = create_contracts(run, index, say)
    holders = role_holders_of(index, account.address)
    proof = all_checks(system, index, feeds_of(run.deployment, index), holders, account.address)
    if deployment.complete:
        return _unchanged(path, run, system, [check for check in proof if check.lasting])
    for step in setting_steps(system, index, feeds_of(run.deployment, index)):
        _do(run, step, say)
    _wire(run, system, holders, say)
    hand_over = [check for check in proof if check.what.startswith("deployer")]
    prove([check for check in proof if check not in hand_over])
    _hand_over(run, system, holders, hand_over, say)
    results = prove(proof)
    run.finish()
    return Outcome(path, run.deployment, system, tuple(results), run.sent)
