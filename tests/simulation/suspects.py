"""Mutants that a crash at some await shows; each is looked at in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from kills.mutants import Mutant, Patch
from kills.mutations import MUTANTS
from kills.promises import Broken

SEED = 2
TESTS = Path(__file__).parents[1]
SCRIPT = """
import logging, sys
from simulation.crashes import check_sample
from simulation.plot import PLOTS
logging.disable()
check_sample(PLOTS[sys.argv[1]], seed=int(sys.argv[2]))
"""

Check = Callable[[Path, Path], None]


def _mutant(name: str, was: str, now: str) -> Mutant:
    return Mutant(name, (Patch(was, now),), ())


_SOMETHING_SLOW = "for _ in range(5): await run.offload(lambda: None)"
_RECORD = (
    "        job = _settle(job, run, tries, video, verdict)\n    await heed(run, run.gates.submit"
)
AWAIT_BEFORE_THE_RECORD = _mutant(
    "an await between an answer and its record", _RECORD, f"        {_SOMETHING_SLOW}\n{_RECORD}"
)
_NAMED = "                if await run.offload(lambda: finish(run.folder, checked)):\n"
_KEPT = "run.record(job, Event.DOWNLOAD_KEPT)"
KEPT_TOO_EARLY = _mutant(
    "a clip kept before it has its name",
    f"{_NAMED}                    return {_KEPT}, verdict\n",
    f"                job = {_KEPT}\n"
    f"                {_SOMETHING_SLOW}\n"
    f"{_NAMED}                    return job, verdict\n",
)
_BY_NAME = {it.name: it for it in MUTANTS}
NO_INTENT, SENDS_AGAIN = _BY_NAME["no intent"], _BY_NAME["recovery sends again"]
NO_OWNER = _BY_NAME["adoption without a look at owners"]


def check_package(package: Path, home: Path, plot: str) -> None:
    """Kill the runner of a package at one await after the other, until a promise is broken."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, plot, str(SEED)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{package}{os.pathsep}{TESTS}"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Broken(done.stderr)


def _check(kind: str, *, listed: bool) -> Check:
    return partial(check_package, plot=f"{kind} {'with' if listed else 'without'} a list")


TROUBLED, CROWDED = "a troubled service", "a crowded wire"
CAUGHT = [  # the mutant, the check, and what the check says
    pytest.param(NO_INTENT, _check(CROWDED, listed=False), "intents are on disk", id="no intent"),
    pytest.param(SENDS_AGAIN, _check(CROWDED, listed=False), "bought twice", id="sends again"),
    pytest.param(
        AWAIT_BEFORE_THE_RECORD,
        _check(TROUBLED, listed=False),
        "requests on the wire",
        id="an await before the record",
    ),
    pytest.param(NO_OWNER, _check(TROUBLED, listed=True), "exit code 9", id="no owner"),
    pytest.param(KEPT_TOO_EARLY, _check(TROUBLED, listed=False), "the clip ", id="kept too early"),
]
