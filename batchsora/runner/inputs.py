"""Images kept as they are sent: written before the purchase, and never over somebody's file."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from batchsora.job import Job
from batchsora.ledger.durable import make_folder, sync_folder
from batchsora.runner.placing import PARTIALS
from batchsora.service.client import Upload


def keep_input(folder: Path, job: Job, upload: Upload) -> None:
    """Keep what is sent of a job below ``inputs/``, named as its clip is; blocks.

    Where it is already, nothing is done. Raises OSError where the disk refuses.
    """
    stem = job.output.removeprefix("videos/").rpartition(".")[0]
    suffix = PurePath(upload.file_name).suffix
    aside = (f"{stem}-{job.key[:digits]}" for digits in (8, 16, 32))
    for name in (stem, *aside):
        target = folder / "inputs" / f"{name}{suffix}"
        if not os.path.lexists(target):
            _write(target, folder / PARTIALS / f"{job.key}.input.part", upload.content)
            return
        if _holds(target, upload.content):
            return
    raise FileExistsError(f"inputs/{stem}{suffix} is taken, and every name beside it")


def _holds(path: Path, content: bytes) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size != len(content):
        return False
    return path.read_bytes() == content


def _write(target: Path, partial: Path, content: bytes) -> None:
    """Write a file whole and durably; what is left of one that failed is removed."""
    make_folder(target.parent)
    partial.unlink(missing_ok=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(partial, flags, 0o644), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(target.parent)
