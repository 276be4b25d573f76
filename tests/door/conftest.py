"""A desk for each test."""

from pathlib import Path

import pytest

from .door import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Give an empty folder and a shell."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(folder)
