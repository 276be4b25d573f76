"""`batchsora plan`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from batchsora.cli.options import (
    PATH,
    encoding_option,
    models_option,
    option,
    part_options,
    place_options,
    read_asked,
    service_options,
    setting_option,
)
from batchsora.cli.plan_page import Page, totals
from batchsora.cli.plan_rows import Form, flush, job_row, row_writer
from batchsora.cli.printing import Line, err, out
from batchsora.cli.summary import settle_text
from batchsora.cli.ticking import ticking
from batchsora.errors import UsageError
from batchsora.library.asking import Asked
from batchsora.library.connecting import Reach
from batchsora.library.foreseeing import foresee, insist
from batchsora.library.plan_sums import Sums
from batchsora.library.targets import Aim, shown
from batchsora.runner.planning import Action

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
    show_plan(read_asked(target, options), form)
    return 0


def show_plan(asked: Asked, form: Form = Form.PAGE) -> None:
    """Print what a run would do; raises ManifestRefusedError, and UsageError for a wrong folder."""
    write = row_writer(form)
    sums = foresee(
        asked,
        tell=write and (lambda job: write(job_row(job))),
        through=iter if write else ticking,
    )
    if write or sums.problems.count:  # a page has them below its jobs
        for note in asked.aim.manifest.notes:
            err(note)
    insist(asked, sums)
    if write:
        flush()
        return
    for line in _page(sums, asked.aim, asked.reach):
        out(line)


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
