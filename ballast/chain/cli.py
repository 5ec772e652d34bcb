"""What every script shares: one line on stderr and exit 1 for a fault, accounts without prompts, options."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click
import requests
from ape import accounts
from ape.api import AccountAPI
from ape.api.networks import LOCAL_NETWORK_NAME
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from ape.utils import ManagerAccessMixin

from ballast.chain.connect import chain_identity, require_chain
from ballast.chain.deployment import Deployment
from ballast.chain.explain import explain
from ballast.chain.records import find_deployment
from ballast.chain.system import System
from ballast.errors import BallastError, ConfigError
from ballast.index_file import IndexFile, load_index
from ballast.settings import load_settings

# Faults of the user, the node or the disk: one line is all a person needs. Anything else is a bug of ours.
_EXPECTED = (BallastError, ApeException, requests.RequestException, OSError)


def fail(error: BaseException) -> NoReturn:
    """Prints the fault as one line on stderr and ends the command with exit code 1."""
    click.echo(f"error: {explain(error)}", err=True)
    raise click.exceptions.Exit(1) from error


class PlainCommand(click.Command):
    """A command whose expected faults are one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs; faults of connecting are reported like those of the command itself."""
        if logger.level == LogLevel.INFO:  # Ape's default; -v DEBUG still shows all
            logger.set_level(LogLevel.WARNING)
        try:
            return super().invoke(ctx)
        except _EXPECTED as error:
            fail(error)


class ChainCommand(PlainCommand, ConnectedProviderCommand):
    """The same, connected to the chain that `--network` names."""


def is_live() -> bool:
    """True where a transaction costs somebody something: neither a local chain nor a fork."""
    provider = ManagerAccessMixin.network_manager.provider
    if provider.network.name == LOCAL_NETWORK_NAME or provider.network.name.endswith("-fork"):
        return False
    return not str(provider.web3.client_version).startswith("anvil")


def account_option(help_text: str) -> Callable[..., Any]:
    """`--account ALIAS`: an Ape account by alias, or a test account such as `TEST::0` on a local chain."""
    return click.option("--account", "account_name", metavar="ALIAS", default=None, help=help_text)


def open_account(name: str | None, default_test_index: int) -> AccountAPI:
    """The account to send from, unlocked without a prompt; a ConfigError says how when it cannot be."""
    if name is None:
        if is_live():
            raise ConfigError("name the account to send from with --account (see `ape accounts list`)")
        return accounts.test_accounts[default_test_index]
    if name.upper().startswith("TEST::"):
        return _test_account(name)
    try:
        account = accounts.load(name)
    except (KeyError, IndexError, ApeException):
        raise ConfigError(f"no account {name!r}: see `ape accounts list` or import it first") from None
    return _unlocked(account, name)


def _test_account(name: str) -> AccountAPI:
    if is_live():
        raise ConfigError(f"{name} is a public test account: anyone can take what it owns on a live chain")
    try:
        index = int(name[6:])
        if index < 0:
            raise ValueError
        return accounts.test_accounts[index]
    except (ValueError, IndexError):
        raise ConfigError(f"{name!r} is no test account: TEST::0, TEST::1, ...") from None


def _unlocked(account: AccountAPI, name: str) -> AccountAPI:
    """A keyfile account signs from its passphrase in the environment; other kinds sign their own way."""
    if hasattr(account, "set_autosign"):
        variable = f"APE_ACCOUNTS_{name}_PASSPHRASE"
        if not os.environ.get(variable):
            raise ConfigError(f"account {name} is locked: put its passphrase into {variable}")
        account.set_autosign(True)
    return account


def records_option() -> Callable[..., Any]:
    """`--records DIR`: where the deployment records lie."""
    return click.option(
        "--records",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="Folder of the deployment records (default: BALLAST_RECORDS, build/deployments).",
    )


def index_option() -> Callable[..., Any]:
    """`--index FILE`: the index description."""
    return click.option(
        "--index",
        "index_file",
        type=click.Path(path_type=Path, dir_okay=False),
        default=None,
        help="Index description in YAML (default: BALLAST_INDEX_FILE, the five stablecoins).",
    )


def chosen_index(index_file: Path | None) -> tuple[IndexFile, str]:
    """The index description that the options and settings name, and its name in messages."""
    path = index_file or load_settings().index_file
    return load_index(path), path.name


def records_folder(records: Path | None) -> Path:
    """The records' folder that the options and settings name."""
    return records or load_settings().records


def open_index(index_file: Path | None, records: Path | None) -> tuple[IndexFile, Deployment, System]:
    """The index description, its finished deployment on the connected chain, and its contracts."""
    index, name = chosen_index(index_file)
    require_chain(index.chain_id, chain_identity().chain_id, name)
    deployment = find_deployment(records_folder(records), index.symbol)
    return index, deployment, System.of(deployment)
