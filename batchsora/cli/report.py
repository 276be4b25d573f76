"""`batchsora report`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from batchsora.cli.options import PATH
from batchsora.cli.printing import out_if_heard
from batchsora.cli.targets import LEDGER, find_run, shown
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.runner.reporting import write_reports


@click.command("report")
@click.argument("target", required=False, type=PATH)
@click.option("--embed", is_flag=True, help="Put clips of up to 8 MB into report.html.")
def command(target: Path | None, *, embed: bool) -> int:
    """Write the reports anew from the ledger. No TARGET: the run folder last written to.

    Example: batchsora report runs/campaign
    """
    folder = find_run(target)
    with closing(open_for_reading(folder / LEDGER)) as ledger:
        write_reports(folder, Records(ledger), embed=embed)
    for name in ("report.csv", "report.json", "report.html"):
        out_if_heard(shown(folder / name))
    return 0
