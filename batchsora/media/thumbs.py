"""Small pictures of what was sent: for a page on which thousands are seen together. Pure."""

from __future__ import annotations

import io

from PIL import Image

LONG_SIDE = 400  # pixels: one can compare it with its clip
QUALITY = 60  # some 12 kB: more than a thousand of them fit into a page


def thumbnail(upload: bytes) -> bytes:
    """Make a small JPEG of an image as it is sent, its longer side `LONG_SIDE` pixels at most."""
    with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG", "WEBP")) as image:
        image.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is decoded in a few milliseconds
        small = image.convert("RGB")
    small.thumbnail((LONG_SIDE, LONG_SIDE))
    target = io.BytesIO()
    small.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()
