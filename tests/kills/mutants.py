"""Mutants: the shipped package with one promise taken out; the checks must see each of them.

A patch names no file: its text must stand exactly once in the whole package, wherever that is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from .boundaries import REQUEST_RECEIVED, check_boundary
from .lives import check_kills
from .order import check_order
from .outside import SHIPPED
from .rivals import check_rivals
from .traced import why_not
from .traps import check_each_sync

Check = Callable[[Path, Path], object]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A patch: a pattern, and what stands in its place."""

    name: str
    pattern: str
    instead: str


NO_INTENT = Mutant(
    "no intent",
    r"( +job = run\.record\(job, Event\.SUBMIT_STARTED\)\n)"
    r"( +video, verdict = await run\.service\.create\(.*\)\n)",
    r"\2\1",  # written down when the answer is there
)
NO_SYNC = Mutant("no sync", r"pragma synchronous = full", "pragma synchronous = off")
SENDS_AGAIN = Mutant(
    "recovery that sends again",
    r"Happening\(Event\.SUBMIT_LOST, self\.now\(\), fault=fault\)",
    "Happening(Event.SUBMIT_DEFERRED, self.now(), fault=fault)",
)
NO_LOCK = Mutant(
    "no lock", r"fcntl\.flock\(self\._file, fcntl\.LOCK_EX \| fcntl\.LOCK_NB\)", "pass"
)

TEN_KILLS: Check = partial(check_kills, listed=False, seed=4)
ON_RECEIPT: Check = partial(check_boundary, boundary=REQUEST_RECEIVED, listed=False)
RIVALS: Check = partial(check_rivals, seed=1)
SENT_AGAIN = "bought twice|the ledger says .*'pending'"  # or about to be, when it is looked at

needs_strace = pytest.mark.skipif(bool(why_not()), reason=why_not())
CAUGHT = [  # the mutant, the check, and what the check says
    pytest.param(NO_INTENT, TEN_KILLS, "intents are on disk", id="no intent, ten kills"),
    pytest.param(NO_INTENT, ON_RECEIPT, "intents are on disk", id="no intent, a kill on receipt"),
    pytest.param(NO_INTENT, check_order, "left before", id="no intent, order", marks=needs_strace),
    pytest.param(NO_SYNC, check_order, "were synced", id="no sync, order", marks=needs_strace),
    pytest.param(SENDS_AGAIN, TEN_KILLS, SENT_AGAIN, id="sends again, ten kills"),
    pytest.param(SENDS_AGAIN, ON_RECEIPT, "bought twice", id="sends again, a kill on receipt"),
    pytest.param(
        SENDS_AGAIN,
        check_each_sync,
        SENT_AGAIN,
        id="sends again, rehearsal",
        marks=needs_strace,
    ),
    pytest.param(NO_LOCK, RIVALS, "of two runners|it is not told", id="no lock, rivals"),
]


def patched(mutant: Mutant, folder: Path) -> Path:
    """Copy the shipped package into a folder and patch it there; returns the folder."""
    copy = folder / "batchsora"
    shutil.copytree(SHIPPED / "batchsora", copy, ignore=shutil.ignore_patterns("__pycache__"))
    found = {it: it.read_text("utf-8") for it in copy.rglob("*.py")}
    places = [it for it, text in found.items() for _ in re.finditer(mutant.pattern, text)]
    assert len(places) == 1, f"{mutant.name}: adapt the patch, its text stands at {places}"
    (place,) = places
    place.write_text(re.sub(mutant.pattern, mutant.instead, found[place]), "utf-8")
    _check_taken(folder)
    return folder


def _check_taken(folder: Path) -> None:
    """See that a process which is told to take the copy does so."""
    script = "import batchsora; print(batchsora.__file__)"
    taken = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(folder)},
        cwd=folder.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(taken.stdout.strip()).is_relative_to(folder), taken.stdout
