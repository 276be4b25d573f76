"""The processes of these tests: the simulated service, the runner. Who starts one here ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import batchsora
from batchsora.simulator.state import SimulatorState

SHIPPED = Path(batchsora.__file__).parents[1]  # the folder that has the package in it
BATCHSORA = (sys.executable, "-m", "batchsora")
BETWEEN_LOOKS_S = 0.005
PATIENCE_S = 60.0  # after which a process is stuck, and the test with it


def environment_of(home: Path) -> dict[str, str]:
    """Return all that a process here is told of its surroundings."""
    path = os.environ["PATH"]
    return {"PATH": path, "HOME": str(home), "GPTPROTO_API_KEY": "sk-anything-long"}


@contextmanager
def started(
    command: Sequence[str], *, package: Path, home: Path, said: Path, **more: Any
) -> Iterator[subprocess.Popen[str]]:
    """Start a process that runs the package in that folder; it is ended when the block is left.

    What it says on stderr is appended to the file `said`.
    """
    environment = {**environment_of(home), "PYTHONPATH": str(package)}
    with said.open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stderr=file,
            text=True,
            start_new_session=True,  # a tracer and what it traces are ended as one
            **more,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True, slots=True)
class Record:
    """What the service knows, and nobody can make it forget."""

    creates: tuple[tuple[str, str], ...]  # the prompt and the id of every accepted create
    posts: int  # create requests that came, counted before they were read

    def ids(self, prompt: str) -> list[str]:
        """Return the videos that were made for a prompt."""
        return [video_id for made_for, video_id in self.creates if made_for == prompt]

    def since(self, before: Record) -> Record:
        """Return what came to be known since an earlier look."""
        return Record(self.creates[len(before.creates) :], self.posts - before.posts)


@contextmanager
def simulator(state: Path, story: str = "{}") -> Iterator[str]:
    """Run the simulated service, unpatched, as a process of its own; yields its URL."""
    state.mkdir(parents=True, exist_ok=True)
    scenario = state / "story.yaml"
    scenario.write_text(story)
    command = [*BATCHSORA, "simulate", "--port", "0", "--state", str(state)]
    with started(
        [*command, "--scenario", str(scenario)],
        package=SHIPPED,
        home=state,
        said=state / "said.txt",
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        with process.stdout as told:
            url = told.readline().strip()
            assert url, (state / "said.txt").read_text()
            yield url


def read_record(url: str) -> Record:
    """Ask a simulator for its record."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/simulator/record")
        return _record(json.load(connection.getresponse()))
    finally:
        connection.close()


def read_embedded(folder: Path) -> Record:
    """Read the record of the service that lived, and died, in the runner of a run folder."""
    return read_state(folder / "work" / "simulator")


def read_state(folder: Path) -> Record:
    """Read the record of a service out of its own folder."""
    state = SimulatorState(folder)
    try:
        return _record(state.record())
    finally:
        state.close()


def _record(told: dict[str, Any]) -> Record:
    """Take from a simulator's record what these tests look at."""
    creates = tuple((it["prompt"], it["id"]) for it in told["creates"])
    return Record(creates, sum(told["requests"].get("POST /v1/videos", {}).values()))
