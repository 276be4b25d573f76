"""A manifest meets a ledger: for each job what a run would do, and everything that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeVar

from batchsora.errors import Problem
from batchsora.job import Framing, Job, Size, State, fold_path
from batchsora.ledger.answers import Known
from batchsora.ledger.records import Records
from batchsora.lifecycle import FILE_MISSING_HINT, id_is_alive
from batchsora.manifest import Manifest
from batchsora.manifest.located import visible
from batchsora.media.images import ImageProblem, fitted_notes, inspect_image
from batchsora.planned import Planned
from batchsora.runner.changes import changes
from batchsora.runner.choosing import Choice
from batchsora.runner.recalling import recall_fetched, recall_image
from batchsora.runner.unique import Placed, Seen

_UNTOUCHED = "recorded, not sent yet"
BATCH = 2000  # rows compared with the ledger in one question


class Action(StrEnum):
    """What a run would do with a job."""

    SUBMIT = "submit"
    ADOPT = "adopt"  # it is at the service: go on watching it
    DOWNLOAD = "download"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    OVER_BUDGET = "over budget"  # it would be submitted, were there money left for it


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
    known: Known | None
    action: Action
    why: str
    chosen: bool
    lost: bool = False  # its finished clip is neither here nor at the service any more

    @property
    def moved_from(self) -> int | None:
        """The row in which it stood when it was last taken in; None where it stands there still."""
        if self.known is None or self.known.row == self.planned.row:
            return None
        return self.known.row

    @property
    def image_notes(self) -> str:
        """What will be done to its image before it is sent, or what is wrong with it."""
        path, order = self.planned.image_path, self.planned.order
        try:
            return "" if path is None else _fitting(path, order.size, order.framing)
        except ImageProblem as problem:
            return problem.what

    def wants_image(self, *, retry_failed: bool) -> bool:
        """Tell whether a run has to fetch its image before it can buy it."""
        action = self.with_retry if retry_failed else self.action
        return self.planned.unfetched and self.chosen and action is Action.SUBMIT

    @property
    def with_retry(self) -> Action:
        """What a run would do that takes up failed jobs, too."""
        if self.action is not Action.FAILED or self.known is None:
            return self.action
        return Action.ADOPT if id_is_alive(self.known.job) else Action.SUBMIT


@dataclass(frozen=True, slots=True)
class Gone:
    """A job of the ledger whose row is not in the manifest any more."""

    known: Known


def meet(
    manifest: Manifest,
    records: Records,
    folder: Path,
    choice: Choice,
    now: datetime,
    *,
    buying: bool = True,
) -> Iterator[Met | Gone | Problem]:
    """Compare a manifest with a run folder's ledger, job by job, in memory that does not grow.

    What would keep a job from being sent is no problem where nothing is to be bought.
    """
    is_blank = records.is_blank()  # then nothing need be looked up
    recall = partial(recall_fetched if is_blank else recall_image, records, folder)
    choice = choice.draw(it for it in manifest.jobs(recall) if isinstance(it, Planned))
    placed_before = records.count_placed()
    has_videos = any(islice((folder / "videos").glob("*"), 1))
    with Seen(manifest.path) as seen:
        meeting = _Meeting(
            manifest.path, records, folder, choice, now, seen, is_blank, has_videos, buying
        )
        for batch in batches(manifest.jobs(recall)):
            yield from meeting.meet(batch)
        if meeting.met_again < placed_before:
            yield from _gone(records, seen)


def _gone(records: Records, seen: Seen) -> Iterator[Gone]:
    for keys in records.placed():
        if left := set(keys) - seen.has(keys):
            gone = records.find(left).values()
            yield from map(Gone, sorted(gone, key=lambda it: it.row or 0))


def _is_to_be_sent(known: Known | None) -> bool:
    return known is None or known.is_untouched or known.job.state is State.PENDING


def _is_loose(known: Known | None) -> bool:
    """Tell whether a job has no path of its own yet: nothing of it was ever sent."""
    return known is None or known.is_untouched


T = TypeVar("T")


def batches(asked: Iterable[T]) -> Iterator[list[T]]:
    """Hand a stream on in lists of `BATCH`."""
    rest = iter(asked)
    while batch := list(islice(rest, BATCH)):
        yield batch


@dataclass(slots=True)
class _Meeting:
    """A manifest's way past a ledger, a batch at a time."""

    manifest: Path
    records: Records
    folder: Path
    choice: Choice
    now: datetime
    seen: Seen
    is_blank: bool  # no job was ever recorded
    has_videos: bool  # some files may be in the way of new ones
    buying: bool
    position: int = 0
    met_again: int = 0  # jobs that had a place in the manifest, and have one still

    def meet(self, batch: Sequence[Planned | Problem]) -> Iterator[Met | Problem]:
        """Say of each job what a run would do, and all that is wrong, in the order of the rows."""
        jobs = [it for it in batch if isinstance(it, Planned)]
        near = range(self.position, self.position + len(jobs))
        self.position = near.stop
        placed = self.seen.named(list(zip(near, jobs, strict=True)))
        known = {} if self.is_blank else self.records.find((it.key for it in jobs), near)
        clashes = self.seen.clashes(placed)
        settled = iter(placed.jobs if self.is_blank else self._settle(placed.jobs, known))
        for it in batch:
            if isinstance(it, Problem):
                yield it
                continue
            at, planned = next(settled)
            before = known.get(planned.key)
            self.met_again += before is not None and before.row is not None
            yield from clashes.get(at, ())
            chosen = self.choice.takes(at, planned)
            if chosen and self.buying and _is_to_be_sent(before):
                # an image that is not to be sent now need not be there now
                yield from self.problems(planned, before)
            yield self.met(at, planned, before, chosen=chosen)

    def _settle(self, jobs: Sequence[Placed], known: Mapping[str, Known]) -> Iterator[Placed]:
        """Say where clips go: those of jobs that were begun stay, others step aside for them."""
        loose = (it for _, it in jobs if _is_loose(known.get(it.key)))
        taken = self.records.outputs_in_use(fold_path(it.output) for it in loose)
        for at, planned in jobs:
            before = known.get(planned.key)
            if before is not None and not _is_loose(before):
                yield at, replace(planned, output=before.output)
            elif fold_path(planned.output) in taken:
                yield at, replace(planned, output=self._aside(at, planned))
            else:
                yield at, planned

    def _aside(self, position: int, planned: Planned) -> str:
        """Find a path beside the one that is taken, which is nobody's."""
        stem, _, suffix = planned.output.rpartition(".")
        names = (f"{stem}-{planned.key[:digits]}.{suffix}" for digits in (8, 16, 32))
        return next(
            name
            for name in names
            if not self.records.outputs_in_use([fold_path(name)])
            and self.seen.aside(position, planned, name)
        )

    def met(self, position: int, planned: Planned, known: Known | None, *, chosen: bool) -> Met:
        """Say what a run would do with a job, and why."""
        if known is None:
            return Met(position, planned, None, Action.SUBMIT, self._news(planned), chosen)
        action, why, lost = self._standing(known)
        if planned.unfetched and action is Action.SUBMIT:
            why = "image not fetched"
        return Met(position, planned, known, action, why, chosen, lost)

    def _news(self, planned: Planned) -> str:
        """Say what makes it a new job: nothing like it was there, or it says something else now."""
        unknown = "image not fetched" if planned.unfetched else ""
        before = None
        if planned.explicit_id and not self.is_blank:
            before = self.records.last_named(planned.id, planned.order.take)
        if before is None:
            return unknown or "new"
        now, was = planned.order, before.job.order
        if unknown and now.image and was.image and now.image.written == was.image.written:
            now = replace(now, image=was.image)  # its bytes may be the same, or not
        return "; ".join(filter(None, [unknown, *changes(was, now)])) or "new"

    def _standing(self, known: Known) -> tuple[Action, str, bool]:
        if known.is_untouched:
            return Action.SUBMIT, _UNTOUCHED, False
        job = known.job
        action = _ACTIONS[job.state]
        if job.kept_clip is None or (self.folder / job.kept_clip.file).exists():
            return action, _why(job), False
        if job.expires_at is not None and job.expires_at <= self.now:
            return action, FILE_MISSING_HINT, True
        return Action.DOWNLOAD, "its file was removed here; it is fetched again", False

    def problems(self, planned: Planned, known: Known | None) -> Iterator[Problem]:
        """Say what is wrong with a job that is still to be submitted."""
        if planned.image_problem:
            yield self._problem(planned, planned.image_problem, planned.image_mend)
        elif planned.image_path is not None:
            try:
                _fitting(planned.image_path, planned.order.size, planned.order.framing)
            except ImageProblem as problem:
                image = planned.order.image.written if planned.order.image else ""
                yield self._problem(planned, f"{visible(image)}: {problem.what}", problem.mend)
        if not self.has_videos or not _is_loose(known):
            return
        if fault := _in_the_way(self.folder, planned.output.rpartition("/")[0]):
            yield self._problem(planned, *fault)
        elif os.path.lexists(f"{self.folder}/{planned.output}"):  # a Path costs as much as a job
            what = f"{planned.output} is there already, and no job of this run folder made it"
            mend = "move it away, or choose another output or id"
            # unless an older job made it: then the new clip steps aside
            if self.records.owner_of_output(fold_path(planned.output)) is None:
                yield self._problem(planned, what, mend)

    def _problem(self, planned: Planned, what: str, mend: str) -> Problem:
        file = planned.written_in(self.manifest)
        return Problem(what, mend, file, planned.line, planned.row)


