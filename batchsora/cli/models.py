"""`batchsora models`."""

from __future__ import annotations

from pathlib import Path

import click

from batchsora.cli.options import PATH, models_option
from batchsora.cli.printing import out
from batchsora.manifest import open_manifest, read_cards
from batchsora.models import BUILT_IN


@click.command("models")
@click.argument("manifest", required=False, type=PATH)
@models_option
def command(manifest: Path | None, models: Path | None) -> int:
    """List the model cards: seconds, sizes, price a second, its date and source.

    With a MANIFEST, its own cards too.

    Example: batchsora models
    """
    cards = BUILT_IN if models is None else read_cards(models)
    if manifest is not None:
        cards = open_manifest(manifest, cards=cards).cards
    for card in cards.values():
        out(f"{card.name}: {', '.join(map(str, card.seconds))} seconds")
        for size, usd in card.usd_a_second.items():
            out(f"  {size!s:<10} {'price unknown' if usd is None else f'{usd} USD a second'}")
        known = [f"as of {card.priced_on}" if card.priced_on else "", card.source]
        if any(known):
            out(f"  {', '.join(filter(None, known))}")
    return 0
