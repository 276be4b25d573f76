"""Multipart bodies, taken apart. Pure; the only error raised is `Malformed`.

The whole body is at hand, so a parser of our own is shorter than the list of what a streaming one
raises on garbage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

MAX_PARTS = 50  # seven fields exist; more is nonsense
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")


class Malformed(ValueError):  # noqa: N818  # says what the body is
    """A body is not what its Content-Type says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its field name, its file name (None for a plain field), MIME type and bytes."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a multipart Content-Type header names."""
    boundary = _parameter("content-type", content_type, "boundary")
    if boundary is None or not re.fullmatch(r"[\x20-\x7e]{1,70}", boundary):
        raise Malformed("multipart body without a proper boundary")
    return boundary.encode()


def parse_multipart(body: bytes, boundary: bytes) -> list[Part]:
    """Return the parts of a body, in order (RFC 7578)."""
    # The first delimiter may open the body; the others follow a line end.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) > MAX_PARTS:
        raise Malformed("too many parts in the multipart body")
    closings = [place for place, piece in enumerate(pieces[1:], 1) if piece.startswith(b"--")]
    if not closings:
        raise Malformed("multipart body is not closed by its boundary")
    return [_part(piece) for piece in pieces[1 : closings[0]]]


def _part(piece: bytes) -> Part:
    line_end, _, rest = piece.partition(b"\r\n")
    if line_end.strip(b" \t"):
        raise Malformed("boundary is followed by text")
    head, blank, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if not blank:
        raise Malformed("part without an empty line behind its headers")
    headers = _headers(head)
    name = _parameter("content-disposition", headers.get("content-disposition", ""), "name")
    if name is None:
        raise Malformed("part without a name in its Content-Disposition")
    disposition = headers["content-disposition"]
    filename = _parameter("content-disposition", disposition, "filename")
    content_type = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    return Part(name, filename, content_type, content)


def _headers(head: bytes) -> dict[str, str]:
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError as error:
        raise Malformed("part headers are not UTF-8") from error
    matches = [HEADER.fullmatch(line) for line in lines if line]
    if not all(matches):
        raise Malformed("part has a broken header")
    return {match[1].lower(): match[2] for match in matches if match}


def _parameter(header: str, text: str, name: str) -> str | None:
    message = Message()
    message[header] = text
    value = message.get_param(name, header=header)
    # RFC 2231 values come as (charset, language, text).
    return value[2] if isinstance(value, tuple) else value