@lru_cache(maxsize=1024)
def _in_the_way(folder: Path, below: str) -> tuple[str, str] | None:
    """Say why a clip can't go into a folder below ``videos``, and how to mend it."""
    where = PurePosixPath(below)
    for part in (where, *where.parents)[:-2]:  # `videos` itself may lie elsewhere
        path = folder / part
        if path.is_symlink():
            what = f"{visible(str(part))} is a link: the clip would go where it leads"
            return what, "choose another output, or put a folder there"
        if path.exists() and not path.is_dir():
            what = f"{visible(str(part))} is a file, where the output wants a folder"
            return what, "choose another output, or move the file away"
    return None


def _why(job: Job) -> str:
    """Say why a known job stands where it does."""
    fault = job.fault.message if job.fault is not None else ""
    match job.state:
        case State.PENDING:
            before = f"bought before, {job.purchases} times; " if job.purchases > 1 else ""
            before = "bought before; " if job.purchases == 1 else before
            return before + (f"put off: {fault}" if fault else _UNTOUCHED)
        case State.RUNNING:
            return f"at the service as {job.video_id}"
        case State.RENDERED:
            return "finished at the service, not here yet"
        case State.FAILED:
            return f"{job.reason}: {fault}" if fault else str(job.reason)
        case State.SUBMITTING | State.IN_DOUBT:
            return fault or "its request was on the wire when batchsora ended"
        case State.DONE:
            return job.hint


@lru_cache(maxsize=4096)
def _fitting(path: Path, size: Size, framing: Framing) -> str:
    """Say what will be done to an image; raises ImageProblem."""
    return ", ".join(fitted_notes(inspect_image(path), size, framing))
