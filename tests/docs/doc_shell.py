"""A shell that plays what a page has typed: a home with a checkout in it, and the service."""

from __future__ import annotations

import os
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

from doc_commands import make, not_run
from doc_kinds import kind_of
from doc_pages import ROOT, blocks
from doc_sessions import Played, Step, news, steps_of

import batchsora

PATIENCE_S = 60.0
GPTPROTO = "https://gptproto.com"
KEY = "GPTPROTO_API_KEY"
ADDRESS = "BATCHSORA_BASE_URL"
SLOWLY = {"BATCHSORA_RATE": "1/2s"}  # a Ctrl-C comes between two orders, also on a slow machine
SURROUNDINGS = {
    # the package that is imported here is the one that is run, wherever another one is installed
    "PYTHONPATH": str(Path(batchsora.__file__).parents[1]),
    "BATCHSORA_RATE": "4/1s",  # nobody waits for a rate here
    "COLUMNS": "88",  # as wide as a page
}


@dataclass(slots=True)
class Shell:
    """A shell in the checkout, which a home has; whoever opens it ends its servers."""

    home: Path
    folder: Path  # where it stands
    env: dict[str, str]
    servers: list[subprocess.Popen[str]] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)  # as shown, and as they really are

    def reads(self, page: Path) -> list[Played]:
        """Do what a page says, from its beginning to its end: save its files, type its commands."""
        found: list[Played] = []
        for block in blocks(page):
            if block.file:
                self._save(block.file, block.text)
            if kind_of(block) in {"console", "sh"}:
                found.extend(self.play(step) for step in steps_of(block))
        return found

    def _save(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def play(self, step: Step) -> Played:
        """Run a command as it is shown."""
        if excused := not_run(step.command):
            excused.instead(step.command, self.folder)
            return Played(step, step.code, list(step.shown))
        program, *words = shlex.split(step.command, comments=True)
        match program:
            case "export":
                self._export(dict(word.split("=", 1) for word in words))
                return Played(step, 0, [])
            case "cd":
                self.folder = self.folder / words[0].replace("~", str(self.home))
                return Played(step, 0 if self.folder.is_dir() else 1, [])
            case "make":
                return self._make(step, words)
            case _ if words and words[-1] == "&":
                return self._serve(step, [program, *words[:-1]])
            case _:
                return self._follow(step, self._really(step.command))

    def _export(self, variables: dict[str, str]) -> None:
        self.env |= {name: value.replace("…", "canary") for name, value in variables.items()}
        if KEY in variables and ADDRESS not in variables:
            self._stand_in_for_gptproto()
        for name in variables:
            self.env[name] = self._really(self.env[name])

    def _stand_in_for_gptproto(self) -> None:
        """Put a simulated service where the pages spend money, and let GPTProto be its name."""
        scenario = self.home / "service.yaml"
        scenario.write_text("{clip: tiny, render_s: 1}\n", encoding="utf-8")
        words = ["batchsora", "simulate", "--port", "0", "--scenario", str(scenario)]
        words += ["--state", str(self.home / "service")]
        self.addresses[GPTPROTO] = self.env[ADDRESS] = self._listening(words)

    def _make(self, step: Step, words: list[str]) -> Played:
        *before, last = make(*words)
        if not step.compared:  # it is enough that make knows the way; a session goes it
            return Played(step, 0, [])
        played = self._follow(step, Path(last).relative_to(".venv/bin").as_posix())
        return Played(step, played.code, [*before, last, *played.lines])

    def _follow(self, step: Step, command: str) -> Played:
        env = self.env | (SLOWLY if step.interrupted_after else {})
        with self._start(command, env) as process:
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
                os.killpg(process.pid, signal.SIGINT)

    def _serve(self, step: Step, words: list[str]) -> Played:
        port = words.index("--port") + 1
        self.addresses[step.shown[0]] = self._listening([*words[:port], "0", *words[port + 1 :]])
        return Played(step, 0, list(step.shown))

    def _listening(self, words: list[str]) -> str:
        process = self._start(f"exec {shlex.join(words)}", self.env)
        self.servers.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def _really(self, text: str) -> str:
        for shown, real in self.addresses.items():
            text = text.replace(shown, real)
        return text

    def _as_shown(self, text: str) -> str:
        for shown, real in self.addresses.items():
            text = text.replace(real, shown)
        return text.replace(str(self.home), "~")

    def _start(self, command: str, env: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that a Ctrl-C meets all of it, as at a terminal
            text=True,
        )


@contextmanager
def shell(home: Path) -> Iterator[Shell]:
    """Open a shell in a checkout that has the sample manifests, and no run folder yet."""
    checkout = home / "batchsora"
    shutil.copytree(ROOT / "manifests", checkout / "manifests")
    (checkout / "runs").mkdir()
    programs = home / ".local" / "bin"
    programs.mkdir(parents=True)
    for name, words in (("batchsora", "-m batchsora "), ("python3", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n')
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    found = Shell(home, checkout, {"PATH": path, "HOME": str(home), **SURROUNDINGS})
    try:
        yield found
    finally:
        for server in found.servers:
            with server:
                server.send_signal(signal.SIGINT)
