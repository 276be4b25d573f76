"""Putting a clip into its place: whole, checked, synced, and never over somebody else's file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsora.errors import UsageError
from batchsora.job import Clip, Job
from batchsora.ledger.durable import make_folder, sync_folder
from batchsora.media.clips import check_clip, clip_hint, hash_file

PARTIALS = Path("work") / "partial"
REJECTED = Path("rejected")  # clips that were paid, and that somebody did not like
_PROBE = ".batchsora-"  # what `make_ready` writes for an instant; a kill may leave it


class Partial:
    """A clip on its way: a file of its own in ``work/partial`` that nobody takes for a clip.

    It is removed at the end, unless it was found whole: then only its name is still missing,
    and `finish` gives it that, in this session or the next.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._path = _partial_path(folder, key)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(self._path, flags, 0o644), "wb")
        self._whole = False

    @property
    def write(self) -> Callable[[bytes], object]:
        """What takes the bytes as they come."""
        return self._file.write

    def check(self, folder: Path, job: Job) -> tuple[Clip, str]:
        """Sync it, and say what clip it will be, and what is worth saying of it; blocks.

        Raises ClipDamaged for what is no whole clip, and OSError where the disk refuses.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        facts = check_clip(self._path)
        hint = clip_hint(facts, seconds=job.order.seconds, size=job.order.size)
        clip = Clip(_free_output(folder, job), facts.bytes, hash_file(self._path))
        self._whole = True
        return clip, hint or ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._file.close()
        if not self._whole:
            self._path.unlink(missing_ok=True)


def is_in_place(folder: Path, job: Job) -> bool:
    """Tell whether a job's clip is where it should be, byte for byte; blocks."""
    return job.clip is not None and _holds(folder / job.clip.file, job.clip)


def finish(folder: Path, job: Job) -> bool:
    """Give a checked clip its name, durably, or see that it has it; blocks.

    False where the clip is neither in its place nor still in ``work/partial``: what stands in its
    place may be anybody's. Raises OSError where the disk refuses.
    """
    if job.clip is None:
        return False
    target, partial = folder / job.clip.file, _partial_path(folder, job.key)
    if _holds(target, job.clip):  # a crash came between its name and the record of it
        partial.unlink(missing_ok=True)
        return True
    if target.exists() or not _holds(partial, job.clip):
        return False
    make_folder(target.parent)
    partial.rename(target)
    sync_folder(target.parent)
    return True


@contextmanager
def setting_aside(folder: Path, jobs: Sequence[Job]) -> Iterator[None]:
    """Move clips that a person rejected to ``rejected/``: they are paid, and stay; blocks.

    Those that are not there any more are left out. Where the block fails they are put back. Raises
    OSError where the disk refuses.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for job in jobs:
            if job.clip is not None and (folder / job.clip.file).is_file():
                place, aside = folder / job.clip.file, _aside(folder, job.clip)
                make_folder(aside.parent)
                place.rename(aside)
                moved.append((place, aside))
                sync_folder(aside.parent)
        yield
    except BaseException:
        for place, aside in moved:
            aside.rename(place)
        raise


def _aside(folder: Path, clip: Clip) -> Path:
    """Name a free place for a rejected clip: nothing that is there is written over."""
    stem, _, suffix = clip.file.removeprefix("videos/").rpartition(".")
    names = (f"{stem}-{clip.sha256[:digits]}.{suffix}" for digits in (8, 16, 64))
    for aside in (folder / REJECTED / name for name in names):
        if not os.path.lexists(aside):
            return aside
    raise FileExistsError(f"{REJECTED}/{stem}.{suffix} is taken, and every name beside it")


def make_ready(folder: Path) -> None:
    """See, before anything is bought, that clips can be kept here; raises OSError, UsageError."""
    videos, partials = folder / "videos", folder / PARTIALS
    for each in (videos, partials):
        make_folder(each)
        for left in each.glob(f"{_PROBE}*"):
            left.unlink()
        with tempfile.NamedTemporaryFile(dir=each, prefix=_PROBE):
            pass
    if videos.stat().st_dev != partials.stat().st_dev:
        what = f"{videos} is on another disk than {partials}: no clip could be moved there whole"
        raise UsageError(what, "move the whole run folder to that disk, and name it with --out-dir")


def sweep(folder: Path, still_wanted: Callable[[str], bool]) -> None:
    """Remove what killed downloads left, but for the partials of these keys."""
    left: Iterable[Path] = (folder / PARTIALS).glob("*.part")
    for path in left:
        if not still_wanted(path.stem):
            path.unlink(missing_ok=True)


def _partial_path(folder: Path, key: str) -> Path:
    return folder / PARTIALS / f"{key}.part"


def _holds(path: Path, clip: Clip) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size != clip.bytes:
        return False
    return hash_file(path) == clip.sha256


def _free_output(folder: Path, job: Job) -> str:
    """Step aside for a file that appeared in the clip's place since the plan."""
    stem, _, suffix = job.output.rpartition(".")
    aside = (f"{stem}-{job.key[:digits]}.{suffix}" for digits in (8, 16, 32))
    for output in (job.output, *aside):
        if not os.path.lexists(folder / output):
            return output
    raise FileExistsError(f"{job.output} is taken, and every name beside it")
