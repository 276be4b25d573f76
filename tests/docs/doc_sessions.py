"""Sessions as the pages show them: commands, their output, a Ctrl-C. Pure.

Of what is shown, only the clock, spans, and ids that the service makes may differ from what is
printed; a line with nothing but `…` stands for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from doc_pages import Block

_CLOCK = re.compile(r"^\d\d:\d\d:\d\d (?=\S)")
_VARYING = (
    (re.compile(r"^going on: .*; "), "going on; "),
    (re.compile(r"begun \d+ \w+ \d{4}, \d\d:\d\d$"), "begun then"),
    (re.compile(r" · \d+ \w+ \d{4}, \d\d:\d\d to \d\d:\d\d · this run took .*$"), " · some time"),
    (re.compile(r"made in \S+( s)?"), "made"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "then"),
    (re.compile(r"\bvideo_[0-9a-f]{32}\b"), "video"),
)
_MOMENT = re.compile(
    r"^  (clips|money|left): |^ {14}[\d,]+ (being sent|to fetch|at the service|waiting): "
)
_STANDS = re.compile(r"^\d+ (done|to fetch|at the service|waiting).*;.*")
_ANY = "…"


@dataclass(slots=True)
class Step:
    """A command that a page has typed, and what it shows of it."""

    command: str
    shown: list[str] = field(default_factory=list)
    interrupted_after: str | None = None  # the line below which it has ^C
    code: int = 0
    asks_code: bool = False
    compared: bool = True  # whether the output is shown at all


@dataclass(frozen=True, slots=True)
class Played:
    """A command that was really run."""

    step: Step
    code: int
    lines: list[str]

    @property
    def interrupted(self) -> bool:
        """Tell whether it had a Ctrl-C."""
        return self.step.interrupted_after is not None

    @property
    def holds(self) -> bool:
        """Tell whether it went exactly as it is shown."""
        same_news = _ANY in self.step.shown or news(self.step.shown) == news(self.lines)
        return same_news and not any(_differences(self))


def steps_of(block: Block) -> list[Step]:
    """Read what a block has typed: a session with its output, or a script without."""
    lines = block.text.splitlines()
    if block.language == "console":
        return list(_session(lines))
    script = block.text.replace("\\\n", " ").splitlines()
    return [Step(line, compared=False) for line in script if line and not line.startswith("#")]


def _session(lines: list[str]) -> Iterator[Step]:
    step = None
    rest = iter(lines)
    for line in rest:
        if line == "$ echo $?" and step:
            step.code, step.asks_code = int(next(rest)), True
        elif line.startswith("$ "):
            if step:
                yield step
            step = Step(line.removeprefix("$ "))
        elif step is None:
            raise AssertionError(f"a session begins with a command, not with {line!r}")
        elif line == "^C":
            step.interrupted_after = step.shown[-1]
        else:
            step.shown.append(line)
    if step:
        yield step


def session(played: Iterable[Played]) -> str:
    """Write what was played as a page shows it; what still holds stays as it was."""
    return "".join(f"{line}\n" for it in played for line in _as_typed(it))


def _as_typed(played: Played) -> Iterator[str]:
    step = played.step
    yield f"$ {step.command}"
    for line in step.shown if played.holds else played.lines:
        yield line
        if step.interrupted_after and news([line]) == news([step.interrupted_after]):
            yield "^C"
    if step.asks_code:
        yield from ("$ echo $?", str(played.code))


def news(lines: list[str]) -> set[str]:
    """Pick the lines that tell of a job, whenever it was and however long it took."""
    return {_bare(_CLOCK.sub("", line)) for line in lines if _CLOCK.match(line)}


def result(lines: list[str], *, interrupted: bool) -> list[str]:
    """Pick the other lines; how the jobs stand at a Ctrl-C is a matter of the moment."""
    rest = [_bare(line) for line in lines if not _CLOCK.match(line)]
    if not interrupted:
        return rest
    return [_STANDS.sub("so it stands", line) for line in rest if not _MOMENT.match(line)]


def _bare(line: str) -> str:
    for varying, name in _VARYING:
        line = varying.sub(name, line)
    return line.rstrip()


def differences(played: Iterable[Played]) -> list[str]:
    """Say where commands ended or printed otherwise than they are shown."""
    compared = [it for it in played if it.step.compared]
    found = [told for it in played for told in _differences(it)]
    # which of two clips is done before a Ctrl-C is a matter of the moment: all news together
    told = set[str]().union(*(news(it.lines) for it in compared))
    shown = set[str]().union(*(news(it.step.shown) for it in compared))
    found += [f"shown, and not said: {line}" for line in sorted(shown - told)]
    if not any(_ANY in it.step.shown for it in compared):
        found += [f"said, and not shown: {line}" for line in sorted(told - shown)]
    return found


def _differences(played: Played) -> Iterator[str]:
    step = played.step
    if played.code != step.code:
        said = "\n".join(played.lines)
        yield f"$ {step.command}\nended with {played.code}, not {step.code}:\n{said}"
    if not step.compared:
        return
    shown = result(step.shown, interrupted=played.interrupted)
    said_lines = result(played.lines, interrupted=played.interrupted)
    if not _fits(shown, said_lines):
        yield "\n".join([f"$ {step.command}", "said:", *said_lines, "not:", *shown])


def _fits(shown: list[str], said: list[str]) -> bool:
    pattern = "".join(r"(.*\n)*" if line == _ANY else f"{re.escape(line)}\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in said)) is not None
