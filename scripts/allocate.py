"""Shows how each coin is lent and would best be, why, and the gain net of gas; carries it out if asked."""

import json
from functools import partial

import click
from ape.cli import network_option

from ballast.chain.cli import (
    ChainCommand,
    account_option,
    index_option,
    open_account,
    open_index,
    records_option,
)
from ballast.chain.emergency_show import wide_console
from ballast.chain.lending_run import carry_out, require_keeper
from ballast.chain.lending_show import done_line, gain_line, move_lines, proposal_table
from ballast.chain.lending_status import read_proposal
from ballast.chain.snapshot import take_snapshot
from ballast.errors import ChainError, ConfigError
from ballast.keeper.lending import MoveKind, decide_lending, propose

KEEPER = 0  # test account on a local chain


@click.command(cls=ChainCommand)
@network_option()
@index_option()
@account_option("Account with the KEEPER role; TEST::0 on a local chain.")
@records_option()
@click.option("--asset", default=None, help="Only this coin (default: every coin that may be lent).")
@click.option("--execute", is_flag=True, help="Carry it out, inside the contracts' bounds.")
@click.option("--json", "as_json", is_flag=True, help="Machine readable; integers in the contracts' units.")
def cli(index_file, account_name, records, asset, execute, as_json):
    """Show the current and the proposed split of the lent coins; sends nothing without --execute."""
    index, _, system = open_index(index_file, records)
    if index.lending is None:
        raise ConfigError(
            f"{index.symbol} never lends: its description has no `lending:` section (see stable5.yaml)"
        )
    account = None
    if execute:
        account = open_account(account_name, KEEPER)
        require_keeper(system, account)
    look = partial(take_snapshot, system, index, lazily=True)
    snapshot = look()
    view = snapshot.lending
    coins = _chosen(view, asset)
    moves = [move for move in decide_lending(snapshot) if move.token in {coin.token for coin in coins}]
    told = [
        read_proposal(
            propose(snapshot, view, coin), [move for move in moves if move.token == coin.token], view.horizon
        )
        for coin in coins
    ]
    if execute and asset and not coins[0].may_enter:
        _require_way_back(coins[0], moves)
    if not as_json:
        _show(told, view.horizon)
    done = []
    if execute:
        say = (lambda _: None) if as_json else (lambda one: click.echo(done_line(one)))
        done = carry_out(system, account, look, frozenset(coin.token for coin in coins), say)
    if as_json:
        head = {"symbol": index.symbol, "block": snapshot.block, "timestamp": snapshot.timestamp}
        sent = [one.to_dict() for one in done] if execute else None
        click.echo(json.dumps({**head, "horizon": view.horizon, "coins": told, "sent": sent}, indent=2))
    elif not execute:
        click.echo("dry run: nothing sent; send it with --execute" if moves else "nothing to do")
    elif not done:
        click.echo("nothing to do")
    if any(one.refusal is not None for one in done):
        raise click.exceptions.Exit(1)


def _chosen(view, asset):
    """The coins that are asked about. ConfigError for one that is not lent."""
    if asset is None:
        return view.coins
    found = tuple(
        c for c in view.coins if asset.upper() == c.symbol.upper() or asset.lower() == c.token.lower()
    )
    if not found:
        names = ", ".join(coin.symbol for coin in view.coins)
        raise ConfigError(f"{asset} is not lent by this index: name one of {names}")
    return found


def _require_way_back(coin, moves):
    """A coin on watch is only taken back."""
    if not any(move.kind is MoveKind.DEALLOCATE for move in moves):
        raise ChainError(
            f"{coin.symbol} is on watch: off its peg it is not lent, whatever it yields; "
            "see `ape run emergency status`"
        )


def _show(told, horizon):
    console = wide_console()
    for coin in told:
        console.print(proposal_table(coin))
        if coin["gain_per_year"]:
            console.print(f"  {gain_line(coin, horizon)}")
        for line in move_lines(coin):
            console.print(f"  {line}")
