"""What a row says otherwise than it did before, in words. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from batchsora.job import Image, Order

SHOWN_CHARACTERS = 40
_BEFORE_THE_CHANGE = 12  # characters of what is the same, to find the place by


def changes(was: Order, now: Order) -> Iterator[str]:
    """Say which fields of an order changed, and from what."""
    for field in ("prompt", "model", "seconds", "size"):
        yield from _change(field, getattr(was, field), getattr(now, field))
    if was.image != now.image:
        yield _image_change(was.image, now.image)
    if now.image is not None:
        for field in ("fit", "focus", "pad"):
            yield from _change(field, getattr(was.framing, field), getattr(now.framing, field))


def _change(field: str, was: object, now: object) -> Iterator[str]:
    if was != now:
        yield f"{field} was {_around_the_change(str(was), str(now))}"


def _around_the_change(was: str, now: str) -> str:
    """Cut a text, but show of it what is not the same any more."""
    if len(was) <= SHOWN_CHARACTERS:
        return textwrap.shorten(was, SHOWN_CHARACTERS, placeholder="…")
    same = next(
        (at for at, (one, other) in enumerate(zip(was, now, strict=False)) if one != other),
        len(now),
    )
    start = max(0, same - _BEFORE_THE_CHANGE)
    if start:
        start = was.find(" ", start) + 1 or start  # with a whole word
    shown = textwrap.shorten(was[start:], SHOWN_CHARACTERS, placeholder="…")
    return f"…{shown}" if start else shown


def _image_change(was: Image | None, now: Image | None) -> str:
    if was is None or now is None:
        return f"image was {was.written if was else 'none'}"
    if was.written == now.written:
        return "the image file has changed"
    return f"image was {was.written}"
