"""Commands of the pages that no test can run, each with the reason, and what is looked at instead.

This list is short, and it is meant to stay so: everything else on the pages is really run.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from doc_pages import ROOT


@dataclass(frozen=True, slots=True)
class NotRun:
    """A command that is not run here."""

    begins: str  # a pattern
    because: str
    instead: Callable[[str, Path], None]  # asserts of the command, in the folder where it is typed


def _parses(command: str, _: Path) -> None:
    """See that a shell can read it."""
    subprocess.run(["bash", "-n", "-c", command], check=True)


def _installs(command: str, _: Path) -> None:
    """See that the extras and the files that are named exist."""
    _parses(command, _)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    words = shlex.split(command, comments=True)
    for extras in re.findall(r"\.\[(.+?)\]", command):
        assert set(extras.split(",")) <= set(project["optional-dependencies"]), command
    for word, value in pairwise(words):
        assert word != "--constraint" or (ROOT / value).is_file(), command
    assert (ROOT / "pyproject.toml").is_file()


def _activates(command: str, _: Path) -> None:
    """See that it names the environment that make makes."""
    assert command.endswith(f"{_variable('VENV')}/bin/activate"), command


def _makes(command: str, _: Path) -> None:
    """See that make knows the target, and how to get there."""
    make(*shlex.split(command, comments=True)[1:])


def _opens(command: str, folder: Path) -> None:
    """See that what is opened is there."""
    assert (folder / shlex.split(command, comments=True)[-1]).is_file(), command


NOT_RUN = (
    NotRun(r"(sudo apt-get|brew|xcode-select) ", "it changes the machine", _parses),
    NotRun(r"python3 -m venv ", "every test runs in such an environment already", _parses),
    NotRun(r"\. \S*/bin/activate", "it changes the shell that it is typed into", _activates),
    NotRun(r"pip install ", "it needs an index of packages", _installs),
    NotRun(r"make (?!run\b)", "it takes long, or these tests are a part of it", _makes),
    NotRun(r"(open|xdg-open) ", "it needs a desktop", _opens),
)
MAY_LACK = ("git", "sqlite3")  # what the program itself has no need of


def not_run(command: str) -> NotRun | None:
    """Say why a command is not run here; None where it is."""
    program = command.partition(" ")[0]
    if program in MAY_LACK and not shutil.which(program):
        return NotRun(program, "this machine has none", _parses)
    return next((it for it in NOT_RUN if re.match(it.begins, command)), None)


def make(*words: str) -> list[str]:
    """Read the commands that make would run."""
    asked = ["make", "--dry-run", "--no-print-directory", "--directory", str(ROOT), *words]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def _variable(name: str) -> str:
    (found,) = re.findall(rf"^{name} := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return str(found)
