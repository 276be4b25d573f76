"""A program's surroundings: a folder of its own, and nothing in the environment."""

import os
from pathlib import Path

import pytest
from door.door import Desk


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Give an empty folder, in which this process works and a shell is at hand."""
    folder = tmp_path / "desk"
    folder.mkdir()
    for name in os.environ:
        if name.startswith(("BATCHSORA_", "GPTPROTO_", "OPENAI_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
    return Desk(folder)
