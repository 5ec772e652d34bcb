"""An investor's two commands: coins in for shares, shares out for coins."""

from decimal import Decimal

import click
from ape.cli import network_option
from ape.utils import ManagerAccessMixin

from ballast.chain.cli import (
    ChainCommand,
    account_option,
    index_option,
    open_account,
    open_index,
    records_option,
)
from ballast.chain.invest import InShares, contribute, parts_worth, withdraw
from ballast.chain.lending_wiring import strategy_names
from ballast.errors import ConfigError
from ballast.replica import Replica
from ballast.units import human, wad_of

INVESTOR = 5  # test account on a local chain


def _positive(_ctx: click.Context, parameter: click.Parameter, value: Decimal) -> Decimal:
    if not value.is_finite() or value <= 0:
        raise click.BadParameter("a number above zero is expected", param=parameter)
    return value


@click.group()
def cli():
    """Enter or leave an index."""


@cli.command("contribute", cls=ChainCommand)
@network_option()
@index_option()
@account_option("The investor's account; TEST::5 on a local chain.")
@records_option()
@click.option("--usd", type=Decimal, required=True, callback=_positive, help="Worth of coins to contribute.")
@click.option("--tolerance-bps", type=click.IntRange(0, 1_000), default=10, show_default=True,
              help="Shares that may be missing from the quote.")  # fmt: skip
@click.option("--mint", is_flag=True, help="On the replica only: make the coins first.")
def contribute_command(index_file, account_name, records, usd, tolerance_bps, mint):
    """Contribute coins in the basket's proportion for shares."""
    index, _, system = open_index(index_file, records)
    account = open_account(account_name, INVESTOR)
    parts = parts_worth(system, index, wad_of(usd))
    if mint:
        _mint(parts, account)
    before = system.vault.balanceOf(account.address)
    receipt = contribute(system, parts, account, tolerance_bps)
    got = system.vault.balanceOf(account.address) - before
    click.echo(f"contributed {', '.join(str(part) for part in parts)}")
    click.echo(f"received {human(got):,.4f} {index.symbol} in {receipt.txn_hash}")


@cli.command("withdraw", cls=ChainCommand)
@network_option()
@index_option()
@account_option("The investor's account; TEST::5 on a local chain.")
@records_option()
@click.option("--shares", type=Decimal, callback=lambda c, p, v: v if v is None else _positive(c, p, v),
              help="Shares to redeem (default: all).")  # fmt: skip
def withdraw_command(index_file, account_name, records, shares):
    """Redeem shares for coins in kind."""
    index, _, system = open_index(index_file, records)
    account = open_account(account_name, INVESTOR)
    amount = system.vault.balanceOf(account.address) if shares is None else wad_of(shares)
    receipt = withdraw(system, amount, account)
    by_token = {coin.token: coin for coin in index.coins}
    tokens = system.vault.getConstituents()[0]
    event = next(iter(system.vault.Withdrawn.from_receipt(receipt)))
    paid = zip(tokens, event.amounts, strict=True)
    parts = [f"{human(sum_, by_token[token].decimals):,.2f} {by_token[token].symbol}" for token, sum_ in paid]
    click.echo(f"redeemed {human(amount):,.4f} {index.symbol} for {', '.join(parts)} in {receipt.txn_hash}")
    names = strategy_names(system, index)
    for part in InShares.of(system, receipt):
        coin = by_token[part.token]
        worth = f"{human(part.assets, coin.decimals):,.2f} {coin.symbol}"
        where = f"{names.get(part.strategy, coin.symbol)}, {part.strategy}"
        how = "are kept as a claim on shares" if part.is_claim else "were paid as shares"
        click.echo(f"{worth} of that could not be had now and {how} of {where}: redeem them there")
    for claim in system.vault.ClaimCreated.from_receipt(receipt):
        coin = by_token[claim.token]
        kept = f"{human(claim.amount, coin.decimals):,.2f} {coin.symbol}"
        click.echo(f"{kept} could not be paid now and are kept as a claim")


def _mint(parts, account):
    """Coins for a rehearsal, made by the replica's own issuers."""
    provider = ManagerAccessMixin.network_manager.provider
    if not str(provider.web3.client_version).startswith("anvil"):
        raise ConfigError("--mint makes coins on the replica only: leave it out and fund the account")
    replica = Replica(str(provider.uri))
    for part in parts:
        replica.mint(part.symbol, str(account.address), part.amount)
