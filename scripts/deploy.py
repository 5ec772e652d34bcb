"""Deploys an index from its description and proves the wiring; run again, it goes on or does nothing."""

import click
from ape.cli import network_option
from rich.console import Console
from rich.table import Table

from ballast.chain.cli import (
    ChainCommand,
    account_option,
    chosen_index,
    index_option,
    is_live,
    open_account,
    records_folder,
    records_option,
)
from ballast.chain.connect import chain_identity
from ballast.chain.deployer import Outcome, deploy_index, plan_lines
from ballast.errors import ConfigError

DEPLOYER = 0  # test account on a local chain


@click.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account that deploys; TEST::0 on a local chain.")
@records_option()
@click.option("--dry-run", is_flag=True, help="Check everything and say what would be sent; send nothing.")
@click.option("--yes", is_flag=True, help="Needed on a live chain, where deploying costs money.")
def cli(index_file, account_name, records, dry_run, yes):
    """Deploy an index from its YAML description.

    Idempotent: run again after an interruption it continues, and when all is done it says so.
    """
    index, name = chosen_index(index_file)
    if dry_run:
        account = open_account(account_name, DEPLOYER) if account_name else None
        for line in plan_lines(index, name, records_folder(records), account):
            click.echo(line)
        return
    if is_live() and not yes:
        raise ConfigError(
            "this is a live chain and deploying costs money: look with --dry-run, then add --yes"
        )
    account = open_account(account_name, DEPLOYER)
    outcome = deploy_index(index, name, account, records_folder(records), not is_live(), click.echo)
    _show(outcome)


def _show(outcome: Outcome) -> None:
    console = Console(width=None if Console().is_terminal else 120)
    table = Table(title=f"{outcome.deployment.symbol} on chain {chain_identity().folder}")
    for column in ("contract", "address", "block"):
        table.add_column(column, no_wrap=True)
    for key, contract in outcome.deployment.contracts.items():
        table.add_row(key, contract.address, str(contract.block))
    console.print(table)
    checks = Table(title="checked on chain")
    checks.add_column("what")
    checks.add_column("is", overflow="fold", max_width=60)
    for result in outcome.results:
        checks.add_row(result.what, str(result.actual))
    console.print(checks)
    done = f"sent {outcome.sent} transactions" if outcome.sent else "nothing to do"
    click.echo(f"{done}: {len(outcome.results)} settings hold on chain; record: {outcome.path}")
