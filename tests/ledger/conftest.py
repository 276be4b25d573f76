"""A run folder's ledger, and places where files are refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from batchsora.ledger import opening
from batchsora.ledger.ledger import Ledger

from .stories import opened

NOBODY = 65534


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Keep a claimed ledger open, without a job in it."""
    with opened(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for other programs for an instant only."""
    monkeypatch.setattr(opening, "BUSY_S", 0.01)


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """Make a folder that a person without rights can reach."""
    folder = Path(tempfile.mkdtemp(prefix="batchsora-test-"))
    folder.chmod(0o755)
    yield folder
    for each in (folder, *folder.rglob("*/")):
        each.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def without_rights() -> Callable[[], AbstractContextManager[None]]:
    """Step down from root, for whom no file is read-only."""

    @contextmanager
    def step_down() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return step_down


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 512 kB."""
    with mounted(tmp_path / "disk", "512k") as disk:
        yield disk


@contextmanager
def mounted(disk: Path, size: str) -> Iterator[Path]:
    """Mount a disk of that size, in memory; the test is skipped where that can't be done."""
    disk.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("not shown: a small disk can't be mounted here: there is no mount")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"not shown: a small disk can't be mounted here: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)
