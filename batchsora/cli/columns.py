"""Plain columns for a terminal and for a message: cells padded, cut, flowed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

GAP = "  "
_JOINERS = "\u200c\u200d"  # of emoji, and of the letters of some scripts
_WITH_BLANKS = re.compile(r"\s*\S+")
_SHELL_WORDS = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_GOES_ON = " \\"
_VS16 = "\ufe0f"
_STACKED = {"Mn", "Me"}  # marks on the letter before


def columns_of(text: str) -> int:
    """Count the columns that a text takes at a terminal: a Chinese letter takes two."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(letter: str) -> int:
    # VS16 may make the sign before it as wide as two: too few columns would tear a line
    if letter in _JOINERS or (unicodedata.category(letter) in _STACKED and letter != _VS16):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text up to a width, with spaces behind it or before it."""
    blank = " " * (width - columns_of(text))
    return f"{blank}{text}" if right else f"{text}{blank}"


def cut(text: str, width: int) -> str:
    """Cut a text to a width, and show that it was cut."""
    if columns_of(text) <= width:
        return text
    kept, left = [], width - 1
    for letter in text:
        left -= _columns(letter)
        if left < 0:
            break
        kept.append(letter)
    return f"{''.join(kept).rstrip()}…"


def one_line(text: str, width: int) -> str:
    """Set a text of any length and shape on one line, cut to a width."""
    return cut(" ".join(text[: width * 4].split()), width)


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Set rows of cells under each other; the columns in `right` end at one line."""
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    return [
        GAP.join(
            padded(cell, width, right=at in right)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def flowed(parts: Iterable[str], first: int, rest: int) -> Iterator[str]:
    """Flow phrases into lines: the first one so wide, and maybe empty; all others as wide as rest.

    A phrase stays whole where it fits on a line of its own; a longer one is broken between words.
    """
    line, width = "", first
    for phrase in parts:
        longer = f"{line} · {phrase}" if line else phrase
        if columns_of(longer) <= width:
            line = longer
            continue
        yield line
        *whole, line = _broken(phrase, rest)
        yield from whole
        width = rest
    yield line


def wrapped(text: str, width: int) -> Iterator[str]:
    """Break a sentence between words; what follows its first line is indented."""
    first, *rest = _filled(text.split(), width - len(GAP))
    yield first
    yield from (f"{GAP}{line}" for line in rest)


def folded(text: str, width: int | None, hanging: str = GAP) -> Iterator[str]:
    """Break a line between words where it is too wide, keeping its blanks; the rest is hanging.

    None is a width without an end.
    """
    if width is None or columns_of(text) <= width:
        yield text
        return
    indent = text[: len(text) - len(text.lstrip())]
    line = ""
    for word in _WITH_BLANKS.findall(text):
        if line and columns_of(f"{line}{word}") > width:
            yield cut(line, width)
            line = f"{indent}{hanging}{word.lstrip()}"
        else:
            line += word
    yield cut(line, width)


def folded_command(command: str, width: int | None) -> Iterator[str]:
    """Break a command as a shell takes it: a backslash ends each line but the last.

    No word is cut: one that is too wide makes its line too wide.
    """
    line = ""
    for word in _SHELL_WORDS.findall(command):
        longer = f"{line} {word}" if line else word
        if line and width is not None and columns_of(longer) > width - len(_GOES_ON):
            yield f"{line}{_GOES_ON}"
            line = word
        else:
            line = longer
    yield line


def _broken(phrase: str, width: int) -> list[str]:
    """Break a phrase behind its commas if that does, else between words."""
    *before, last = phrase.split(", ")
    parts = [*(f"{it}," for it in before), last]
    fits = max(map(columns_of, parts)) <= width
    return _filled(parts if fits else phrase.split(), width)


def _filled(parts: Iterable[str], width: int) -> list[str]:
    """Fill lines with parts; one that is wider than a line is cut."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} {part}".lstrip()
        if columns_of(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(cut(part, width))
    return lines if lines[0] else lines[1:]
