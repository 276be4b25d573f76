"""A folder of manifests, and what is read from them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from batchsora.errors import ManifestRefusedError, Problem
from batchsora.manifest import Planned, open_manifest

PICTURES = Path(__file__).parents[2] / "manifests" / "images"

Read = Callable[[str, str | bytes], list[Planned]]
Told = Callable[[str, str | bytes], list[str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a photograph the working folder, so that messages have short paths."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(PICTURES / "cat.png", tmp_path / "cat.png")
    return tmp_path


@pytest.fixture
def read() -> Read:
    """Read a manifest that must have no problem."""

    def read_jobs(name: str, content: str | bytes) -> list[Planned]:
        found = list(open_manifest(write(name, content)).jobs())
        assert [problem for problem in found if isinstance(problem, Problem)] == []
        return [job for job in found if isinstance(job, Planned)]

    return read_jobs


@pytest.fixture
def told() -> Told:
    """Read a manifest for its problems, each as `place: what | mend`."""
    return lambda name, content: [said(problem) for problem in problems_of(write(name, content))]


def write(name: str, content: str | bytes) -> Path:
    """Write a file as it is, its line ends untouched."""
    path = Path(name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems_of(path: Path, encoding: str = "utf-8") -> list[Problem]:
    """Open and read a manifest for its problems alone."""
    try:
        manifest = open_manifest(path, encoding=encoding)
    except ManifestRefusedError as refused:
        return list(refused.problems)
    return [found for found in manifest.jobs() if isinstance(found, Problem)]


def said(problem: Problem) -> str:
    """Write a problem on one line: place, what, mend."""
    return f"{problem.place}: {problem.what} | {problem.mend}"
