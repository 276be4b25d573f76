"""A manifest meets a ledger: for each job what a run would do, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

from batchsora.errors import Problem
from batchsora.job import Fit, Size, State, fold_path
from batchsora.ledger.records import Entry, Records
from batchsora.manifest import Manifest
from batchsora.media.images import ImageProblem, inspect_image
from batchsora.planned import Planned
from batchsora.runner.unique import Seen

BATCH = 500  # rows compared with the ledger in one question


class Action(StrEnum):
    """What a run would do with a job."""

    SUBMIT = "submit"
    ADOPT = "adopt"  # it is at the service: go on watching it
    DOWNLOAD = "download"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"


_ACTIONS = {
    State.PENDING: Action.SUBMIT,
    State.SUBMITTING: Action.IN_DOUBT,
    State.IN_DOUBT: Action.IN_DOUBT,
    State.RUNNING: Action.ADOPT,
    State.RENDERED: Action.DOWNLOAD,
    State.DONE: Action.DONE,
    State.FAILED: Action.FAILED,
}


@dataclass(frozen=True, slots=True)
class Met:
    """One job of the manifest, beside what the ledger knows of it."""

    position: int
    planned: Planned
    known: Entry | None
    action: Action
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of a manifest: its first jobs, those of some names, those with any of some tags."""

    limit: int | None = None
    only: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        """Tell whether nothing is left out."""
        return self.limit is None and not self.only and not self.tags

    def takes(self, position: int, planned: Planned) -> bool:
        """Tell whether a job is chosen; positions count from 0."""
        if self.limit is not None and position >= self.limit:
            return False
        if self.tags and self.tags.isdisjoint(planned.tags):
            return False
        full = f"{planned.id}#{planned.order.take}"
        return not self.only or any(
            fnmatchcase(planned.id, it) or fnmatchcase(full, it) for it in self.only
        )


def meet(
    manifest: Manifest, records: Records, folder: Path, choice: Choice
) -> Iterator[Met | Problem]:
    """Compare a manifest with a run folder's ledger, job by job, in memory that does not grow."""
    with Seen(str(manifest.path)) as seen:
        asked = manifest.jobs(records.recall_image)
        position = -1
        for batch in batches(asked):
            yield from (it for it in batch if isinstance(it, Problem))
            jobs = [it for it in batch if isinstance(it, Planned)]
            known = records.find(it.key for it in jobs)
            for planned in jobs:
                position += 1
                entry = known.get(planned.key)
                settled = _settle_output(planned, entry, records)
                problems = [*seen.clashes(settled), *_image_problems(settled, entry, manifest)]
                if entry is None:
                    problems.extend(_foreign_file(settled, folder, manifest))
                yield from problems
                yield _met(position, settled, entry, folder, choice)


T = TypeVar("T")


def batches(asked: Iterable[T]) -> Iterator[list[T]]:
    """Hand a stream on in lists of `BATCH`."""
    rest = iter(asked)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _met(position: int, planned: Planned, entry: Entry | None, folder: Path, choice: Choice) -> Met:
    action = Action.SUBMIT if entry is None else _ACTIONS[entry.job.state]
    clip = entry.job.clip if entry and action is Action.DONE else None
    if clip is not None and not (folder / clip.file).exists():
        action = Action.DOWNLOAD
    return Met(position, planned, entry, action, choice.takes(position, planned))


def _settle_output(planned: Planned, entry: Entry | None, records: Records) -> Planned:
    """Keep the path that a known job has; step aside where an older job has a new one's."""
    if entry is not None:
        return replace(planned, output=entry.job.output)
    if records.owner_of_output(fold_path(planned.output)) is None:
        return planned
    stem, _, suffix = planned.output.rpartition(".")
    return replace(planned, output=f"{stem}-{planned.key[:8]}.{suffix}")


def _image_problems(planned: Planned, entry: Entry | None, manifest: Manifest) -> Iterable[Problem]:
    """Say what is wrong with the image of a job that is still to be submitted."""
    if entry is not None and entry.job.state is not State.PENDING:
        return
    if planned.image_problem:
        yield _problem(manifest, planned, planned.image_problem, planned.image_mend)
    elif planned.image_path is not None:
        try:
            _inspect(planned.image_path, planned.order.size, planned.order.fit)
        except ImageProblem as problem:
            image = planned.order.image.written if planned.order.image else ""
            yield _problem(manifest, planned, f"{image}: {problem.what}", problem.mend)


@lru_cache(maxsize=4096)
def _inspect(path: Path, size: Size, fit: Fit) -> None:
    facts = inspect_image(path)
    if fit is Fit.EXACT and (facts.width, facts.height) != size:
        raise ImageProblem(
            f"the image is {facts.width}x{facts.height}, and fit: exact wants {size}",
            "use fit: cover, contain or stretch",
        )


def _foreign_file(planned: Planned, folder: Path, manifest: Manifest) -> Iterable[Problem]:
    """Find a file in the place of a clip that no job of the ledger put there."""
    if (folder / planned.output).exists():
        what = f"{planned.output} is there already, and no job of this run folder made it"
        yield _problem(manifest, planned, what, "move it away, or choose another output or id")


def _problem(manifest: Manifest, planned: Planned, what: str, mend: str) -> Problem:
    return Problem(what, mend, str(manifest.path), planned.line, planned.row)
