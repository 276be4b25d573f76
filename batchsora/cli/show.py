"""`batchsora show`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from batchsora.cli.columns import one_line
from batchsora.cli.options import PATH
from batchsora.cli.printing import out
from batchsora.clock import stamp
from batchsora.errors import UsageError
from batchsora.ledger.answers import Entry
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.library.targets import LEDGER, find_run, shown
from batchsora.library.words import price_text
from batchsora.reports.columns import place_text, report_row

DETAIL_COLUMNS = 2000  # of an answer that was kept as evidence


@click.command("show")
@click.argument("target", type=PATH)
@click.argument("job")
def command(target: Path, job: str) -> int:
    """Show a job with its whole history.

    JOB is ID, ID#TAKE, or a glob of either; a bare ID means all its takes.

    Example: batchsora show manifests/campaign.yaml cat-hat#2
    """
    folder = find_run(target)
    with closing(open_for_reading(folder / LEDGER)) as ledger:
        records = Records(ledger)
        found = list(records.named([job]))
        if not found:
            mend = f"the names are in {shown(folder / 'report.csv')}, in the columns id and take"
            raise UsageError(f"no job {job} in {shown(folder)}", mend)
        for entry in found:
            for line in _lines(entry, records, shlex.quote(shown(folder))):
                out(line)
    return 0


def _lines(entry: Entry, records: Records, folder: str) -> Iterator[str]:
    job, order = entry.job, entry.job.order
    yield f"{job.name}: {job.state}{f', {job.reason}' if job.reason else ''}"
    cells = report_row(entry, (), folder)
    yield from _known("prompt", order.prompt)
    yield from _known("image", f"{order.image.written} ({order.framing})" if order.image else None)
    yield from _known("order", f"{order.model}, {order.seconds} s, {order.size}")
    yield from _known("price", price_text(job.price_usd))
    for name in ("file", "video_id", "cost_usd", "error_code", "error_message", "hint"):
        yield from _known(name.replace("_", " "), cells[name])
    yield from _known("manifest line", place_text(entry.file, entry.line))
    yield from _known("key", job.key)
    yield "history:"
    for past in records.history(job.key):
        detail = ", ".join(
            f"{name}: {one_line(str(it), DETAIL_COLUMNS)}" for name, it in past.detail.items()
        )
        yield f"  {stamp(past.at)}  {past.event:<18} {past.state:<10}  {detail}".rstrip()


def _known(name: str, value: object) -> Iterator[str]:
    if value not in {None, ""}:
        yield f"  {name + ':':<15} {value}"
