"""`batchsora run`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from batchsora.cli.agreeing import confirm_option
from batchsora.cli.hosting import Person
from batchsora.cli.notifying import FollowUp, follow_up_options
from batchsora.cli.options import (
    PATH,
    encoding_option,
    models_option,
    option,
    part_options,
    place_options,
    read_asked,
    service_options,
    setting_options,
)
from batchsora.cli.plan import show_plan
from batchsora.cli.printing import out_if_heard
from batchsora.cli.summary import Ending, explain, sum_up
from batchsora.cli.views import open_view
from batchsora.clock import system_now
from batchsora.library.asking import Asked
from batchsora.library.targets import shown
from batchsora.library.undertaking import Ended, StoppedEarlyError, is_empty, undertake


@click.command("run")
@click.argument("target", metavar="MANIFEST", type=PATH)
@place_options
@option("-n", "--dry-run", is_flag=True, help="The same as `batchsora plan`.")
@part_options
@option("--retry-failed", is_flag=True, help="Take up failed jobs, too: mostly new purchases.")
@option("--save-inputs", is_flag=True, help="Keep each image as it is sent, below inputs/.")
@option("-y", "--yes", is_flag=True, help="Do not ask before spending.")
@confirm_option
@option("--no-submit", is_flag=True, help="Buy nothing: only collect what was bought.")
@option("--detach", is_flag=True, help="Only submit; another run collects.")
@setting_options
@option(
    "--resend-absent",
    is_flag=True,
    help="Send again what the service's list does not show after --settle: once a job, ten in all.",
)
@models_option
@encoding_option
@service_options
@follow_up_options
@option(
    "--progress",
    type=click.Choice(["auto", "plain", "json", "none"]),
    default="auto",
    help="How the run is shown on stderr.  [auto]",
)
@option("-q", "--quiet", is_flag=True, help="Show errors and the result only.")
@option("-v", "--verbose", is_flag=True, help="Show each step of each job.")
@option("--log-file", type=PATH, help="The log, as JSON Lines.  [run.log in the run folder]")
def command(target: Path, **options: Any) -> int:
    """Plan, submit, wait, download, report. Run again, it resumes.

    MANIFEST is a YAML, CSV or JSON Lines file, or the folder of an earlier run. Every option is
    also a variable: BATCHSORA_RATE, BATCHSORA_OUT_DIR and so on.

    Example: batchsora run manifests/campaign.yaml --simulate
    """
    asked = read_asked(target, options)
    if options["dry_run"]:
        show_plan(asked)
        return 0
    aim = asked.aim
    if is_empty(aim):
        out_if_heard(f"{shown(aim.manifest.path)} has no rows: nothing to do")
        return 0
    view = open_view(options["progress"], verbose=options["verbose"], quiet=options["quiet"])
    person = Person(
        view,
        asked.confirm_above_usd,
        yes=options["yes"],
        quiet=options["quiet"] or options["progress"] == "json",
    )
    try:
        ended = undertake(asked, person)
    except StoppedEarlyError:
        raise click.Abort from None
    ending = _ending(asked, ended)
    if view.is_for_people and not (ending.is_well and (options["quiet"] or ended.is_idle)):
        explain(ending, asked.log_path)
    sum_up(ended.outcome, ended.stops, aim.folder)
    return FollowUp.read(options).carry_out(aim, ended, view)


def _ending(asked: Asked, ended: Ended) -> Ending:
    outcome = ended.outcome
    return Ending(
        name=asked.aim.manifest.name,
        service=asked.reach.called,
        folder=asked.aim.folder,
        scope=outcome.scope,
        totals=outcome.totals,
        examples=outcome.examples,
        go_on=shlex.join(["batchsora", *sys.argv[1:]]),
        began_at=ended.began_at,
        ended_at=system_now(),
        took_s=ended.took_s,
        limit_usd=asked.settings.max_cost_usd,
        missing=outcome.missing,
        stops=ended.stops,
    )
