"""`batchsora plan`."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from batchsora.cli.connecting import Reach
from batchsora.cli.options import (
    PATH,
    models_option,
    option,
    part_options,
    place_options,
    service_options,
)
from batchsora.cli.printing import out
from batchsora.cli.targets import LEDGER, Aim, shown, take_aim
from batchsora.cli.words import NAME_WIDTH, cost_text, price_text
from batchsora.clock import system_now
from batchsora.errors import ManifestRefusedError, Problem, UsageError
from batchsora.ledger.opening import empty, open_for_reading
from batchsora.ledger.records import Records
from batchsora.runner.planning import Action, Choice, Gone, Met, meet
from batchsora.runner.taking import PROBLEMS_SHOWN

JOBS_SHOWN = 20  # lines of a plan for a person
GONE_SHOWN = 5


@click.command("plan")
@click.argument("target", metavar="MANIFEST", type=PATH)
@place_options
@part_options
@option("--retry-failed", is_flag=True, help="As if failed jobs were taken up, too.")
@models_option
@service_options
def command(target: Path, **options: Any) -> int:
    """Say for each job what a run would do, why, and what it costs. Offline, needs no key.

    Example: batchsora plan manifests/campaign.yaml
    """
    aim = take_aim(target, options["out_dir"], options["models"], simulate=options["simulate"])
    choice = Choice.parse(options["limit"], options["only"], options["tags"])
    reach = Reach.read(options, simulate=aim.simulate)
    if aim.service is not None:
        reach = reach.for_run(aim.folder, aim.service)
    show_plan(aim, choice, reach, retry_failed=options["retry_failed"])
    return 0


class _Sums:
    """What a plan adds up while the jobs go by."""

    def __init__(self, *, retry_failed: bool) -> None:
        self._retry_failed = retry_failed
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.actions: Counter[Action] = Counter()
        self.cost_usd = Decimal(0)
        self.unpriced = 0
        self.gone: list[str] = []
        self.gone_count = 0

    def add_problem(self, problem: Problem) -> None:
        self.problem_count += 1
        self.problems.extend([problem] * (self.problem_count <= PROBLEMS_SHOWN))

    def add_gone(self, gone: Gone) -> None:
        self.gone_count += 1
        self.gone.extend([gone.known.job.name] * (self.gone_count <= GONE_SHOWN))

    def add(self, met: Met) -> Action:
        action = met.with_retry if self._retry_failed else met.action
        self.actions[action] += 1
        if action is Action.SUBMIT:
            self.cost_usd += met.planned.price_usd or 0
            self.unpriced += met.planned.price_usd is None
        return action


def show_plan(aim: Aim, choice: Choice, reach: Reach, *, retry_failed: bool) -> None:
    """Print what a run would do; raises ManifestRefusedError, and UsageError for a wrong folder."""
    path = aim.folder / LEDGER
    with closing(open_for_reading(path) if path.exists() else empty()) as ledger:
        sums = _add_up(aim, choice, reach, Records(ledger), retry_failed=retry_failed)
    _sum_up(sums, aim, reach)


def _add_up(
    aim: Aim, choice: Choice, reach: Reach, records: Records, *, retry_failed: bool
) -> _Sums:
    """Print the first jobs, and add up all of them."""
    if campaign := records.campaign():
        campaign.insist(aim.folder, aim.manifest.name, reach.called)
    sums = _Sums(retry_failed=retry_failed)
    for met in meet(aim.manifest, records, aim.folder, choice, system_now()):
        match met:
            case Problem():
                sums.add_problem(met)
            case Gone():
                sums.add_gone(met)
            case Met() if met.chosen:
                action = sums.add(met)
                if sums.actions.total() <= JOBS_SHOWN and not sums.problem_count:
                    out(_line(met, action))
            case _:
                pass
    if sums.problems:
        raise ManifestRefusedError(sums.problems, sums.problem_count)
    choice.insist()
    if not sums.actions and not choice.everything:
        raise UsageError("no job of the manifest is chosen", "see --limit, --only, --tag")
    return sums


def _line(met: Met, action: Action) -> str:
    planned = met.planned
    order = planned.order
    name = planned.id if order.take == 1 else f"{planned.id}#{order.take}"
    price = price_text(planned.price_usd) if action is Action.SUBMIT else "-"
    ordered = f"{order.model:<10} {order.seconds:>2} s  {order.size!s:<9}"
    told = [met.why, met.image_notes if action is Action.SUBMIT else ""]
    why = " · ".join(filter(None, told))
    return f"{action:<9} {name:<{NAME_WIDTH}} {ordered} {price:>13}  {why}".rstrip()


def _sum_up(sums: _Sums, aim: Aim, reach: Reach) -> None:
    if (more := sums.actions.total() - JOBS_SHOWN) > 0:
        out(f"… and {more} more")
    if sums.gone:
        names = ", ".join(sums.gone) + ("" if sums.gone_count <= GONE_SHOWN else ", …")
        out(f"gone from the manifest: {sums.gone_count} ({names}); what was bought of it stays")
    totals = ", ".join(f"{jobs} {action}" for action, jobs in sums.actions.items())
    out(f"{sums.actions.total()} jobs: {totals}" if totals else "no rows: nothing to do")
    out(f"to be spent: {cost_text(sums.cost_usd, sums.unpriced)}")
    out(f"service: {reach.called}")
    out(f"run folder: {shown(aim.folder)}")
