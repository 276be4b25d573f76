"""Records what a person sees: a run in tmux, with a pause, a refusal, a doubt, Ctrl-C and a resume.

As a script it writes what stands on the screen at several instants, plain and with its colours:

    PYTHONPATH=tests python -m door.recording FOLDER [WIDTH…]
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from .door import PATIENCE_S, SURROUNDINGS, Desk

ROWS = 60
WIDTHS = (40, 80, 200)
PROMPT = "$ "
LOOKS_EVERY_S = 0.05

MANIFEST = """\
name: spring
rows:
  - {{id: rocket, prompt: a rocket starts}}
  - {{id: hat, prompt: a hat floats}}
{lamps}
"""
LAMPS = "\n".join(f"  - {{id: lamp-{n}, prompt: lamp number {n} glows}}" for n in range(1, 13))
STORY = """\
list: false
clip: tiny
queue_s: 1
render_s: [3, 5]
rate: 5/9s
faults:
  - {at: create, fault: moderated, match: rocket}
  - {at: create, fault: lost_before, match: hat, times: 1}
"""


class Screen:
    """A shell in a terminal so many columns wide; who opens it closes it."""

    def __init__(self, folder: Path, socket: Path, columns: int) -> None:
        self._tmux = ("tmux", "-S", str(socket), "-f", os.devnull)
        self._folder = folder
        self.columns = columns

    def open(self, **variables: str) -> None:
        """Open it, with a prompt of two signs."""
        program = f"{shlex.quote(sys.executable)} -m batchsora"
        known = {
            **SURROUNDINGS,
            "HOME": str(self._folder),
            "LC_ALL": "C.UTF-8",
            "GPTPROTO_API_KEY": "any",
            **variables,
        }
        size = ("-x", str(self.columns), "-y", str(ROWS))
        shell = ("env", f"PS1={PROMPT}", "bash", "--norc", "--noprofile")
        subprocess.run(
            [*self._tmux, "-u", "new-session", "-d", *size, "-c", str(self._folder), *shell],
            env=known,
            check=True,
        )
        self.types(f'batchsora() {{ {program} "$@"; }}')
        self.types("clear")
        self.awaits(lambda it: it.strip() == PROMPT.strip())

    def close(self) -> None:
        """End the shell, and what it runs."""
        self._ask("kill-server")

    def types(self, line: str) -> None:
        """Type a line."""
        self._ask("send-keys", "-l", line)
        self.presses("Enter")

    def presses(self, key: str) -> None:
        """Press a key, by tmux's name of it."""
        self._ask("send-keys", key)

    def resizes(self, columns: int) -> None:
        """Make the terminal another size."""
        self._ask("resize-window", "-x", str(columns), "-y", str(ROWS))
        self.columns = columns

    def shown(self, *, coloured: bool = False) -> str:
        """Read what stands on the screen, without the empty lines below."""
        return self._ask("capture-pane", "-p", *["-e"] * coloured).rstrip("\n")

    def shows_cursor(self) -> bool:
        """Tell whether a person can see where they type."""
        return self._ask("display-message", "-p", "#{cursor_flag}").strip() == "1"

    def awaits(self, is_there: Callable[[str], bool]) -> str:
        """Wait until something stands on the screen; returns all that stands there then."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_there(shown := self.shown()):
            assert time.monotonic() < deadline, f"what was awaited does not come:\n{shown}"
            time.sleep(LOOKS_EVERY_S)
        return shown

    def has_prompt(self, shown: str) -> bool:
        """Tell whether the shell waits for the next command."""
        return shown.rsplit("\n", 1)[-1].rstrip() == PROMPT.strip()

    def _ask(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words], check=True, capture_output=True, text=True, encoding="utf-8"
        )
        return done.stdout


@contextmanager
def screen(folder: Path, columns: int, **variables: str) -> Iterator[Screen]:
    """Open a terminal in a folder."""
    with TemporaryDirectory(prefix="tmux-") as place:  # a socket's path may not be long
        found = Screen(folder, Path(place, "s"), columns)
        found.open(**variables)
        try:
            yield found
        finally:
            found.close()


@contextmanager
def rehearsal(desk: Desk) -> Iterator[str]:
    """Serve the story; yields the address."""
    story = desk.writes(STORY, "story.yaml")
    process = desk.starts("simulate", "--port", "0", "--scenario", story.name)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@dataclass(slots=True)
class Recording:
    """What stood on a screen at the scenes of a session, in their order."""

    columns: int
    scenes: dict[str, str] = field(default_factory=dict)
    coloured: dict[str, str] = field(default_factory=dict)

    def take(self, scene: str, of: Screen, is_there: Callable[[str], bool]) -> None:
        """Wait until it is so, and take down what stands there."""
        self.scenes[scene] = of.awaits(is_there)
        self.coloured[scene] = of.shown(coloured=True)

    def write(self, folder: Path) -> None:
        """Write a file for each scene, and another with its colours."""
        for number, (scene, text) in enumerate(self.scenes.items(), 1):
            name = f"{self.columns:03}-{number}-{scene}"
            (folder / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
            (folder / f"{name}.ansi").write_text(f"{self.coloured[scene]}\n", encoding="utf-8")


def record(folder: Path, columns: int) -> Recording:
    """Play a session in an empty folder, and record it."""
    desk = Desk(folder)
    desk.writes(MANIFEST.format(lamps=LAMPS))
    recording = Recording(columns)
    take = recording.take
    with rehearsal(desk) as url, screen(folder, columns, BATCHSORA_BASE_URL=url) as shell:
        with screen(folder, columns) as other:
            run = "batchsora run work.yaml --rate 120/1m --max-cost 6"
            shell.types(run)
            take("paused", shell, lambda it: "paused for" in it and "in doubt" in it)
            other.types("batchsora status work.yaml --watch")
            take("going", shell, lambda it: "left" in it and " downloading" not in it)
            take("watched", other, lambda it: " left" in it)
            shell.presses("C-c")
            take("stopped", shell, shell.has_prompt)
            take("watched-to-its-end", other, other.has_prompt)
        shell.types("clear")
        shell.types(run)
        take("resumed", shell, lambda it: "Ctrl-C" in it and "left" in it)
        take("ended", shell, shell.has_prompt)
    return recording


def _record_below(place: Path, columns: int) -> Recording:
    folder = place / f"columns-{columns}"
    folder.mkdir()
    return record(folder, columns)


def record_all(place: Path, widths: tuple[int, ...] = WIDTHS) -> list[Recording]:
    """Record the same session in several widths, at the same time."""
    with ThreadPoolExecutor() as pool:
        return [*pool.map(lambda it: _record_below(place, it), widths)]


if __name__ == "__main__":
    target, *asked = sys.argv[1:]
    Path(target).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as somewhere:
        for made in record_all(Path(somewhere), tuple(map(int, asked)) or WIDTHS):
            made.write(Path(target))
