"""The program as a person meets it: commands in a shell, a service, what is left on the disk."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import batchsora
from batchsora.simulator import Scenario, serving

KEY = "sk-canary-5b1f00d-0123456789"
PATIENCE_S = 60.0
# the package that is imported here is the one that is run, wherever another one is installed
SURROUNDINGS = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(batchsora.__file__).parents[1])}
FAST = {"render_s": (0.1, 0.2), "clip": "tiny"}
QUICK = ("--rate", "100/1s", "--burst", "20")  # nobody waits for a rate here


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a manifest in it, and a shell."""

    folder: Path

    def writes(self, text: str, name: str = "work.yaml") -> Path:
        """Write a manifest, or another file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def writes_rows(self, *prompts: str, head: str = "") -> Path:
        """Write a manifest with a row for each prompt: its first word is the id."""
        rows = [f"  - {{id: {prompt.split()[0]}, prompt: {prompt}}}" for prompt in prompts]
        return self.writes("\n".join([head, "rows:", *rows, ""]))

    @property
    def run_folder(self) -> Path:
        """Where the manifest work.yaml runs."""
        return self.folder / "runs" / "work"

    def starts(
        self, *words: str, at: int | None = None, under: Sequence[str] = (), **variables: str
    ) -> subprocess.Popen[str]:
        """Start a command, `at` a terminal, `under` a program; whoever starts it ends it."""
        return subprocess.Popen(
            [*under, sys.executable, "-m", "batchsora", *words],
            cwd=self.folder,
            env={**SURROUNDINGS, "HOME": str(self.folder), **variables},
            stdin=subprocess.DEVNULL if at is None else at,
            stdout=subprocess.PIPE if at is None else at,
            stderr=subprocess.PIPE if at is None else at,
            start_new_session=at is not None,
            text=True,
        )

    def types(self, *words: str, under: Sequence[str] = (), **variables: str) -> Said:
        """Run a command to its end."""
        process = self.starts(*words, at=None, under=under, **variables)
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        return Said(process.returncode, out, err)

    def buys(self, url: str, *words: str, under: Sequence[str] = (), **variables: str) -> Said:
        """Run work.yaml against a service."""
        known = {"GPTPROTO_API_KEY": KEY, **variables}
        command = ("run", "work.yaml", "--base-url", url, *QUICK, *words)
        return self.types(*command, under=under, **known)

    def report_lines(self) -> list[dict[str, str]]:
        """Read the report: a line for each job."""
        path = self.run_folder / "report.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def report(self) -> dict[str, dict[str, str]]:
        """Read the report by its jobs' ids and takes."""
        return {_name(line): line for line in self.report_lines()}

    def statuses(self) -> dict[str, str]:
        """Say what the report says of each job."""
        return {name: line["status"] for name, line in self.report().items()}

    def states(self) -> Counter[str]:
        """Count the jobs in each state, as the ledger file has them."""
        with sqlite3.connect(self.run_folder / "ledger.db") as ledger:
            found = ledger.execute("select state, count(*) from jobs group by 1").fetchall()
        ledger.close()
        return Counter(dict(found))


def _name(line: dict[str, str]) -> str:
    return line["id"] if line["take"] == "1" else f"{line['id']}#{line['take']}"


@dataclass(frozen=True, slots=True)
class Service:
    """A simulated service that is listening."""

    url: str

    def record(self) -> dict[str, Any]:
        """Ask for its record."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/simulator/record")
            told: dict[str, Any] = json.load(connection.getresponse())
        finally:
            connection.close()
        return told

    def asked(self, route: str) -> Counter[str]:
        """Count the requests of a route, by the status of their answers."""
        return Counter(self.record()["requests"].get(route, {}))

    @property
    def creates(self) -> int:
        """How many create requests came."""
        return self.asked("POST /v1/videos").total()

    def bought(self) -> Counter[str]:
        """Count the accepted creates of each prompt."""
        return Counter(it["prompt"] for it in self.record()["creates"])


@contextmanager
def service(state: Path, **story: Any) -> Iterator[Service]:
    """Run the simulated service in a thread of its own."""
    ready = threading.Event()
    found: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(state, Scenario(**{**FAST, **story})) as url:
            found.append(url)
            ready.set()
            await closing.wait()

    closing = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield Service(found[0])
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join()
        loop.close()


def interrupt(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> Said:
    """Send a running command a signal, and wait for its end."""
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    return Said(process.returncode, out, err)
