"""The one place where text leaves the program: results to stdout, messages to stderr.

Any of it may quote a manifest or a service, so nothing that a terminal would obey gets out, but for
the colours that are set here. A closed pipe stops the printing, not the command.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple, TextIO

import click

from batchsora.cli.columns import cut

# Control characters, marks that turn the direction of a line, separators of lines, and letters
# that nobody sees; those that join emoji and the letters of some scripts are none of them.
_OBEYED = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_PICTURES = 0x2400  # Unicode has a picture of each control character of ASCII, in their order
_DELETE, _PICTURE_OF_DELETE, _UNKNOWN = "\x7f", "\N{SYMBOL FOR DELETE}", "\N{REPLACEMENT CHARACTER}"
NARROWEST = 20  # columns: in fewer, nothing can be told
LONGEST = 4000  # columns of a line: nobody reads more, and a prompt may have 30,000

STYLES: dict[str, dict[str, Any]] = {
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "doubt": {"fg": "yellow", "bold": True},
    "wait": {"fg": "yellow"},
    "new": {"fg": "cyan"},
    "over": {"fg": "magenta"},
    "strong": {"bold": True},
    "faint": {"dim": True},
}


class Span(NamedTuple):
    """A part of a line, and how it looks where there are colours."""

    text: str
    style: str = ""  # of STYLES; nothing where it looks as any other text


Line = str | Iterable[Span]
"""What is printed as one line."""


def harmless(text: str) -> str:
    """Show what a terminal would obey as a sign of one column: ESC as ␛, a newline as ␊."""
    return text if text.isprintable() else _OBEYED.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    letter = found[0]
    if letter == _DELETE:
        return _PICTURE_OF_DELETE
    return chr(_PICTURES + ord(letter)) if letter < " " else _UNKNOWN


def painted(line: Line, *, coloured: bool) -> str:
    """Write a line as it leaves the program."""
    if isinstance(line, str):
        return cut(harmless(line), LONGEST)
    spans = ((harmless(it.text), it.style) for it in line)
    return "".join(
        click.style(text, **STYLES[style]) if coloured and style and text else text
        for text, style in spans
    )


def is_coloured(stream: TextIO | None) -> bool:
    """Tell whether a stream takes colours: NO_COLOR goes before FORCE_COLOR, and TERM is heeded."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal that obeys more than newlines."""
    try:
        found = stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False
    return found and os.environ.get("TERM") not in {"dumb", "unknown"}


def width_of(stream: TextIO | None) -> int | None:
    """Say how many columns a line may have; None for a stream that is no terminal."""
    if stream is None or not is_terminal(stream):
        return None
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return None
    return max(NARROWEST, columns) if columns else None


def out(*lines: Line) -> None:
    """Print results; raises OSError where they can't be written. A closed pipe has seen enough."""
    with suppress(BrokenPipeError):
        _print(lines, sys.stdout)


def out_if_heard(*lines: Line) -> None:
    """Print what came of things that are done: they are, also where the terminal is gone."""
    with suppress(OSError):
        _print(lines, sys.stdout)


def err(*lines: Line) -> None:
    """Print messages, if there is anyone to read them."""
    with suppress(OSError):
        _print(lines, sys.stderr)


def out_exactly(text: str) -> None:
    """Print what a program reads, such as JSON, as it is; raises OSError as `out` does."""
    with suppress(BrokenPipeError):
        _write(text, sys.stdout)


def err_exactly(text: str) -> None:
    """Print an event that a program reads, if there is one to read it."""
    with suppress(OSError):
        _write(text, sys.stderr)


def confirm(question: str) -> bool:
    """Ask a person at a terminal for a yes; raises click.Abort after Ctrl-C."""
    return click.confirm(harmless(question), err=True)


def _print(lines: Iterable[Line], stream: TextIO | None) -> None:
    coloured = is_coloured(stream)
    for line in lines:
        _write(painted(line, coloured=coloured), stream)


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:  # it was closed before we began
        return
    try:
        click.echo(text, file=stream, color=True)  # what is in colour is so by `is_coloured`
    except OSError:
        silence(stream)
        raise


def take_all_letters() -> None:
    """Write what a stream's encoding has no letter for as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Write what is still to be written; where that can't be, Python is not to try it again.

    It would end the program with 120, whatever came of the command.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            silence(stream)


def can_ask() -> bool:
    """Tell whether there is a person at a terminal who can answer."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def silence(stream: TextIO) -> None:
    """Let what is still printed to a closed pipe vanish, also what Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
