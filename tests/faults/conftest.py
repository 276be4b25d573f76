"""Places for faults. Wherever one struck, the key is nowhere in what it left."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from door.canary import see_no_key
from door.door import Desk

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux has it; elsewhere it is the disk


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder in memory for a run on a clock that jumps."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)
        see_no_key(Path(name))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an empty folder and a shell."""
    folder = tmp_path / "desk"
    folder.mkdir()
    yield Desk(folder)
    see_no_key(folder)
