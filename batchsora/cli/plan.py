"""`batchsora plan`."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import click

from batchsora.cli.targets import run_folder
from batchsora.errors import ManifestRefusedError, Problem
from batchsora.ledger.opening import empty, open_for_reading
from batchsora.ledger.records import Records
from batchsora.manifest import Manifest, open_manifest
from batchsora.runner.campaign import PROBLEMS_SHOWN
from batchsora.runner.planning import Action, Choice, meet

SHOWN = 20  # lines of a plan for a person


@click.command("plan")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("-o", "--out-dir", type=click.Path(path_type=Path), help="The run folder.")
@click.option("--simulate", is_flag=True, help="Plan a rehearsal.")
def command(manifest: Path, out_dir: Path | None, *, simulate: bool) -> int:
    """Say for each job what a run would do, and what it costs; offline, needs no key.

    Example: batchsora plan manifests/campaign.yaml
    """
    opened = open_manifest(manifest)
    show_plan(opened, run_folder(manifest, opened.name, out_dir, simulated=simulate), Choice())
    return 0


def show_plan(manifest: Manifest, folder: Path, choice: Choice) -> None:
    """Print what a run would do; raises ManifestRefusedError."""
    ledger = folder / "ledger.db"
    records = Records(open_for_reading(ledger) if ledger.exists() else empty())
    problems: list[Problem] = []
    count = 0
    actions: Counter[Action] = Counter()
    price = Decimal(0)
    for met in meet(manifest, records, folder, choice):
        if isinstance(met, Problem):
            count += 1
            problems.extend([met] * (count <= PROBLEMS_SHOWN))
        elif met.chosen:
            actions[met.action] += 1
            planned = met.planned
            usd = planned.price_usd if met.action is Action.SUBMIT else Decimal(0)
            price += usd or 0
            if sum(actions.values()) <= SHOWN and not count:
                order = planned.order
                shown = "unknown" if usd is None else f"{usd:.2f}"
                ordered = f"{order.model} {order.seconds} s {order.size}"
                click.echo(f"{met.action:<9} {planned.id:<24} {ordered:<26} {shown:>8} USD")
    if problems:
        raise ManifestRefusedError(problems, count)
    if (more := sum(actions.values()) - SHOWN) > 0:
        click.echo(f"… and {more} more")
    totals = ", ".join(f"{jobs} {action}" for action, jobs in actions.items())
    click.echo(f"{totals or 'nothing to do'}; {price:.2f} USD to be spent; into {folder}")
