"""A small campaign of jobs with a prompt each, its runner, and its ledger as a crash left it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .outside import BATCHSORA, BETWEEN_LOOKS_S, PATIENCE_S, SHIPPED, started
from .promises import DONE, Broken, LedgerDamaged
from .warm import run_warm

SIZES = ("720x1280", "1280x720")  # in turn, so that a clip in its neighbour's place shows


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

    def __init__(
        self,
        package: Path,
        home: Path,
        *options: str,
        jobs: int,
        folder: Path | None = None,
        warm: bool = False,
    ) -> None:
        """Write the manifest; `warm` is for the shipped package only, and saves its imports."""
        self.folder = folder or home / "run"
        self.ledger = self.folder / "ledger.db"
        self.log = self.folder / "run.log"
        self.prompts = tuple(f"Scene {number:02}" for number in range(jobs))
        self._package = package
        self._home = home
        self._warm = warm and package == SHIPPED
        self._said = home / "said.txt"
        self._said.touch()
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
        return self._finish("run", str(self._manifest), *self._options)

    def run_traced(self, tracer: Sequence[str]) -> int:
        """Run under a tracer until the runner leaves, or is killed; returns its exit code."""
        words = ("run", str(self._manifest), *self._options)
        return run_warm(words, home=self._home, said=self._said, tracer=tracer)

    def resolve(self, jobs: Sequence[str], *how: str) -> None:
        """Say what became of jobs in doubt, as a person would."""
        if self._finish("resolve", str(self.folder), *jobs, *how) != DONE:
            raise Broken(f"resolve {jobs} {how}: {self.said()}")

    def _finish(self, *words: str) -> int:
        if self._warm:
            return run_warm(words, home=self._home, said=self._said)
        with self._start([*BATCHSORA, *words]) as process:
            return process.wait(PATIENCE_S)

    def _start(self, command: list[str]) -> AbstractContextManager[subprocess.Popen[str]]:
        return started(
            command,
            package=self._package,
            home=self._home,
            said=self._said,
            stdout=subprocess.DEVNULL,
        )

    def said(self, lines: int = 8) -> str:
        """Return the last words of everything that was run so far."""
        return "\n".join(self._said.read_text("utf-8").splitlines()[-lines:])

    def events(self) -> Iterator[dict[str, Any]]:
        """Read what its runners told with `--progress json`, up to the last whole line."""
        *lines, _ = self._said.read_text("utf-8").split("\n")
        return (json.loads(it) for it in lines if it.startswith("{"))

    def wait_for_work(self, runner: subprocess.Popen[str]) -> None:
        """Wait until this runner has the run folder for itself, or is no more."""
        lock = self.folder / "work" / "lock"
        while runner.poll() is None:
            if lock.is_file() and lock.read_text().strip() == str(runner.pid):
                return
            time.sleep(BETWEEN_LOOKS_S)

    def noted(self) -> tuple[Noted, ...]:
        """Read the ledger when nobody has it open; nothing, if it was killed before it was made."""
        return noted_in(self.folder)

    def faults_of_doubts(self) -> Counter[str]:
        """Count all doubts that ever came up, by what the ledger has for their reason."""
        asked = "select json_extract(detail, '$.code') from events where event = 'submit_lost'"
        return Counter(code for (code,) in _ask_copy(self.folder, asked))


def _row(number: int, prompt: str) -> str:
    return f"  - {{id: job-{number:02}, prompt: {prompt}, size: {SIZES[number % len(SIZES)]}}}\n"


def noted_in(run_folder: Path) -> tuple[Noted, ...]:
    """Read a ledger that nobody has open; nothing, if it was killed before it was made."""
    names = ", ".join(Noted.__slots__)
    rows = _ask_copy(run_folder, f"select {names} from jobs order by id")  # noqa: S608 - our own names
    return tuple(Noted(*row) for row in rows)


def _ask_copy(run_folder: Path, sql: str) -> list[Any]:
    """Ask a copy of a ledger, so that it stays as it was left."""
    with tempfile.TemporaryDirectory() as folder:
        for file in run_folder.glob("ledger.db*"):
            shutil.copy(file, folder)
        return _ask(Path(folder) / "ledger.db", sql)


def _ask(file: Path, sql: str) -> list[Any]:
    ledger = sqlite3.connect(file)  # a journal that is still hot is rolled back, as on any opening
    try:
        (integrity,) = ledger.execute("pragma integrity_check").fetchone()
        if integrity != "ok":
            raise LedgerDamaged(f"the ledger is damaged: {integrity}")
        if not ledger.execute("select 1 from sqlite_schema where name = 'jobs'").fetchone():
            return []
        return ledger.execute(sql).fetchall()
    finally:
        ledger.close()
