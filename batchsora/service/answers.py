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
    heard: str = ""  # what came of the answer before it broke off: there may be an id in it


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer, its header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime  # when it came, by our own wall clock


EVIDENCE_BYTES = 4096
_TELLING = ("content-type", "date", "x-request-id", "request-id", "cf-ray", "retry-after")


def evidence_of(response: Response) -> str:
    """Keep the raw answer for a person who has to judge it, cut to 4 kB."""
    headers = response.headers
    lines = [
        f"HTTP {response.status}",
        *(f"{it}: {headers[it]}" for it in _TELLING if it in headers),
    ]
    body = response.body[:EVIDENCE_BYTES].decode("utf-8", "replace")
    return cut_evidence("\n".join([*lines, "", body]))


def cut_evidence(text: str) -> str:
    """Make a raw text fit to be kept: no NUL, no half characters, 4 kB of it."""
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace")[:EVIDENCE_BYTES].decode("utf-8", "ignore")


Answer = NeverSent | NoAnswer | Response
