from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux has it; elsewhere it is the disk


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder in memory: nothing here is about the disk, and a campaign syncs it often."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)
