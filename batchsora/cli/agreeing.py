"""Agreeing on what a run costs: an option, and a question at a terminal."""

from __future__ import annotations

from decimal import Decimal

import click

from batchsora.cli.options import option
from batchsora.cli.printing import confirm
from batchsora.errors import UsageError
from batchsora.library.asking import CONFIRM_ABOVE_USD
from batchsora.library.spending import Spending
from batchsora.settings import parse_usd


def _read_usd(_: click.Context, param: click.Parameter, text: str | None) -> Decimal:
    if text is None:
        return CONFIRM_ABOVE_USD
    try:
        return parse_usd(text)
    except ValueError as error:
        what = f'--{(param.name or "").replace("_", "-")} must be {error}, not "{text}"'
        raise UsageError(what, "give it such a value, or leave it away") from error


confirm_option = option(
    "--confirm-above",
    metavar="USD",
    callback=_read_usd,
    help=f"At a terminal, ask before new spending above this.  [{CONFIRM_ABOVE_USD}]",
)


def agree(spending: Spending) -> None:
    """Ask a person; raises UsageError after a no."""
    if not confirm(f"{spending}, at {spending.service}: go on?"):
        raise UsageError("answered with no: nothing was sent")
