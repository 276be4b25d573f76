"""A count that goes up at a terminal while a long manifest is read; elsewhere nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

EVERY = 10_000  # about half a second


def ticking(found: Iterable[T]) -> Iterator[T]:
    """Hand on what was found, and show how much it is so far."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield from found
        return
    count = 0
    try:
        for count, it in enumerate(found, 1):
            if count % EVERY == 0:
                _show(f"\r{count:,} looked at")
            yield it
    finally:
        if count >= EVERY:
            _show("\r\x1b[K")


def _show(text: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        sys.stderr.write(text)
        sys.stderr.flush()
