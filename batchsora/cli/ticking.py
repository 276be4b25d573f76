"""A count that goes up at a terminal while a long manifest is read; elsewhere nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from batchsora.cli.printing import Span, is_terminal
from batchsora.cli.region import Region

T = TypeVar("T")

EVERY = 10_000  # about half a second


def ticking(found: Iterable[T]) -> Iterator[T]:
    """Hand on what was found, and show how much it is so far."""
    if not is_terminal(sys.stderr):
        yield from found
        return
    region = Region(sys.stderr)
    try:
        for count, it in enumerate(found, 1):
            if count % EVERY == 0:
                region.draw([(Span(f"{count:,} looked at"),)])
            yield it
    finally:
        region.clear()
