"""`plan`, for programs: what a run would do with each job, and what it costs. Offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Unpack

from batchsora.library.asking import Asked
from batchsora.library.foreseeing import foresee, insist
from batchsora.library.keywords import PlanOptions, Target, known, read_asked
from batchsora.library.plan_sums import Sums
from batchsora.library.planned_jobs import PlannedJob
from batchsora.library.tables import MOST_ROWS, Cell, cut, table
from batchsora.library.targets import shown
from batchsora.library.words import cost_text, price_text

_HEADS = ("action", "job", "price", "why", "prompt")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: an iterable of its jobs, in the manifest's order, all in memory."""

    jobs: tuple[PlannedJob, ...]  # those chosen, then those that are gone from the manifest
    counts: Mapping[str, int]  # how many of those chosen each action is for
    cost_usd: Decimal  # what it would spend, as far as prices are known
    unpriced: int  # purchases whose price is not
    has_work: bool  # whether a run would do anything
    service: str
    folder: Path  # where it would run; absolute
    notes: tuple[str, ...]  # what is worth knowing of how the manifest was read

    def __iter__(self) -> Iterator[PlannedJob]:
        return iter(self.jobs)

    def __len__(self) -> int:
        return len(self.jobs)

    def __repr__(self) -> str:
        return f"Plan({self._words})"

    def _repr_html_(self) -> str:
        rows = [_cells(it) for it in self.jobs[:MOST_ROWS]]
        return table(self._words, _HEADS, rows, len(self.jobs) - len(rows))

    @property
    def _words(self) -> str:
        told = ", ".join(f"{jobs:,} {action}" for action, jobs in self.counts.items())
        cost = cost_text(self.cost_usd, self.unpriced)
        return f"{told or 'no jobs'}; {cost} to be spent at {self.service}; {shown(self.folder)}"


def plan(manifest: Target, **options: Unpack[PlanOptions]) -> Plan:
    """Say for each job what a run would do, why, and what it costs. Offline; writes nothing.

    Takes those keywords of `run` that it depends on. Raises ManifestRefusedError with everything
    that is wrong, UsageError, and LedgerError.
    """
    asked = read_asked(manifest, known(options, PlanOptions))
    jobs: list[PlannedJob] = []
    sums = foresee(asked, tell=jobs.append)
    insist(asked, sums)
    return _planned(asked, sums, jobs)


def _planned(asked: Asked, sums: Sums, jobs: list[PlannedJob]) -> Plan:
    money = sums.to_spend
    return Plan(
        tuple(jobs),
        {action.value: count for action, count in sums.actions.items()},
        Decimal(0) if sums.is_unkept else money.usd,  # a budget that can't be kept buys nothing
        0 if sums.is_unkept else money.unpriced,
        sums.has_work,
        asked.reach.called,
        asked.aim.folder.absolute(),
        asked.aim.manifest.notes,
    )


def _cells(job: PlannedJob) -> list[Cell]:
    name = job.id or "-"
    name = name if job.take == 1 else f"{name}#{job.take}"
    return [job.action, name, price_text(job.price_usd), cut(job.why), cut(job.prompt)]
