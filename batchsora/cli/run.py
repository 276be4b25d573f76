"""`batchsora run`."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from batchsora.cli.agreeing import Deal, confirm_option
from batchsora.cli.asking import read_asked
from batchsora.cli.connecting import Reach
from batchsora.cli.exits import code_of
from batchsora.cli.gathering import gather_images
from batchsora.cli.logs import RunLog
from batchsora.cli.options import (
    PATH,
    encoding_option,
    models_option,
    option,
    part_options,
    place_options,
    read_settings,
    service_options,
    setting_options,
)
from batchsora.cli.plan import show_plan
from batchsora.cli.printing import out_if_heard
from batchsora.cli.signals import listen
from batchsora.cli.summary import Ending, examples, explain, sum_up
from batchsora.cli.targets import Aim, other_runs, remember, rescue_file, see_to_folder, shown
from batchsora.cli.views import View, open_view
from batchsora.clock import system_now
from batchsora.errors import UsageError
from batchsora.ledger.ledger import Ledger
from batchsora.manifest import any_image
from batchsora.runner.campaign import Outcome, carry_out, open_session, sum_up_idle
from batchsora.runner.choosing import Choice
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.progress import Told
from batchsora.runner.session import Work
from batchsora.runner.stopping import Stopping
from batchsora.runner.taking import UnfetchedError
from batchsora.settings import Settings, settle


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
    aim, choice, reach = read_asked(target, options)
    settings = settle(aim.manifest.settings, read_settings(options))
    if options["dry_run"]:
        show_plan(aim, choice, reach, settings=settings, retry_failed=options["retry_failed"])
        return 0
    work = _read_work(options)
    if _is_empty(aim):
        out_if_heard(f"{shown(aim.manifest.path)} has no rows: nothing to do")
        return 0
    deal = Deal(
        aim,
        choice,
        reach.called,
        settings,
        retry_failed=options["retry_failed"],
        buys=work is not Work.COLLECT,
        confirm_above_usd=options["confirm_above"],
        yes=options["yes"],
        quiet=options["quiet"] or options["progress"] == "json",
    )
    see_to_folder(aim)
    log_file = options["log_file"] or aim.folder / "run.log"
    with Ledger(aim.folder, rescue_file=rescue_file()) as ledger:
        view = open_view(options["progress"], verbose=options["verbose"], quiet=options["quiet"])
        try:
            deal.strike(ledger, reach.key)
        except UnfetchedError:
            reach.key()  # nothing is fetched for a run that could not buy
            deal.claim(ledger)
            with RunLog(log_file) as log:
                gather_images(deal, ledger, reach, view, log)
            deal.strike(ledger, reach.key)
        remember(aim.folder)
        _keep_manifest(aim)
        with RunLog(log_file) as log:
            agreed = _Agreed(
                aim,
                ledger,
                settings,
                choice,
                reach,
                work,
                resend_absent=options["resend_absent"],
                save_inputs=options["save_inputs"],
                quiet=options["quiet"],
            )
            return asyncio.run(agreed.carry_out(view, log))


def _read_work(options: dict[str, Any]) -> Work:
    if options["no_submit"] and options["detach"]:
        what = "--no-submit only collects, --detach only submits"
        raise UsageError(what, "leave one of them away, or both: that does all")
    if options["no_submit"]:
        return Work.COLLECT
    return Work.ORDER if options["detach"] else Work.ALL


def _keep_manifest(aim: Aim) -> None:
    """Keep the manifest in the run folder as it was given."""
    kept = aim.folder / f"manifest{aim.manifest.path.suffix}"
    if not (kept.exists() and kept.samefile(aim.manifest.path)):
        shutil.copyfile(aim.manifest.path, kept)


def _is_empty(aim: Aim) -> bool:
    """Tell whether there is nothing to be done, nor was: then not even a folder is made."""
    no_rows = next(aim.manifest.jobs(any_image), None) is None
    return no_rows and not (aim.folder / "ledger.db").exists()


@dataclass(frozen=True, slots=True)
class _Agreed:
    """A run of which everything is settled but its outcome."""

    aim: Aim
    ledger: Ledger
    settings: Settings
    choice: Choice
    reach: Reach
    work: Work
    resend_absent: bool
    save_inputs: bool
    quiet: bool

    async def carry_out(self, view: View, log: RunLog) -> int:
        """Carry it out, sum it up, and say with which code it ends."""

        def tell(told: Told) -> None:
            log.tell(told)
            view.tell(told)

        began_at, began_s = system_now(), time.monotonic()
        stopping = Stopping()
        listen(stopping, tell, view.leave)
        is_idle = not self.ledger.agenda.has_work(buying=self.work is not Work.COLLECT)
        if is_idle:
            outcome = sum_up_idle(self.ledger)
        else:
            async with self.reach.open(self.aim.folder) as service:
                run = open_session(
                    self.aim.manifest,
                    self.ledger,
                    service,
                    self.settings,
                    stopping=stopping,
                    tell=tell,
                    work=self.work,
                    resend_absent=self.resend_absent,
                    save_inputs=self.save_inputs,
                    neighbours=Neighbours(lambda: other_runs(self.aim.folder), self.reach.called),
                )
                async with view.watch(run):
                    outcome = await carry_out(run, self.choice)
        if view.is_for_people:
            took_s = time.monotonic() - began_s
            ending = self._ending(outcome, stopping, began_at=began_at, took_s=took_s)
            if not (ending.is_well and (self.quiet or is_idle)):
                explain(ending, log.path)
        sum_up(outcome, stopping.stops, self.aim.folder)
        return code_of(outcome, stopping.stops)

    def _ending(
        self, outcome: Outcome, stopping: Stopping, *, began_at: datetime, took_s: float
    ) -> Ending:
        return Ending(
            name=self.aim.manifest.name,
            service=self.reach.called,
            folder=self.aim.folder,
            scope=outcome.scope,
            totals=outcome.totals,
            examples=examples(self.ledger.agenda.examples, outcome.scope),
            go_on=shlex.join(["batchsora", *sys.argv[1:]]),
            began_at=began_at,
            ended_at=system_now(),
            took_s=took_s,
            limit_usd=self.settings.max_cost_usd,
            missing=outcome.missing,
            stops=stopping.stops,
        )
