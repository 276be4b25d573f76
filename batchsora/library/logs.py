"""run.log: what happened, as JSON Lines, for whoever looks into it later."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batchsora.clock import stamp
from batchsora.errors import UsageError
from batchsora.runner.progress import Told


class RunLog(AbstractContextManager["RunLog"]):
    """A log that grows from session to session. No key comes near it."""

    def __init__(self, path: Path) -> None:
        """Open it for appending; raises UsageError where that can't be."""
        self.path = path
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            self._file = os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8")
        except OSError as error:
            what = f"the log {path} can't be written: {error.strerror}"
            raise UsageError(what, "choose another file with --log-file") from error

    def tell(self, told: Told) -> None:
        """Write an event down."""
        line = json.dumps(event_of(told), ensure_ascii=False)
        try:
            self._file.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
            self._file.flush()
        except OSError:  # a full disk: what matters is in the ledger, which kept room for it
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError:
            return


def event_of(told: Told) -> dict[str, Any]:
    """Write an event for a program."""
    event: dict[str, Any] = {"at": stamp(told.at), "event": told.what}
    if told.job is not None:
        job = told.job
        event |= {"job": job.name, "key": job.key, "state": job.state.value}
        event |= {"video_id": job.video_id} if job.video_id else {}
        event |= {"reason": job.reason.value} if job.reason else {}
        event |= {"file": job.kept_clip.file} if job.kept_clip else {}
    if told.fault is not None:
        event |= {"code": told.fault.code, "message": told.fault.message}
    elif told.message:
        event["message"] = told.message
    return event
