"""Patterns of files, such as `photos/**/*.jpg`: walked with an end in sight. Reads folders."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

MOST_ENTRIES = 200_000  # looked at for one pattern: a second's work; a disk has millions

_ANY_DEPTH = "**"
_MAGIC = re.compile(r"[*?\[]")


class TooMuchToWalkError(Exception):
    """A pattern leads over more files and folders than anybody means."""


def is_pattern(text: str) -> bool:
    """Tell whether a path has a part that stands for several names."""
    return _MAGIC.search(text) is not None


def matching(pattern: str, folder: Path) -> list[str]:
    """Find the files that a pattern means from a folder, named as the pattern is written, sorted.

    It finds what `glob.glob` does, but ``**`` goes into no folder by way of a link, where there may
    be no end. Raises TooMuchToWalkError.
    """
    if pattern.endswith("/"):
        return []  # a folder is meant
    parts: list[str] = []
    for part in pattern.split("/"):
        if part and not (part == _ANY_DEPTH and parts[-1:] == [_ANY_DEPTH]):
            parts.append(part)
    if parts[-1] == _ANY_DEPTH:
        parts.append("*")
    start = "/" if pattern.startswith("/") else ""
    return sorted(set(_Walk(folder, parts).files(start)))


class _Walk:
    """One walk: it counts what it looks at. Folders' names are empty or end with a slash."""

    def __init__(self, folder: Path, parts: Sequence[str]) -> None:
        self._folder = folder
        self._parts = parts
        # folders, each with which part is meant in it; several ** lead to the same one
        self._ahead: list[tuple[str, int]] = []
        self._seen: set[tuple[str, int]] = set()
        self._left = MOST_ENTRIES

    def files(self, start: str) -> Iterator[str]:
        self._ahead.append((start, 0))
        while self._ahead:
            above, at = here = self._ahead.pop()
            if here in self._seen:
                continue
            self._seen.add(here)
            part = self._parts[at]
            if part == _ANY_DEPTH:
                self._ahead.append((above, at + 1))
                inner = (name for name, is_folder in self._entries(above) if is_folder)
                self._ahead += ((f"{above}{name}/", at) for name in inner if name[0] != ".")
            elif is_pattern(part):
                names = (name for name, _ in self._entries(above) if _matches(name, part))
                yield from self._found((f"{above}{name}" for name in names), at)
            else:
                self._count()
                yield from self._found((f"{above}{part}",), at)

    def _found(self, paths: Iterable[str], at: int) -> Iterator[str]:
        """Take paths that match up to a part: files if that is the last, else folders ahead."""
        if at + 1 < len(self._parts):
            self._ahead += ((f"{path}/", at + 1) for path in paths)
        else:
            yield from (path for path in paths if os.path.isfile(self._at(path)))  # noqa: PTH113 - answers for every name

    def _entries(self, above: str) -> list[tuple[str, bool]]:
        """List a folder's names, each with whether it is a folder and no link to one.

        One that is no folder, or that can't be read, has nothing in it.
        """
        self._count()
        listed = []
        try:
            with os.scandir(self._at(above)) as found:
                for entry in found:
                    self._count()
                    listed.append((entry.name, entry.is_dir(follow_symlinks=False)))
        except OSError:
            return []
        return listed

    def _at(self, name: str) -> str:
        return os.path.join(self._folder, name)  # noqa: PTH118 - a Path would take the dots out

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMuchToWalkError


def _matches(name: str, part: str) -> bool:
    """Tell whether a name is meant; a hidden one only where the dot is written."""
    return (name[0] != "." or part[0] == ".") and _meaning(part).match(name) is not None


@lru_cache(maxsize=64)
def _meaning(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))
