"""A small campaign of jobs with a prompt each, its runner, and its ledger as a crash left it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from .outside import BATCHSORA, PATIENCE_S, started
from .promises import Broken

SIZES = ("720x1280", "1280x720")  # in turn, so that a clip in its neighbour's place shows
BETWEEN_LOOKS_S = 0.005


@dataclass(frozen=True, slots=True)
class Noted:
    """What the ledger's file says of one job."""

    id: str
    prompt: str
    seconds: int
    size: str
    state: str
    attempts: int
    purchases: int
    video_id: str | None
    file: str | None
    bytes: int | None
    sha256: str | None

    @property
    def open(self) -> bool:
        """Tell whether nobody here knows what became of its submission."""
        return self.state in {"submitting", "in_doubt"}


class Campaign:
    """One manifest and its run folder; the runner is that of the package in a given folder."""

    def __init__(self, package: Path, home: Path, *options: str, jobs: int) -> None:
        self.folder = home / "run"
        self.ledger = self.folder / "ledger.db"
        self.prompts = tuple(f"Scene {number:02}" for number in range(jobs))
        self._package = package
        self._home = home
        self._said = home / "said.txt"
        self._manifest = home / "scenes.yaml"
        self._manifest.write_text("rows:\n" + "".join(map(_row, range(jobs), self.prompts)))
        self._options = (
            *("-o", str(self.folder)),
            *("--max-doubts", "1000"),
            *("--settle", "0.5"),
            *("--poll-interval", "0.2"),
            *options,
        )

    def runner(self, under: Sequence[str] = ()) -> AbstractContextManager[subprocess.Popen[str]]:
        """Start the runner, under another program if one is named."""
        return self._start([*under, *BATCHSORA, "run", str(self._manifest), *self._options])

    def run(self) -> int:
        """Run until the runner leaves; returns its exit code."""
        with self.runner() as runner:
            return runner.wait(PATIENCE_S)

    def resolve(self, jobs: Sequence[str], *how: str) -> None:
        """Say what became of jobs in doubt, as a person would."""
        command = [*BATCHSORA, "resolve", str(self.folder), *jobs, *how]
        with self._start(command) as process:
            if process.wait(PATIENCE_S) != 0:
                raise Broken(f"resolve {jobs} {how}: {self.said()}")

    def _start(self, command: list[str]) -> AbstractContextManager[subprocess.Popen[str]]:
        return started(
            command,
            package=self._package,
            home=self._home,
            said=self._said,
            stdout=subprocess.DEVNULL,
        )

    def said(self) -> str:
        """Return the last words of everything that was run so far."""
        return "\n".join(self._said.read_text("utf-8").splitlines()[-8:])

    def wait_for_work(self, runner: subprocess.Popen[str]) -> None:
        """Wait until this runner has the run folder for itself, or is no more."""
        lock = self.folder / "work" / "lock"
        while runner.poll() is None:
            if lock.is_file() and lock.read_text().strip() == str(runner.pid):
                return
            time.sleep(BETWEEN_LOOKS_S)

    def noted(self) -> tuple[Noted, ...]:
        """Read the ledger when nobody has it open."""
        return noted_in(self.folder)


def _row(number: int, prompt: str) -> str:
    return f"  - {{id: job-{number:02}, prompt: {prompt}, size: {SIZES[number % len(SIZES)]}}}\n"


def noted_in(run_folder: Path) -> tuple[Noted, ...]:
    """Read a ledger that nobody has open: in a copy, so that it stays as it was left."""
    with tempfile.TemporaryDirectory() as folder:
        for file in run_folder.glob("ledger.db*"):
            shutil.copy(file, folder)
        return _read(Path(folder) / "ledger.db")


def _read(file: Path) -> tuple[Noted, ...]:
    ledger = sqlite3.connect(file)  # a journal that is still hot is rolled back, as on any opening
    try:
        (integrity,) = ledger.execute("pragma integrity_check").fetchone()
        if integrity != "ok":
            raise Broken(f"the ledger is damaged: {integrity}")
        if not ledger.execute("select 1 from sqlite_schema where name = 'jobs'").fetchone():
            return ()  # killed before the ledger was made
        names = ", ".join(Noted.__slots__)
        rows = ledger.execute(f"select {names} from jobs order by id")  # noqa: S608 - our own names
        return tuple(Noted(*row) for row in rows)
    finally:
        ledger.close()
