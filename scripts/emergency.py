"""Emergencies: weights set beforehand, every peg's state, the way out in one command, and its rehearsal."""

import json
import time
from decimal import Decimal
from pathlib import Path

import click
from ape.cli import network_option

from ballast.chain.authority import Act, Fate, Outcome, perform, required_delay
from ballast.chain.cli import (
    ChainCommand,
    account_option,
    index_option,
    open_account,
    open_index,
    records_option,
)
from ballast.chain.connect import chain_identity
from ballast.chain.emergency_drill import Scene, guardian_acts, largest_holding, rehearse
from ballast.chain.emergency_run import Crew, EmergencyRun, coin_token, let_pass
from ballast.chain.emergency_show import (
    change_table,
    drill_tables,
    emergency_tables,
    flight_lines,
    moment,
    wide_console,
)
from ballast.chain.emergency_status import read_emergency
from ballast.chain.emergency_weights import changes, check_weights, parse_weights, read_rules, weight_act
from ballast.chain.safe import write_batch
from ballast.chain.snapshot import take_snapshot
from ballast.errors import ChainError
from ballast.index_file import read_text
from ballast.keeper.allocation import Policy
from ballast.settings import load_settings

ACTOR = 0  # test account on a local chain: it has every role there unless the description names others

safe_option = click.option(
    "--safe",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the calls to sign to this file, for a Safe's Transaction Builder.",
)


@click.group()
def cli():
    """Prepare for, rehearse and carry out the flight from a coin that loses its peg."""


