"""Manifest files as located UTF-8 text, and which characters that may hold. Reads files."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchsora.errors import Problem, UsageError
from batchsora.manifest.located import visible

MOST_LINE_BYTES = 1 << 20  # a prompt of 32,000 characters, each escaped, is 384 kB
MOST_YAML_BYTES = 16_000_000  # YAML is for what people write

# From U+0080 on they are what is left of cp1252 that was read as Latin-1: its dashes and quotes.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What no name should have: ends of lines, turns of direction, and what takes no room. A joiner is
# half of many an emoji, and stays.
UNSEEN = "\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
_UNSEEN = re.compile(f"[{UNSEEN}]")
UTF_8 = "utf-8"

_SAVE_AS_UTF8 = "save the file as UTF-8"
_NAME_IT = "name the encoding that it is in"
_CHUNK_BYTES = 1 << 16
_OF_SHEETS = frozenset({".csv", ".tsv"})
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods are zip files; .xls
_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TextRefusedError(Exception):
    """A manifest's text can't be read on from here; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def check_file(path: Path) -> None:
    """Raise UsageError for what is no regular file: opening a pipe would wait for its writer."""
    called = visible(str(path))
    try:
        if path.is_file():
            return
        missing = not path.exists()
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{called} can't be read: {words}", "give the path of a file") from None
    if missing:
        raise UsageError(f"{called} is missing", "give the path of a file that is there")
    kind_of_path = "a folder" if path.is_dir() else "a pipe or a device"
    raise UsageError(f"{called} is {kind_of_path}, not a file", "give the path of a file")


def is_spreadsheet(path: Path) -> bool:
    """Tell whether a file begins as spreadsheets do, whatever its name says."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in _SPREADSHEETS
    except OSError:  # who reads it as text will say so
        return False


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of text, and how its bytes are read."""

    path: Path
    encoding: str = UTF_8
    how_to_name: str = "give --encoding cp1252"  # what a person does who means another encoding

    def __str__(self) -> str:
        """Call it what messages call it."""
        return visible(str(self.path))

    def lines(self) -> Iterator[str]:
        """Read it line by line, without its BOM, ends of lines kept; one line in memory.

        Raises TextRefusedError where a line can't be decoded or is far too long, UsageError
        where the disk refuses.
        """
        try:
            yield from _utf8_lines(self) if self.encoding == UTF_8 else _other_lines(self)
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def text(self) -> str:
        """Read the whole of it, at most 16 MB, without its BOM and with plain line ends.

        Raises TextRefusedError where it can't be decoded, is too long, or holds control
        characters.
        """
        try:
            with self.path.open("rb") as stream:
                raw = stream.read(MOST_YAML_BYTES + 1)
        except OSError as error:
            raise _unreadable(self.path, error) from None
        if len(raw) > MOST_YAML_BYTES:
            what = f"more than {MOST_YAML_BYTES // 1_000_000} MB of YAML"
            mend = "put the rows in a CSV file, and name it with from:"
            raise TextRefusedError(Problem(what, mend, str(self)))
        return _whole_text(raw, self)


@dataclass(frozen=True, slots=True)
class HeldText:
    """Lines that a program holds, as if they stood in a file already."""

    path: Path
    held: tuple[str, ...]  # each without its end

    def __str__(self) -> str:
        """Call it what messages call it."""
        return visible(str(self.path))

    def lines(self) -> Iterator[str]:
        """Hand them out; raises TextRefusedError for one that would be too long in the file."""
        for line, text in enumerate(self.held, 1):
            if len(text.encode()) >= MOST_LINE_BYTES:
                raise TextRefusedError(_too_long(self, line))
            yield text


def known_encoding(name: str) -> str | None:
    """Find an encoding of text by one of its names; None where there is none."""
    try:
        found = codecs.lookup(name.strip())
        # one that encodes no text, such as hex, is only found out by a letter
        "a".encode(found.name)
    except (LookupError, ValueError):  # UnicodeError is one
        return None
    return found.name


def _utf8_lines(file: TextFile) -> Iterator[str]:
    with file.path.open("rb") as stream:
        line, offset = 1, 0
        while raw := stream.readline(MOST_LINE_BYTES):
            text = _decoded(raw, file, line, offset)
            yield text.removeprefix("\ufeff") if line == 1 else text
            line += 1
            offset += len(raw)


def _insist_on_mark(file: TextFile, start: bytes) -> None:
    """Refuse what is named UTF-16 and does not begin as that: Python's versions differ in it."""
    marks = _MARKS.get(file.encoding)
    if marks and start and not start.startswith(marks):
        what = f"not {file.encoding}: it does not begin with a byte order mark"
        raise TextRefusedError(Problem(what, "name the encoding that it is in", str(file), 1))


