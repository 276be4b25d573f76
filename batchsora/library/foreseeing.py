"""Foreseeing a run: what it would do with each job, and what that comes to. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from batchsora.clock import system_now
from batchsora.errors import Problem
from batchsora.job import State
from batchsora.ledger.opening import empty, open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.library.asking import Asked
from batchsora.library.plan_sums import Purse, Sums
from batchsora.library.planned_jobs import PlannedJob
from batchsora.library.targets import LEDGER
from batchsora.runner.planning import Gone, Met, meet

# what was bought is driven to its end, also where it is not chosen, or gone
OWED = frozenset({State.SUBMITTING, State.IN_DOUBT, State.RUNNING, State.RENDERED})

Found = Iterator[Met | Gone | Problem]


def foresee(
    asked: Asked,
    *,
    tell: Callable[[PlannedJob], object] | None = None,
    through: Callable[[Found], Iterable[Met | Gone | Problem]] = iter,
) -> Sums:
    """Add up all jobs, telling of each as it goes by; of a wrong manifest, only until that shows.

    `through` may count what goes by. Raises UsageError for another campaign's folder; that the
    manifest is wrong, or the part of it that is chosen empty, is for `insist`.
    """
    path = asked.aim.folder / LEDGER
    with closing(open_for_reading(path) if path.exists() else empty()) as ledger:
        records = Records(ledger)
        campaign = records.campaign()
        if campaign:
            campaign.insist(asked.aim.folder, asked.aim.manifest.name, asked.reach.called)
        before = Totals.of(records.tallies())
        purse = Purse(
            asked.settings.max_cost_usd,
            before.bill_usd,
            before.unpriced,
            is_closed=before.unpriced > 0,
        )
        sums = Sums(retry_failed=asked.retry_failed, is_first=campaign is None, purse=purse)
        found = meet(asked.aim.manifest, records, asked.aim.folder, asked.choice, system_now())
        for met in through(found):
            _add(met, sums, tell)
        sums.end()
        sums.is_held_up = before.states[State.IN_DOUBT] >= asked.settings.max_doubts
        sums.is_owed = not sums.has_work and any(it.state in OWED for it in records.tallies())
    return sums


def insist(asked: Asked, sums: Sums) -> None:
    """Raise ManifestRefusedError with all problems; UsageError where no job is chosen."""
    sums.problems.insist()
    asked.choice.insist(sums.jobs)


def _add(
    met: Met | Gone | Problem, sums: Sums, tell: Callable[[PlannedJob], object] | None
) -> None:
    tell = None if sums.problems.count else tell  # a plan of a wrong manifest is none
    match met:
        case Problem():
            sums.problems.add(met)
        case Gone():
            why = sums.add_gone(met)
            if tell:
                tell(PlannedJob.of_gone(met, why))
        case Met():
            sums.follow(met)
            if met.chosen:
                told, action = sums.add(met)
                if tell:
                    tell(PlannedJob.of_met(told, action))
