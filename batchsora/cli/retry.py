"""`batchsora retry`: failed jobs are put back; the next run takes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click

from batchsora.cli.connecting import command_for
from batchsora.cli.options import PATH, option
from batchsora.cli.printing import can_ask, confirm, err, out_if_heard
from batchsora.cli.targets import find_run, rescue_file, shown
from batchsora.cli.words import clips, cost_text
from batchsora.errors import UsageError
from batchsora.job import Job, Reason, State
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event, Happening, id_is_alive
from batchsora.runner.reporting import write_reports


@click.command("retry")
@click.argument("target", type=PATH)
@click.argument("jobs", nargs=-1)
@click.option("--reason", type=click.Choice([it.value for it in Reason]), help="Only these.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(target: Path, jobs: tuple[str, ...], reason: str | None, *, yes: bool) -> int:
    """Put failed jobs back; the next run takes them. No JOB means all of them.

    A job whose id is alive is looked at again; any other is a new purchase.

    Example: batchsora retry runs/campaign --reason moderated
    """
    folder = find_run(target)
    with Ledger(folder, rescue_file=rescue_file()) as ledger:
        entries = ledger.records.named(jobs or ("*",))
        failed = [it for it in entries if it.job.state is State.FAILED]
        meant = [it for it in failed if reason in {None, it.job.reason}]
        # a job whose row is gone is not submitted: put back, it would wait for ever
        found = [it.job for it in meant if it.row is not None or id_is_alive(it.job)]
        if gone := len(meant) - len(found):
            err(f"{gone} left as they are: no row of the manifest asks for them any more")
        if not found:
            raise UsageError("no failed job is meant", f"batchsora status {shown(folder)}")
        _ask(found, yes=yes)
        with ledger.atomic():
            for job in found:
                ledger.record(job, Happening(Event.RETRY_ASKED, ledger.now()))
        write_reports(folder, ledger.records)
        go_on = command_for(folder, ledger.records)
    out_if_heard(f"{len(found)} put back; go on with: {go_on}")
    return 0


def _ask(found: Sequence[Job], *, yes: bool) -> None:
    """Say what it will cost; ask at a terminal, go on without one."""
    bought = [job for job in found if not id_is_alive(job)]
    if not bought:
        return
    prices = [job.price_usd for job in bought]
    known = sum((price for price in prices if price is not None), start=Decimal(0))
    what = f"{clips(len(bought))} to be bought anew: {cost_text(known, prices.count(None))}"
    asked = can_ask() and not yes
    if not asked:
        err(what)
    elif not confirm(f"{what}. Put them back?"):
        raise UsageError("answered with no: nothing was changed")