def _other_lines(file: TextFile) -> Iterator[str]:
    with file.path.open("rb") as stream:
        _insist_on_mark(file, stream.read(4))
    with file.path.open(encoding=file.encoding, newline="\n") as stream:
        line = 0
        try:
            while text := stream.readline(MOST_LINE_BYTES):
                line += 1
                if len(text) == MOST_LINE_BYTES:
                    raise TextRefusedError(_too_long(file, line))
                yield text.removeprefix("\ufeff") if line == 1 else text
        except UnicodeError as error:  # some lines behind, for it decodes ahead
            raise TextRefusedError(_other_fault(file, error)) from None


def _other_fault(file: TextFile, error: UnicodeError) -> Problem:
    """Look once more, for where what can't be decoded stands."""
    decoder = codecs.getincrementaldecoder(file.encoding)()
    line, offset = 1, 0
    with file.path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            state = decoder.getstate()
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeError:
                decoder.setstate(state)
                return _fault_in(chunk, decoder, file, line, offset)
            offset += len(chunk)
    reason = visible(getattr(error, "reason", str(error)))  # mostly: it ends within a letter
    what = f"not {file.encoding}: {reason}"
    return Problem(what, _NAME_IT, str(file), line)


def _fault_in(
    chunk: bytes, decoder: codecs.IncrementalDecoder, file: TextFile, line: int, offset: int
) -> Problem:
    """Find the byte of a chunk that can't be decoded."""
    what = f"not {file.encoding}"
    for at, byte in enumerate(chunk, offset):
        try:
            line += decoder.decode(bytes([byte])).count("\n")
        except UnicodeDecodeError:
            what = f"not {file.encoding}: byte 0x{byte:02x} at offset {at}"
            break
        except UnicodeError as error:  # UTF-16 without its first two bytes
            what = f"not {file.encoding}: {visible(str(error))}"
            break
    return Problem(what, _NAME_IT, str(file), line)


def _whole_text(raw: bytes, file: TextFile) -> str:
    _insist_on_mark(file, raw[:4])
    try:
        text = raw.decode(file.encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TextRefusedError(_undecodable(file, line, error, error.start)) from None
    except UnicodeError as error:  # what is written for domains says not where
        what = f"not {file.encoding}: {visible(str(error))}"
        raise TextRefusedError(Problem(what, _NAME_IT, str(file), 1)) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        problem = Problem(f"{unprintable(text)} in the file", "delete it", str(file), line)
        raise TextRefusedError(problem)
    return text


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


def trimmed(text: str) -> str:
    """Take the blanks off both ends, but no control characters: to Python, some are blanks."""
    stripped = text.strip()
    if len(stripped) == len(text) or not unprintable(text):  # nearly always
        return stripped
    return text.strip(" \t\r\n")


def unnameable(text: str) -> str:
    """Name the first letter of a text that nobody sees, and that no name should have."""
    if text.isprintable():
        return ""
    if found := _UNSEEN.search(text):
        return unprintable(text) or f"unseen character U+{ord(found[0]):04X}"
    return unprintable(text)


def _decoded(raw: bytes, file: TextFile, line: int, offset: int) -> str:
    if len(raw) == MOST_LINE_BYTES:
        raise TextRefusedError(_too_long(file, line))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise TextRefusedError(_undecodable(file, line, error, offset + error.start)) from None


def _too_long(file: TextFile | HeldText, line: int) -> Problem:
    what = f"a line of more than {MOST_LINE_BYTES:,} bytes"
    return Problem(what, "break it up, or look for lost line ends", str(file), line)


def _undecodable(file: TextFile, line: int, error: UnicodeDecodeError, offset: int) -> Problem:
    """Name the byte, and how to go on; what Excel calls Unicode text begins with FF FE."""
    byte = error.object[error.start]
    name = "UTF-8" if file.encoding == UTF_8 else file.encoding
    what = f"not {name}: byte 0x{byte:02x} at offset {offset}"
    in_excel = ' (in Excel: "CSV UTF-8")' if file.path.suffix.casefold() in _OF_SHEETS else ""
    mend = f"{_SAVE_AS_UTF8}{in_excel}, or {file.how_to_name}"
    if offset == 0 and error.object.startswith(_UTF_16):
        what += ", where UTF-16 begins"
        mend = mend.replace("cp1252", "utf-16")
    return Problem(what, mend, str(file), line)


def _unreadable(path: Path, error: OSError) -> UsageError:
    what = f"{visible(str(path))} can't be read: {error.strerror}"
    return UsageError(what, "look at its permissions")
