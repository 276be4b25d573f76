"""What a row says otherwise than it did before, in words. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from batchsora.job import Image, Order


def changes(was: Order, now: Order) -> Iterator[str]:
    """Say which fields of an order changed, and from what."""
    for field in ("prompt", "model", "seconds", "size", "image", "framing"):
        before, after = getattr(was, field), getattr(now, field)
        if before == after or (field == "framing" and now.image is None):
            continue
        if field == "image":
            yield _image_change(was.image, now.image)
        else:
            name = "fit" if field == "framing" else field
            yield f"{name} was {textwrap.shorten(str(before), 40, placeholder='…')}"


def _image_change(was: Image | None, now: Image | None) -> str:
    if was is None or now is None:
        return f"image was {was.written if was else 'none'}"
    if was.written == now.written:
        return "the image file has changed"
    return f"image was {was.written}"
