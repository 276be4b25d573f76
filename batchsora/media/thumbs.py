"""Small pictures of what was sent: for a page on which thousands are seen together. Pure."""

from __future__ import annotations

import io

from PIL import Image

LONG_SIDE = 240  # pixels: legible beside a clip
QUALITY = 60  # 4 to 6 kB: two thousand of them fit into a page


def thumbnail(upload: bytes) -> bytes:
    """Make a small JPEG of an image as it is sent, its longer side `LONG_SIDE` pixels at most."""
    with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG", "WEBP")) as image:
        image.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is decoded in a few milliseconds
        small = image.convert("RGB")
    small.thumbnail((LONG_SIDE, LONG_SIDE))
    target = io.BytesIO()
    small.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()
