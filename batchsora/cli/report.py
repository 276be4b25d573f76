"""`batchsora report`."""

from __future__ import annotations

from pathlib import Path

import click

from batchsora.cli.targets import find_run
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.runner.campaign import write_reports


@click.command("report")
@click.argument("target", required=False, type=click.Path(path_type=Path))
def command(target: Path | None) -> int:
    """Write the reports anew from the ledger.

    Example: batchsora report runs/campaign
    """
    folder = find_run(target)
    write_reports(folder, Records(open_for_reading(folder / "ledger.db")))
    click.echo(folder / "report.csv")
    return 0
