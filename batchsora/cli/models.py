"""`batchsora models`."""

from __future__ import annotations

import click

from batchsora.models import BUILT_IN


@click.command("models")
def command() -> int:
    """List the model cards: seconds, sizes, price a second, its date and source.

    Example: batchsora models
    """
    for card in BUILT_IN.values():
        click.echo(f"{card.name}: {', '.join(map(str, card.seconds))} seconds")
        for size, usd in card.usd_a_second.items():
            price = "price unknown" if usd is None else f"{usd} USD a second"
            click.echo(f"  {size}  {price}")
        click.echo(f"  as of {card.priced_on}, {card.source}")
    return 0
