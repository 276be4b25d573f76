"""`batchsora retry`: failed jobs are put back; the next run takes them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from batchsora.cli.run import rescue_file
from batchsora.cli.targets import find_run
from batchsora.errors import UsageError
from batchsora.job import Job, Reason, State
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event, Happening, id_is_alive
from batchsora.runner.campaign import write_reports


@click.command("retry")
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("jobs", nargs=-1)
@click.option("--reason", type=click.Choice([it.value for it in Reason]), help="Only these.")
@click.option("-y", "--yes", is_flag=True, envvar="BATCHSORA_YES", help="Do not ask.")
def command(target: Path, jobs: tuple[str, ...], reason: str | None, *, yes: bool) -> int:
    """Put failed jobs back; the next run takes them. No JOB means all of them.

    Example: batchsora retry runs/campaign --reason moderated
    """
    folder = find_run(target)
    with Ledger(folder, rescue_file=rescue_file()) as ledger:
        named = (entry.job for entry in ledger.records.named(jobs or ("*",)))
        found = [it for it in named if it.state is State.FAILED and reason in {None, it.reason}]
        if not found:
            raise UsageError("no failed job is meant", f"`batchsora status {folder}` counts them")
        _ask(found, yes=yes)
        for job in found:
            ledger.record(job, Happening(Event.RETRY_ASKED, ledger.now()))
        write_reports(folder, ledger.records)
    click.echo(f"{len(found)} put back; go on with: batchsora run")
    return 0


def _ask(found: list[Job], *, yes: bool) -> None:
    """Say what it will cost; ask at a terminal, go on without one."""
    bought = [job for job in found if not id_is_alive(job)]
    known = sum(job.price_usd or 0 for job in bought)
    unknown = sum(job.price_usd is None for job in bought)
    more = f" and {unknown} of unknown price" if unknown else ""
    click.echo(f"{len(bought)} new purchases, {known:.2f} USD{more}", err=True)
    asked = bought and not yes and sys.stdin.isatty()
    if asked and not click.confirm("Put them back?", err=True):
        raise UsageError("answered with no: nothing was changed")
