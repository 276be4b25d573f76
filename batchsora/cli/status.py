"""`batchsora status`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from batchsora.cli.targets import find_run
from batchsora.job import State
from batchsora.ledger.lock import is_locked
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.runner.campaign import count_up


@click.command("status")
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(target: Path | None, *, as_json: bool) -> int:
    """Count what is done, running, failed and in doubt, and what it cost.

    Example: batchsora status manifests/campaign.yaml
    """
    folder = find_run(target)
    records = Records(open_for_reading(folder / "ledger.db"))
    totals = count_up(records)
    states = {state.value: totals.states[state] for state in State}
    running = is_locked(folder / "work" / "lock")
    if as_json:
        told = {
            "folder": str(folder),
            "running": running,
            "states": states,
            "spent_usd": str(totals.spent_usd),
            "in_doubt_usd": str(totals.in_doubt_usd),
        }
        click.echo(json.dumps(told))
        return 0
    click.echo(f"{folder}{' (running)' if running else ''}")
    for state, jobs in states.items():
        if jobs:
            click.echo(f"  {state:<10} {jobs:>7}")
    click.echo(f"  spent {totals.spent_usd:.2f} USD, in doubt {totals.in_doubt_usd:.2f} USD")
    return 0
