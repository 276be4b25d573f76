"""A file that is replaced whole, or not at all."""

from __future__ import annotations

import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TextIO

from batchsora.ledger.durable import sync_folder


@contextmanager
def written_beside(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Open a new text beside `path`, which it replaces at the end; left by an error, it is gone.

    Line ends are written as given, and half a surrogate pair, which UTF-8 cannot say, as JSON's
    escape of it. Raises OSError, the old file being whole.
    """
    beside, held = _hold_one_beside(path)
    with os.fdopen(held, "w", encoding=encoding, errors="backslashreplace", newline="") as file:
        try:
            _sweep(path)
            yield file
            file.flush()
            os.fsync(held)
            beside.replace(path)  # while it is held: nobody else takes it for a left one
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def _hold_one_beside(path: Path) -> tuple[Path, int]:
    """Open a file beside `path` that no living writer has: a report may be asked for during a run.

    It is empty, and locked until it is closed; the kernel lets go of it when we die.
    """
    numbers = count(1)
    while True:
        beside = path.with_name(f".{path.name}.{next(numbers)}.part")
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        if _is_ours_now(file, beside):
            os.ftruncate(file, 0)
            return beside, file
        os.close(file)


def _is_ours_now(file: int, path: Path) -> bool:
    """Lock a file, and tell whether it is still the one that has this name."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file), path.lstat())
    except OSError:  # somebody else has it, or has just removed it
        return False


def _sweep(path: Path) -> None:
    """Remove what killed writers of this file have left."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):
            file = os.open(left, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                if _is_ours_now(file, left):
                    left.unlink()
            finally:
                os.close(file)
