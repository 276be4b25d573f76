"""Byte ranges of a download (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class Unsatisfiable(ValueError):  # noqa: N818  # the RFC's word
    """The range lies beyond the end."""


def byte_range(header: str | None, length: int) -> range | None:
    """Return the bytes asked for, or None for all: also when the header makes no sense."""
    match = RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match[0].endswith("=-"):
        return None
    first, last = match.groups()
    if not first:
        wanted = range(max(0, length - int(last)), length)
    elif last and int(last) < int(first):
        return None
    else:
        wanted = range(int(first), min(int(last) + 1, length) if last else length)
    if not wanted:
        raise Unsatisfiable
    return wanted
