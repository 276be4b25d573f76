"""The images that clips were made from, each once: small ones inside the page, others beside it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from batchsora.ledger.answers import Entry

MOST_BYTES = 16_000_000  # of small pictures inside: some thirteen hundred; others are linked


class Source(NamedTuple):
    """Where an image may be seen: both paths are relative to the page."""

    thumb: Path  # as it was sent, small
    image: Path  # as it was given


class Pictures:
    """The images of a page's jobs, by their places in it."""

    def __init__(self, find: Callable[[Entry], Source | None]) -> None:
        """`find` says where a job's image may be seen; None where it has none."""
        self._find = find
        self._places: dict[Source, int] = {}

    def place(self, entry: Entry) -> int | None:
        """Give the place of a job's image; jobs of one image share it."""
        source = self._find(entry)
        return None if source is None else self._places.setdefault(source, len(self._places))

    def sources(self, folder: Path) -> Iterator[str | None]:
        """Write what each place shows: bytes, or an address; None where nothing is left."""
        bytes_left = MOST_BYTES
        for thumb, image in self._places:
            content = _read(folder / thumb)
            if content is None:
                yield _link(image) if (folder / image).is_file() else None
            elif len(content) > bytes_left:
                yield _link(thumb)
            else:
                bytes_left -= len(content)
                yield f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _link(path: Path) -> str:
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
