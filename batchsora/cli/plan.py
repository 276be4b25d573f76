"""`batchsora plan`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from batchsora.cli.asking import read_asked
from batchsora.cli.connecting import Reach
from batchsora.cli.options import (
    PATH,
    encoding_option,
    models_option,
    option,
    part_options,
    place_options,
    read_settings,
    service_options,
    setting_option,
)
from batchsora.cli.plan_page import Page, totals
from batchsora.cli.plan_rows import Form, flush, gone_row, met_row, row_writer
from batchsora.cli.plan_sums import Purse, Sums
from batchsora.cli.printing import Line, err, out
from batchsora.cli.summary import settle_text
from batchsora.cli.targets import LEDGER, Aim, shown
from batchsora.cli.ticking import ticking
from batchsora.clock import system_now
from batchsora.errors import Problem, UsageError
from batchsora.job import State
from batchsora.ledger.opening import empty, open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.runner.choosing import Choice
from batchsora.runner.planning import Action, Gone, Met, meet
from batchsora.settings import Settings, settle

# what was bought is driven to its end, also where it is not chosen, or gone
OWED = frozenset({State.SUBMITTING, State.IN_DOUBT, State.RUNNING, State.RENDERED})
LEAST_COLUMNS = 40  # in fewer, nothing can be set under each other

_FLAGS_WITH_N = re.compile("^(-[qvy]*)n([qvy]*)$")  # of `run`: -n, -nq


@click.command("plan")
@click.argument("target", metavar="MANIFEST", type=PATH)
@place_options
@part_options
@option("--retry-failed", is_flag=True, help="As if failed jobs were taken up, too.")
@setting_option("max_cost")
@setting_option("max_doubts")
@click.option("--json", "as_json", is_flag=True, help="Every job, an object a line, for programs.")
@click.option("--csv", "as_csv", is_flag=True, help="Every job, a line each, for spreadsheets.")
@models_option
@encoding_option
@service_options
def command(target: Path, *, as_json: bool, as_csv: bool, **options: Any) -> int:
    """Say for each job what a run would do, why, and what it costs. Offline, needs no key.

    Shows the first jobs of each kind and adds up all of them; --json and --csv tell every job.

    Example: batchsora plan manifests/campaign.yaml
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of one plan", "choose one of them")
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.PAGE
    aim, choice, reach = read_asked(target, options)
    settings = settle(aim.manifest.settings, read_settings(options))
    show_plan(
        aim,
        choice,
        reach,
        settings=settings,
        retry_failed=options["retry_failed"],
        form=form,
    )
    return 0


def show_plan(
    aim: Aim,
    choice: Choice,
    reach: Reach,
    *,
    settings: Settings,
    retry_failed: bool,
    form: Form = Form.PAGE,
) -> None:
    """Print what a run would do; raises ManifestRefusedError, and UsageError for a wrong folder."""
    path = aim.folder / LEDGER
    with closing(open_for_reading(path) if path.exists() else empty()) as ledger:
        sums = _add_up(
            aim,
            choice,
            reach,
            Records(ledger),
            form,
            settings=settings,
            retry_failed=retry_failed,
        )
    if form is not Form.PAGE:
        flush()
        return
    for line in _page(sums, aim, reach):
        out(line)


def _add_up(
    aim: Aim,
    choice: Choice,
    reach: Reach,
    records: Records,
    form: Form,
    *,
    settings: Settings,
    retry_failed: bool,
) -> Sums:
    """Add up all jobs; each is written as it goes by where the form has rows."""
    campaign = records.campaign()
    if campaign:
        campaign.insist(aim.folder, aim.manifest.name, reach.called)
    before = Totals.of(records.tallies())
    purse = Purse(
        settings.max_cost_usd, before.bill_usd, before.unpriced, is_closed=before.unpriced > 0
    )
    sums = Sums(retry_failed=retry_failed, is_first=campaign is None, purse=purse)
    _follow(meet(aim.manifest, records, aim.folder, choice, system_now()), sums, form)
    sums.end()
    if form is not Form.PAGE or sums.problems.count:  # a page has them below its jobs
        for note in aim.manifest.notes:
            err(note)
    sums.is_held_up = before.states[State.IN_DOUBT] >= settings.max_doubts
    sums.problems.insist()
    choice.insist(sums.jobs)
    sums.is_owed = not sums.has_work and any(it.state in OWED for it in records.tallies())
    return sums


def _follow(found: Iterator[Met | Gone | Problem], sums: Sums, form: Form) -> None:
    write = row_writer(form)
    for met in found if write else ticking(found):
        match met:
            case Problem():
                sums.problems.add(met)
                write = None  # a plan of a wrong manifest is none
            case Gone():
                why = sums.add_gone(met)
                if write:
                    write(gone_row(met, why))
            case Met():
                sums.follow(met)
                if met.chosen:
                    told, action = sums.add(met)
                    if write:
                        write(met_row(told, action))


def _page(sums: Sums, aim: Aim, reach: Reach) -> Iterator[Line]:
    page = _open_page()
    yield from page.jobs(sums)
    if sums.jobs:
        yield ""
        yield from totals(sums)
        yield ""
    yield from page.notes(sums, aim.manifest.path, aim.manifest.notes)
    if sums.actions.get(Action.IN_DOUBT):
        yield settle_text(aim.folder)
    if sums.is_held_up and sums.actions.get(Action.SUBMIT):
        yield "nothing new is bought before that: as many jobs are in doubt as --max-doubts allows"
    yield f"service: {reach.called}"
    yield f"run folder: {shown(aim.folder)}"
    if sums.has_work:
        yield f"to do it: {_run_command()}"


def _open_page() -> Page:
    """Open a page as wide as the terminal; elsewhere each job has one line of its own.

    COLUMNS gives any page that width: for a message, and for tests.
    """
    at_terminal = sys.stdout is not None and sys.stdout.isatty()
    is_wide = not at_terminal and not os.environ.get("COLUMNS")
    return Page(None if is_wide else max(LEAST_COLUMNS, shutil.get_terminal_size().columns))


def _run_command() -> str:
    """Write the command that does what was planned: the same words, with `run` for `plan`."""
    words = [_FLAGS_WITH_N.sub(r"\1\2", word) for word in sys.argv[2:]]
    asked = (word for word in words if word not in {"-", "--dry-run"})
    return shlex.join(["batchsora", "run", *asked])
