"""The uploaded picture: an image, of a kind that is taken, of exactly the size ordered."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass

from PIL import Image

from batchsora.simulator.multipart import Part
from batchsora.simulator.refusal import Refusal, invalid

MAX_PICTURE_BYTES = 20 * 1024 * 1024
MIME_TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}

# What Pillow's decoders raise on damaged files.
UNDECODABLE = (
    OSError,
    SyntaxError,
    ValueError,
    IndexError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An upload that passed: its bytes, and their SHA-256 as its name."""

    content: bytes
    sha256: str


def check_picture(part: Part, size: str) -> Picture:
    """Return the picture if the service would take it; raises Refusal. Slow: decodes it whole."""
    if part.content_type not in MIME_TYPES:
        known = "', '".join(MIME_TYPES)
        message = f"Invalid file: unsupported mimetype ('{part.content_type[:80]}'). Supported "
        raise _bad(f"{message}file formats are '{known}'.", "unsupported_mimetype")
    if len(part.content) > MAX_PICTURE_BYTES:
        raise _bad(f"Invalid file: larger than {MAX_PICTURE_BYTES} bytes.", "file_too_large")
    try:
        _decode(part, size)
    except UNDECODABLE as error:
        raise _bad("Invalid file: it cannot be decoded as an image.", "invalid_image") from error
    return Picture(part.content, hashlib.sha256(part.content).hexdigest())


def _decode(part: Part, size: str) -> None:
    with Image.open(io.BytesIO(part.content), formats=[MIME_TYPES[part.content_type]]) as image:
        # Before load: pixels are only decoded once it is known how many there are.
        if f"{image.width}x{image.height}" != size:
            raise _bad("Inpaint image must match the requested width and height")
        image.load()


def _bad(message: str, code: str | None = None) -> Refusal:
    return invalid(message, "input_reference", code)
