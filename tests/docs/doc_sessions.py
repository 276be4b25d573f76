"""Sessions as the pages show them: commands, their output, a Ctrl-C; a shell to play them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from doc_pages import ROOT, blocks, make_targets

PATIENCE_S = 60.0
BATCHSORA = (sys.executable, "-m", "batchsora")
SOONER = {"BATCHSORA_RATE": "4/1s"}  # nobody waits for a rate here

_CLOCK = re.compile(r"^\d\d:\d\d:\d\d (?=\S)")
_SPAN = re.compile(r"made in \S+( s)?")
_HEAD = re.compile(r" · \d+ \w+ \d{4}, \d\d:\d\d to \d\d:\d\d · took .*$")
_MOMENT = re.compile(
    r"^  (done|money|left): |^ {14}[\d,]+ (being sent|to fetch|at the service|waiting): "
)
_STANDS = re.compile(r"^\d+ (done|to fetch|at the service|waiting).*;.*")


@dataclass(slots=True)
class Step:
    """A command of a session, what is shown below it, and the code that it ends with."""

    command: str
    shown: list[str] = field(default_factory=list)
    interrupted_after: str | None = None
    code: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """A command that was really run."""

    step: Step
    code: int
    lines: list[str]


def steps(page: Path) -> list[Step]:
    """Read all sessions of a page, in order."""
    found: list[Step] = []
    for block in blocks(page):
        if block.info == "console":
            found.extend(_steps_in(block.text.splitlines()))
    return found


def _steps_in(lines: list[str]) -> Iterator[Step]:
    step = Step("")
    rest = iter(lines)
    for line in rest:
        if line == "$ echo $?":
            step.code = int(next(rest))
        elif line.startswith("$ "):
            if step.command:
                yield step
            step = Step(line.removeprefix("$ "))
        elif line == "^C":
            step.interrupted_after = step.shown[-1]
        else:
            step.shown.append(line)
    yield step


def news(lines: list[str]) -> set[str]:
    """Pick the lines that tell of a job, whenever it was and however long it took."""
    return {_SPAN.sub("made", _CLOCK.sub("", line)) for line in lines if _CLOCK.match(line)}


def result(lines: list[str], *, interrupted: bool) -> list[str]:
    """Pick the other lines; how the jobs stand at a Ctrl-C is a matter of the moment."""
    rest = [_HEAD.sub(" · some time", line) for line in lines if not _CLOCK.match(line)]
    if not interrupted:
        return rest
    return [_STANDS.sub("so it stands", line) for line in rest if not _MOMENT.match(line)]


@dataclass(slots=True)
class Shell:
    """A folder with the sample images in it and nothing else, and a shell that knows few words."""

    folder: Path
    env: dict[str, str]
    servers: list[subprocess.Popen[str]] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)  # as shown, and as they really are

    def play(self, step: Step) -> Played:
        """Run a command as it is shown."""
        program, *words = shlex.split(self._really(step.command))
        match program:
            case "export":
                self.env |= dict(word.split("=", 1) for word in words)
                return Played(step, 0, [])
            case "make":  # not run: these tests are a part of it
                return Played(step, 0 if set(words) <= set(make_targets()) else 2, [])
            case "batchsora" if words[-1] == "&":
                return self._serve(step, words[:-1])
            case "batchsora":
                return self._follow(step, *BATCHSORA, *words)
            case _:
                raise AssertionError(f"the pages show {program}, which nobody runs here")

    def _follow(self, step: Step, *words: str) -> Played:
        with self._start(*words) as process:
            alarm = threading.Timer(PATIENCE_S, process.kill)
            alarm.start()
            try:
                lines = list(self._lines(process, step.interrupted_after))
                return Played(step, process.wait(), lines)
            finally:
                alarm.cancel()
                process.kill()

    def _lines(self, process: subprocess.Popen[str], last: str | None) -> Iterator[str]:
        awaited = news([last]) if last else set()
        assert process.stdout is not None
        for line in process.stdout:
            yield self._as_shown(line.rstrip("\n"))
            if awaited and news([line.rstrip("\n")]) == awaited:
                awaited = set()
                process.send_signal(signal.SIGINT)

    def _serve(self, step: Step, words: list[str]) -> Played:
        port = words.index("--port") + 1
        process = self._start(*BATCHSORA, *words[:port], "0", *words[port + 1 :])
        self.servers.append(process)
        assert process.stdout is not None
        self.addresses[step.shown[0]] = process.stdout.readline().strip()
        return Played(step, 0, list(step.shown))

    def _really(self, text: str) -> str:
        for shown, real in self.addresses.items():
            text = text.replace(shown, real)
        return text

    def _as_shown(self, text: str) -> str:
        for shown, real in self.addresses.items():
            text = text.replace(real, shown)
        return text

    def _start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def shell(folder: Path, *pages: Path) -> Iterator[Shell]:
    """Open a shell beside the sample images and the files that pages ask to be saved."""
    shutil.copytree(ROOT / "manifests" / "images", folder / "manifests" / "images")
    (folder / "runs").mkdir()
    for page in pages:
        for block in blocks(page):
            if block.file:
                (folder / block.file).write_text(block.text, encoding="utf-8")
    here = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    found = Shell(folder, {**here, **SOONER})
    try:
        yield found
    finally:
        for server in found.servers:
            with server:
                server.send_signal(signal.SIGINT)
