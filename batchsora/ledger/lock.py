"""One writer a run folder: a lock that the kernel drops when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsora.errors import LedgerError


class RunLock:
    """Held for as long as a process may write to a run folder.

    Raises LedgerError when somebody else holds it. The file stays behind: to remove it would let
    two holders lock two files of one name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not self._acquire():
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise LedgerError(
                f"another batchsora (process {holder or '?'}) is working on {path.parent.parent}",
                "wait for it or stop it; `batchsora status --watch` shows what it does",
            )
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def _acquire(self) -> bool:
        # a `status` that looks whether we are there holds the lock for an instant: ask again
        for wait_s in (0.05, 0.05, 0):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(wait_s)
            else:
                return True
        return False

    def close(self) -> None:
        """Let the next one in."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()


def is_locked(path: Path) -> bool:
    """Tell whether a run is going on, without getting into its way for longer than that takes."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
