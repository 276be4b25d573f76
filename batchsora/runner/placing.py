"""Putting a clip into its place: whole, checked, synced, and never over somebody else's file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsora.job import Clip, Job
from batchsora.media.clips import ClipDamaged, check_clip, clip_hint, hash_file


@dataclass(frozen=True, slots=True)
class Kept:
    """A clip in its place, and what is worth saying of it."""

    clip: Clip
    hint: str


class Partial:
    """A clip on its way: a file of its own in ``work/partial`` that nobody takes for a clip."""

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / "work" / "partial" / f"{key}.part"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(self.path, flags, 0o644), "wb")

    @property
    def write(self) -> Callable[[bytes], object]:
        """What takes the bytes as they come."""
        return self._file.write

    def sync(self) -> None:
        """See to it that the bytes are on the disk, and close the file."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def already_there(folder: Path, job: Job) -> Kept | None:
    """Find the clip where a crash came between its rename and its record."""
    try:
        return _checked(folder / job.output, job.output, job)
    except (ClipDamaged, OSError):
        return None


def put_in_place(folder: Path, job: Job, partial: Partial) -> Kept:
    """Check a downloaded clip and give it its name, durably; blocks, so call it in a thread.

    Raises ClipDamaged for what is no whole clip, and OSError where the disk refuses.
    """
    partial.sync()
    output = _free_output(folder, job)
    kept = _checked(partial.path, output, job)
    target = folder / output
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.path.rename(target)
    _sync_folder(target.parent)
    return kept


def _free_output(folder: Path, job: Job) -> str:
    """Step aside for a file that appeared in the clip's place since the plan."""
    if not (folder / job.output).exists():
        return job.output
    stem, _, suffix = job.output.rpartition(".")
    return f"{stem}-{job.key[:8]}.{suffix}"


def _checked(path: Path, output: str, job: Job) -> Kept:
    facts = check_clip(path)
    hint = clip_hint(facts, seconds=job.order.seconds, size=job.order.size)
    return Kept(Clip(output, facts.bytes, hash_file(path)), hint or "")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
