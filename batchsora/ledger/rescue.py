"""The rescue file: ids of paid videos that the ledger's disk would not take."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A paid video that belongs to a job of one ledger."""

    identity: str  # the ledger's
    key: str  # the job's
    video_id: str


def put_aside(file: Path, found: Found) -> None:
    """Append a find, durably; raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, (json.dumps(asdict(found)) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read(file: Path) -> Iterator[Found]:
    """Read every find back; a line that a crash cut off is passed over."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield Found(**json.loads(line))
        except (ValueError, TypeError):
            continue
