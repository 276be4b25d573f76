"""A file that is replaced whole, or not at all."""

from __future__ import annotations

import fcntl
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from batchsora.ledger.durable import sync_folder
from batchsora.ledger.lock import is_locked


@contextmanager
def written_beside(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Open a new text beside `path`, which it replaces at the end; left by an error, it is gone.

    Line ends are written as given, and half a surrogate pair, which UTF-8 cannot say, as JSON's
    escape of it. Raises OSError, the old file being whole.
    """
    _sweep(path)
    # a name of its own: a report may be asked for while a run is writing one
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("x", encoding=encoding, errors="backslashreplace", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # the kernel lets go of it when we die
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def _sweep(path: Path) -> None:
    """Remove what killed writers of this file have left."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if not is_locked(left):
            left.unlink(missing_ok=True)
