"""`batchsora report`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from batchsora.cli.junit import junit_option
from batchsora.cli.options import PATH
from batchsora.cli.printing import out_if_heard
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.library.targets import LEDGER, find_run, shown
from batchsora.runner.reporting import write_junit, write_reports


@click.command("report")
@click.argument("target", required=False, type=PATH)
@click.option("--embed", is_flag=True, help="Put clips of up to 8 MB into report.html.")
@junit_option
def command(target: Path | None, *, embed: bool, junit: Path | None) -> int:
    """Write the reports anew from the ledger. No TARGET: the run folder last written to.

    Example: batchsora report runs/campaign
    """
    folder = find_run(target)
    names = ("report.html", "report.csv", "report.json", "attempts.csv")
    written = [folder / name for name in names]
    with closing(open_for_reading(folder / LEDGER)) as ledger:
        records = Records(ledger)
        write_reports(folder, records, embed=embed)
        if junit is not None:
            write_junit(junit, records, clips_in=shown(folder))
            written.append(junit)
    for path in written:
        out_if_heard(shown(path))
    return 0
