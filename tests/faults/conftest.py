"""Places for faults. Wherever one struck, the key is nowhere in what it left."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from door.canary import see_no_key
from door.door import Desk
from ledger.conftest import mounted, plain_folder, without_rights

__all__ = ["plain_folder", "without_rights"]

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux has it; elsewhere it is the disk


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which simulated services share their tiny clips: they are all the same."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def folder(clips: Path) -> Iterator[Path]:
    """Give a folder in memory for a run on a clock that jumps."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        _share(clips, Path(name) / "simulator")
        yield Path(name)
        see_no_key(Path(name))


@pytest.fixture
def state(clips: Path, tmp_path: Path) -> Iterator[Path]:
    """Give a folder for the simulated service of a desk."""
    _share(clips, tmp_path / "state")
    yield tmp_path / "state"
    see_no_key(tmp_path / "state")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an empty folder and a shell."""
    folder = tmp_path / "desk"
    folder.mkdir()
    yield Desk(folder)
    see_no_key(folder)


@pytest.fixture
def roomy_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk on which there is room for a clip, and little more."""
    with mounted(tmp_path / "disk", "264m") as disk:
        yield disk


def _share(clips: Path, state: Path) -> None:
    state.mkdir()
    (state / "clips").symlink_to(clips)
