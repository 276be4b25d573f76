"""Images prepared for upload: the door of this room for whoever sends one. Reads files."""

import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from batchsora.job import Framing
from batchsora.media.facts import ImageFacts, ImageProblem
from batchsora.media.fits import fitted_notes, goes_untouched
from batchsora.media.headers import (
    checked_byte_count,
    hash_image,
    inspect_image,
    open_header,
    readable,
)
from batchsora.media.pixels import decode, fitted_picture

__all__ = [
    "ImageFacts",
    "ImageProblem",
    "PreparedImage",
    "fitted_notes",
    "hash_image",
    "inspect_image",
    "prepare_image",
]

JPEG_QUALITY = 95  # above it files grow and pictures don't
PNG_LEVEL = 3  # zlib's 6 takes 4 times as long for a file 9 % smaller
STEM_LENGTH = 60  # a name, not a story, in the multipart header

# Suffix and MIME type by Pillow's name of the format.
KINDS = {
    "JPEG": (".jpg", "image/jpeg"),
    "PNG": (".png", "image/png"),
    "WEBP": (".webp", "image/webp"),
}


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """An image as it goes out: exactly the pixels ordered, and what was done to get there."""

    content: bytes
    file_name: str  # ASCII only, safe in a multipart header
    mime_type: str
    width: int
    height: int
    notes: tuple[str, ...]
    source_sha256: str  # of the very bytes that were decoded: tells a file that changed meanwhile


def prepare_image(path: Path, size: tuple[int, int], framing: Framing) -> PreparedImage:
    """Return the image as it goes to the service, exactly `size` (width, height) in pixels.

    The picture is decoded wholly, so that a truncated file is found here; set upright by
    EXIF; flattened on white; brought to sRGB; fitted. PNG stays PNG, everything else becomes
    JPEG, without EXIF and other metadata. A JPEG, PNG or WebP that is upright opaque RGB of
    that size already goes out byte for byte. The same bytes in give the same bytes out.

    Raises ImageProblem for what can't be used.
    """
    checked_byte_count(path)
    with readable():
        source = path.read_bytes()
        image, facts = open_header(source)
        notes = fitted_notes(facts, size, framing)
        decode(image, facts, size, framing)
    if goes_untouched(facts, size):
        kind, content = facts.format, source
    else:
        kind = "PNG" if facts.format == "PNG" else "JPEG"
        content = _encoded(fitted_picture(image, facts, size, framing), kind)
    suffix, mime_type = KINDS[kind]
    return PreparedImage(
        content=content,
        file_name=_ascii_stem(path.stem) + suffix,
        mime_type=mime_type,
        width=size[0],
        height=size[1],
        notes=notes,
        source_sha256=hashlib.sha256(source).hexdigest(),
    )


def _encoded(picture: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    if kind == "PNG":
        picture.save(target, "PNG", compress_level=PNG_LEVEL)
    else:
        # 4:4:4: the model looks at the colours, and they are sent once only.
        picture.save(target, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return target.getvalue()


def _ascii_stem(stem: str) -> str:
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_]+", "-", plain)[:STEM_LENGTH].strip("-")
    return safe or "image"
