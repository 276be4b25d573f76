"""What came back from the service, or that nothing did. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto


class Call(Enum):
    """What was asked of the service."""

    SUBMIT = auto()
    POLL = auto()
    LIST = auto()
    DOWNLOAD = auto()


@dataclass(frozen=True, slots=True)
class NeverSent:
    """The request provably never left: no connection was had, no header was written."""

    why: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request may have left, and no whole answer came."""

    why: str


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer, its header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime  # when it came, by our own wall clock


Answer = NeverSent | NoAnswer | Response
