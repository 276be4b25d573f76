"""One writer a run folder: a lock that the kernel drops when its holder dies, however it dies."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from batchsora.errors import LedgerError

_HOLDER_BYTES = 16  # a process number


class RunLock:
    """Held for as long as a process may write to a run folder.

    Raises LedgerError when somebody else holds it, and OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _open(path)
        try:
            self._acquire()
            # as long each time, so that on a full disk it finds the place of the one before
            os.pwrite(self._file, f"{os.getpid():<{_HOLDER_BYTES - 1}}\n".encode(), 0)
        except BaseException:
            os.close(self._file)
            raise

    def _acquire(self) -> None:
        # a `status` that looks whether we are there holds the lock for an instant, and a holder
        # that leaves no trace takes the file away: ask again
        for wait_s in (0.05, 0.05, 0):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(wait_s)
            else:
                if self._is_in_place():
                    return
                os.close(self._file)
                self._file = _open(self.path)
        raise self._held()

    def _is_in_place(self) -> bool:
        """Tell whether the file locked still has its name: else two may hold two of one name."""
        try:
            return os.path.samestat(os.fstat(self._file), os.lstat(self.path))
        except FileNotFoundError:
            return False

    def _held(self) -> LedgerError:
        holder = os.pread(self._file, _HOLDER_BYTES, 0).decode("ascii", "replace").strip()
        return LedgerError(
            f"another batchsora (process {holder or '?'}) is working on {self.path.parent.parent}",
            "wait for it or stop it; `batchsora status --watch` shows what it does",
        )

    def close(self) -> None:
        """Let the next one in."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        what = f"{path} is a symbolic link"
        raise LedgerError(what, "remove it: a lock must be a file of its own") from error


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
