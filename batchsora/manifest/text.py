"""Manifest files as located UTF-8 text, and which characters that may hold. Reads files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from batchsora.errors import Problem, UsageError

MOST_LINE_BYTES = 1 << 20  # a prompt of 32,000 characters, each escaped, is 384 kB
MOST_YAML_BYTES = 16_000_000  # YAML is for what people write

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SAVE_AS_UTF8 = 'save the file as UTF-8 (in Excel: "CSV UTF-8")'


class TextRefusedError(Exception):
    """A manifest's text can't be read on from here; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def check_file(path: Path) -> None:
    """Raise UsageError for what is no regular file: opening a pipe would wait for its writer."""
    try:
        if path.is_file():
            return
        missing = not path.exists()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}", "give the path of a file") from None
    if missing:
        raise UsageError(f"{path} is missing", "give the path of a manifest that is there")
    kind_of_path = "a folder" if path.is_dir() else "a pipe or a device"
    raise UsageError(f"{path} is {kind_of_path}, not a file", "give the path of a manifest")


def utf8_lines(path: Path) -> Iterator[str]:
    """Read a file line by line, without its BOM, ends of lines kept; one line in memory.

    Raises TextRefusedError where a line is not UTF-8 or far too long, UsageError where the
    disk refuses.
    """
    try:
        with path.open("rb") as stream:
            line, offset = 1, 0
            while raw := stream.readline(MOST_LINE_BYTES):
                text = _decoded(raw, str(path), line, offset)
                yield text.removeprefix("\ufeff") if line == 1 else text
                line += 1
                offset += len(raw)
    except OSError as error:
        raise _unreadable(path, error) from None


def utf8_text(path: Path) -> str:
    """Read a whole file of at most 16 MB, without its BOM and with plain line ends.

    Raises TextRefusedError where it is not UTF-8, too long, or holds control characters.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_YAML_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(raw) > MOST_YAML_BYTES:
        what = f"more than {MOST_YAML_BYTES // 1_000_000} MB of YAML"
        raise TextRefusedError(Problem(what, "put the rows in a CSV file and run that", str(path)))
    text = raw_text(raw, str(path))
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise TextRefusedError(
            Problem(f"{unprintable(text)} in the file", "delete it", str(path), line)
        )
    return text


def raw_text(raw: bytes, file: str) -> str:
    """Decode a whole file, without its BOM and with plain line ends."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TextRefusedError(_not_utf8(file, line, error, error.start)) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def unprintable(text: str) -> str:
    """Name the first control character or half surrogate of a text; "" where there is none.

    Line ends and tabs are no such thing.
    """
    if text.isprintable():  # nearly all are, and this is five times as fast
        return ""
    found = _UNPRINTABLE.search(text)
    if found is None:
        return ""
    letter = found[0]
    category = unicodedata.category(letter)
    word = "half a surrogate pair" if category == "Cs" else "control character"
    return f"{word} U+{ord(letter):04X}"


def _decoded(raw: bytes, file: str, line: int, offset: int) -> str:
    if len(raw) == MOST_LINE_BYTES:
        what = f"a line of more than {MOST_LINE_BYTES:,} bytes"
        raise TextRefusedError(Problem(what, "break it up, or look for lost line ends", file, line))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise TextRefusedError(_not_utf8(file, line, error, offset + error.start)) from None


def _not_utf8(file: str, line: int, error: UnicodeDecodeError, offset: int) -> Problem:
    byte = error.object[error.start]
    return Problem(f"not UTF-8: byte 0x{byte:02x} at offset {offset}", _SAVE_AS_UTF8, file, line)


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} can't be read: {error.strerror}", "look at its permissions")
