"""The rescue file: ids of paid videos that the ledger's disk would not take."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from batchsora.ledger.durable import make_folder, sync_folder


@dataclass(frozen=True, slots=True)
class Found:
    """A paid video that belongs to a job of one ledger."""

    identity: str  # the ledger's
    key: str  # the job's
    video_id: str


def put_aside(file: Path, found: Found) -> None:
    """Append a find, durably; raises OSError."""
    # a line of its own, also behind one that a crash cut off
    line = f"\n{json.dumps(asdict(found))}\n".encode()
    make_folder(file.parent)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.write(handle, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(file.parent)


def read(file: Path) -> Iterator[Found]:
    """Read every find back; a line that a crash cut off is passed over. Raises OSError."""
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if (found := _parse(line)) is not None:
                yield found


def _parse(line: str) -> Found | None:
    try:
        found = Found(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return found if all(isinstance(it, str) for it in asdict(found).values()) else None