@cli.command("set-weights", cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the CURATOR role; TEST::0 on a local chain.")
@records_option()
@click.option(
    "--weights",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="YAML: per coin in crisis the bps of each coin then, as in USDC: {USDT: 7000, LUSD: 3000}.",
)
@click.option(
    "--execute", is_flag=True, help="Send it; with a delayed role announce it, and again to finish."
)
@safe_option
def set_weights(index_file, account_name, records, file, execute, safe):
    """Set emergency weights beforehand. Shows the differences; sends nothing without --execute."""
    index, _, system = open_index(index_file, records)
    wanted = parse_weights(read_text(file, "name a YAML file of weights"), str(file))
    rules = read_rules(system, index)
    for asset, weights in wanted.items():
        check_weights(asset, weights, rules, str(file))
    differing = [change for change in changes(system, index, wanted, rules) if not change.is_none]
    if not differing:
        click.echo("nothing to do: the chain has these weights")
        return
    wide_console().print(change_table(differing))
    acts = [weight_act(system, index, change.asset, wanted[change.asset]) for change in differing]
    _write_safe(safe, f"{index.symbol}: emergency weights", acts)
    if not execute:
        click.echo("dry run: nothing sent; send it with --execute")
        return
    _perform_all(system, open_account(account_name, ACTOR), acts)


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@records_option()
@click.option("--json", "as_json", is_flag=True, help="Machine readable; integers in the contracts' units.")
def status(index_file, records, as_json):
    """Show every coin's peg, how far it is from a crisis, and what stands ready."""
    index, _, system = open_index(index_file, records)
    snapshot = take_snapshot(system, index)
    found = read_emergency(system, index, snapshot)
    if as_json:
        head = {"symbol": index.symbol, "block": snapshot.block, "timestamp": snapshot.timestamp}
        click.echo(json.dumps(head | found, indent=2))
        return
    wide_console().print(*emergency_tables(found, f"{index.symbol}, block {snapshot.block}"))


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("The account that opens, and fills if it is a keeper; TEST::0 on a local chain.")
@records_option()
@click.argument("asset")
@click.option("--as-guardian", is_flag=True, help="Decide now, without waiting for the detector (GUARDIAN).")
def execute(index_file, account_name, records, asset, as_guardian):
    """Flee ASSET now: look or force, open the emergency, fill it."""
    index, _, system = open_index(index_file, records)
    account = open_account(account_name, ACTOR)
    began = time.monotonic()
    policy = Policy.of(load_settings())
    run = EmergencyRun(system, index, Crew(account, account, as_guardian), policy, click.echo, let_pass)
    flight = run.run(index.coin(_symbol(index, asset)).symbol)
    for line in flight_lines(flight, time.monotonic() - began):
        click.echo(line)


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the GUARDIAN role; TEST::0 on a local chain.")
@records_option()
@click.option("--contributions", is_flag=True, help="Refuse contributions, too.")
@safe_option
def pause(index_file, account_name, records, contributions, safe):
    """Stop all trading at once, emergencies included. Withdrawals go on."""
    index, _, system = open_index(index_file, records)
    acts = [Act("pausing all trading", system.rebalancer, "pause")]
    if contributions:
        acts.append(Act("pausing contributions", system.vault, "pauseContributions"))
    _send_or_write(system, index, account_name, acts, safe)


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the CURATOR role; TEST::0 on a local chain.")
@records_option()
@safe_option
def resume(index_file, account_name, records, safe):
    """Start again what a guardian or the kill switch stopped; announced first where the role has a delay."""
    index, _, system = open_index(index_file, records)
    acts = []
    if system.rebalancer.paused() or system.rebalancer.halted():
        acts.append(Act("resuming trading", system.rebalancer, "unpause"))
    if system.vault.contributionsPaused():
        acts.append(Act("resuming contributions", system.vault, "unpauseContributions"))
    if not acts:
        click.echo("nothing to do: trading and contributions are open")
        return
    _send_or_write(system, index, account_name, acts, safe)


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the CURATOR role; TEST::0 on a local chain.")
@records_option()
@click.argument("asset")
def release(index_file, account_name, records, asset):
    """Take a guardian's word on ASSET back: it returns in steps, unless the detector says worse."""
    index, _, system = open_index(index_file, records)
    symbol = _symbol(index, asset)
    act = Act(f"releasing {symbol}", system.emergency, "release", (index.coin(symbol).token,))
    if not system.emergency.isForced(act.arguments[0]):
        raise ChainError(f"no guardian's word holds {symbol}: it comes back when the detector lets it")
    _perform_all(system, open_account(account_name, ACTOR), [act])


@cli.command(cls=ChainCommand)
@network_option()
@index_option()
@records_option()
@click.argument("asset", required=False)
@click.option(
    "--price", type=Decimal, default=Decimal("0.8"), show_default=True, help="USD, where it falls to."
)
@click.option("--as-guardian", is_flag=True, help="Rehearse a guardian's decision instead of the detector's.")
@safe_option
@click.option("--json", "as_json", is_flag=True, help="Machine readable; integers in the contracts' units.")
def drill(index_file, records, asset, price, as_guardian, safe, as_json):
    """Rehearse the emergency of ASSET (the largest holding) on a fork; the chain itself is left alone."""
    index, deployment, system = open_index(index_file, records)
    symbol = _symbol(index, asset) if asset else largest_holding(take_snapshot(system, index))
    if not price.is_finite() or not 0 < price < 1:
        raise click.BadParameter("a price above 0 and below 1 USD is expected", param_hint="--price")
    acts = guardian_acts(system, symbol, index.coin(symbol).token)
    policy = Policy.of(load_settings())
    report = rehearse(
        system, index, deployment, Scene(symbol, price, as_guardian), policy,
        (lambda line: click.echo(line, err=True)) if as_json else click.echo,
    )  # fmt: skip
    _write_safe(safe, f"{index.symbol}: flee {symbol}", acts, quiet=as_json)
    if as_json:
        click.echo(json.dumps(report, indent=2))
        return
    for part in drill_tables(report):
        wide_console().print(part)


def _symbol(index, asset):
    """The symbol as the index writes it. ConfigError when it has no such coin."""
    token = coin_token(index, asset)
    return next(coin.symbol for coin in index.coins if coin.token == token)


def _send_or_write(system, index, account_name, acts, safe):
    if safe:
        _write_safe(safe, f"{index.symbol}: {acts[0].what}", acts)
        return
    _perform_all(system, open_account(account_name, ACTOR), acts)


def _perform_all(system, account, acts):
    """Each act as far as the account's role lets it; nothing when one of them is not the account's at all."""
    for act in acts:
        required_delay(system, str(account.address), act)
    for act in acts:
        click.echo(_told(act, perform(system, account, act)))


def _told(act: Act, outcome: Outcome) -> str:
    match outcome.fate:
        case Fate.SENT:
            return f"{act.what}: done in {outcome.tx_hash}"
        case Fate.SCHEDULED:
            when = moment(outcome.ready_at)
            return f"{act.what}: announced in {outcome.tx_hash}; run this again from {when} on"
    return f"{act.what}: announced before; it may be executed from {moment(outcome.ready_at)} on"


def _write_safe(path, name, acts, quiet=False):
    if path is None:
        return
    write_batch(path, chain_identity().chain_id, name, acts, int(time.time()))
    if not quiet:
        click.echo(f"{len(acts)} calls for a Safe's Transaction Builder: {path}")
