"""`batchsora show`."""

from __future__ import annotations

from pathlib import Path

import click

from batchsora.cli.targets import find_run
from batchsora.clock import stamp
from batchsora.errors import UsageError
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Entry, Records


@click.command("show")
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("job")
def command(target: Path, job: str) -> int:
    """Show a job with its whole history.

    Example: batchsora show manifests/campaign.yaml cat-hat#2
    """
    records = Records(open_for_reading(find_run(target) / "ledger.db"))
    found = list(records.named([job]))
    if not found:
        raise UsageError(f"no job {job} in {target}", "`batchsora report` lists them in report.csv")
    for entry in found:
        _show(entry, records)
    return 0


def _show(entry: Entry, records: Records) -> None:
    job = entry.job
    order = job.order
    click.echo(f"{job.name}: {job.state}{f', {job.reason}' if job.reason else ''}")
    click.echo(f"  {order.model}, {order.seconds} s, {order.size}: {order.prompt}")
    if job.fault is not None:
        click.echo(f"  {job.fault.code}: {job.fault.message}")
        click.echo(f"  hint: {job.fault.hint}" if job.fault.hint else "", nl=bool(job.fault.hint))
    for past in records.history(job.key):
        detail = ", ".join(f"{name}: {value}" for name, value in past.detail.items())
        click.echo(f"  {stamp(past.at)}  {past.event:<18} {past.state:<10} {detail}")
