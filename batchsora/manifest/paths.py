"""Names of files and folders that Linux, macOS and Windows all take. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from batchsora.manifest.located import shown
from batchsora.manifest.text import UNSEEN

MOST_PART_BYTES = 200  # of 255: room for a number, a hash and a temporary file's suffix

_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789")}
)
_FORBIDDEN = re.compile(f'[\x00-\x1f\x7f-\x9f<>:"|?*/\\\\\ud800-\udfff{UNSEEN}]')
# Nearly every name there is: five letters and more are none of Windows' own.
_EASY = re.compile(r"[A-Za-z0-9_-]{5,150}(\.mp4)?")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_ -]*[A-Za-z0-9_-]")

# Whether a part has the fault, what it is (of what was found), and how to mend it.
_FAULTS: tuple[tuple[Callable[[str], object], str, str], ...] = (
    (lambda part: not part, "is empty", "write a name between the slashes, and none in front"),
    (lambda part: part[0] == ".", "begins with a dot", "begin it with a letter or a digit"),
    (_FORBIDDEN.search, "has {}, which not every file system takes", "leave it out"),
    (lambda part: part[-1] in ". ", "ends with a dot or a space", "leave it out"),
    (lambda part: part[0] == " ", "begins with a space", "leave it out"),
    (
        lambda part: part.partition(".")[0].rstrip().upper() in _RESERVED,
        "is a name that Windows keeps for itself",
        "choose another name",
    ),
    (
        lambda part: len(part.encode()) > MOST_PART_BYTES,
        f"is longer than {MOST_PART_BYTES} bytes",
        "make it shorter",
    ),
)


def part_fault(part: str) -> tuple[str, str] | None:
    """Say what is wrong with one name in a path, and how to mend it; None when nothing is."""
    if _EASY.fullmatch(part):
        return None
    for has_fault, what, mend in _FAULTS:
        if found := has_fault(part):
            return what.format(shown(found[0]) if isinstance(found, re.Match) else ""), mend
    return None


def safe_value(value: str) -> str:
    """Make a value fit to stand inside one name: nothing in it can lead to another folder."""
    if _PLAIN.fullmatch(value):
        return value
    safe = _FORBIDDEN.sub("-", value.strip()).rstrip(". ")
    bare = safe.lstrip(".")
    return "-" * (len(safe) - len(bare)) + bare
