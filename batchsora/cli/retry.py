"""`batchsora retry`: failed jobs, and rejected clips, are put back; the next run takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import click

from batchsora.cli.going_on import command_for
from batchsora.cli.marks import Marks, read_marks
from batchsora.cli.options import PATH, option
from batchsora.cli.printing import can_ask, confirm, err, out_if_heard
from batchsora.errors import UsageError
from batchsora.job import Job, Reason, State
from batchsora.ledger.answers import Entry
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.records import Records
from batchsora.library.targets import find_run, rescue_file, shown
from batchsora.library.words import clips, cost_text
from batchsora.lifecycle import Event, Happening, id_is_alive
from batchsora.runner.placing import REJECTED, setting_aside
from batchsora.runner.reporting import write_reports


@click.command("retry")
@click.argument("target", type=PATH)
@click.argument("jobs", nargs=-1)
@click.option("--reason", type=click.Choice([it.value for it in Reason]), help="Only these.")
@click.option(
    "--from",
    "table",
    metavar="FILE",
    type=PATH,
    help="Only those that a CSV names: the marks of report.html, whose rejected clips are bought"
    " anew, too; or lines of report.csv.",
)
@option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(
    target: Path, jobs: tuple[str, ...], reason: str | None, table: Path | None, *, yes: bool
) -> int:
    """Put failed jobs back; the next run takes them. No JOB means all of them.

    A job whose id is alive is looked at again; any other is a new purchase.

    Example: batchsora retry runs/campaign --reason moderated
    """
    folder = find_run(target)
    with Ledger(folder, rescue_file=rescue_file()) as ledger:
        meant = _meant(ledger.records, jobs, table)
        found = _putable(it for it in meant if reason in {None, it.job.reason})
        if not found:
            raise UsageError("no failed job is meant", _why_none(table, folder))
        _ask(found, yes=yes)
        rejected = [job for job in found if job.state is State.DONE]
        # before it is recorded: whatever happens between, the same command comes to the same end
        with setting_aside(folder, rejected), ledger.atomic():
            for job in found:
                ledger.record(job, Happening(Event.RETRY_ASKED, ledger.now()))
        write_reports(folder, ledger.records)
        go_on = command_for(folder, ledger.records)
    out_if_heard(f"{len(found)} put back; go on with: {go_on}")
    return 0


def _why_none(table: Path | None, folder: Path) -> str:
    if table is None:
        look = f"batchsora status {shown(folder)}"
        return f"{look} tells which failed; a clip that is here is rejected in report.html"
    return f"its clips were replaced, or its jobs did not fail: batchsora report {shown(folder)}"


def _meant(records: Records, jobs: Sequence[str], table: Path | None) -> list[Entry]:
    """Pick the jobs that are to be put back: those that failed, or that a table names."""
    if table is None:
        return [it for it in records.named(jobs or ("*",)) if it.job.state is State.FAILED]
    if jobs:
        raise UsageError("--from says which jobs are meant", "leave JOB away, or --from")
    marks = read_marks(table)
    found: dict[tuple[str, int], Entry] = {}
    for entry in records.entries():  # what a row asks for comes first, and what is gone after it
        name = entry.job.id, entry.job.order.take
        if name in marks.named:
            found.setdefault(name, entry)
    for name, (it, *_) in marks.named.items():
        if name not in found:
            what = f"{table}:{it.line}: there is no job {it.id}#{it.take} in this run"
            raise UsageError(what, "give the run folder that the table is of")
    return [entry for name, entry in found.items() if _is_meant(entry.job, marks, name)]


def _is_meant(job: Job, marks: Marks, name: tuple[str, int]) -> bool:
    """Tell whether a named job is to be put back: a table is of the purchase that it names."""
    if not any(it.video_id in {"", job.video_id} for it in marks.named[name]):
        return False
    return job.state is State.FAILED or (marks.are_rejected and job.state is State.DONE)


def _putable(meant: Iterable[Entry]) -> list[Job]:
    """Leave out the jobs whose row is gone: put back, they would wait for ever."""
    every = list(meant)
    found = [it.job for it in every if it.row is not None or id_is_alive(it.job)]
    if gone := len(every) - len(found):
        err(f"{gone} left as they are: no row of the manifest asks for them any more")
    return found


def _ask(found: Sequence[Job], *, yes: bool) -> None:
    """Say what it will cost; ask at a terminal, go on without one."""
    bought = [job for job in found if not id_is_alive(job)]
    if not bought:
        return
    prices = [job.price_usd for job in bought]
    known = sum((price for price in prices if price is not None), start=Decimal(0))
    what = f"{clips(len(bought))} to be bought anew: {cost_text(known, prices.count(None))}"
    if rejected := sum(job.state is State.DONE for job in bought):
        what += f"; {clips(rejected)} that you have move to {REJECTED}/"
    asked = can_ask() and not yes
    if not asked:
        err(what)
    elif not confirm(f"{what}. Put them back?"):
        raise UsageError("answered with no: nothing was changed")
