"""New files: all of them, or none; never over one that is there. Writes files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from batchsora.errors import UsageError
from batchsora.library.targets import shown


def put(folder: Path, manifest: str, content: Mapping[str, bytes]) -> list[Path]:
    """Write all files, or none; raises UsageError where others have their places, and OSError.

    One that is there already just as it is to be is left alone, but for the manifest.
    """
    taken = [
        name
        for name, wanted in content.items()
        if os.path.lexists(folder / name)
        and (name == manifest or not _holds(folder / name, wanted))
    ]
    if taken:
        are = "is" if len(taken) == 1 else "are"
        what = f"{', '.join(shown(folder / name) for name in taken)} {are} there already"
        raise UsageError(f"{what}: nothing was written", "move that away, or name another DIR")
    with _Writing() as writing:
        for name, wanted in content.items():
            if not os.path.lexists(folder / name):
                writing.write(folder / name, wanted)
        return writing.done()


def _holds(path: Path, wanted: bytes) -> bool:
    return path.is_file() and path.read_bytes() == wanted


class _Writing:
    """Writes new files, and takes all of them away again where one can't be written."""

    def __init__(self) -> None:
        self._made: list[Path] = []
        self._is_done = False

    def write(self, path: Path, content: bytes) -> None:
        """Write a file that is not there, and the folders above it."""
        for above in reversed(path.parents):
            if not above.is_dir():
                above.mkdir()
                self._made.append(above)
        with path.open("xb") as file:
            self._made.append(path)
            file.write(content)

    def done(self) -> list[Path]:
        """Keep what was written, and name the files of it."""
        self._is_done = True
        return [path for path in self._made if path.is_file()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for path in reversed([] if self._is_done else self._made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
