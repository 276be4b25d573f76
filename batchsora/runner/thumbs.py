"""Small pictures of the images as they were sent, kept for the page that shows a run."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from batchsora.job import Job, Order
from batchsora.media.thumbs import thumbnail
from batchsora.runner.placing import PARTIALS

THUMBS = Path("work") / "thumbs"


def thumb_of(order: Order) -> Path | None:
    """Say where, from the run folder, an order's small picture lies; None where it has no image."""
    if order.picture is None:
        return None
    shown = "\n".join((*order.picture, str(order.size)))
    return THUMBS / f"{hashlib.sha256(shown.encode()).hexdigest()[:32]}.jpg"


def keep_thumb(folder: Path, job: Job, upload: bytes) -> None:
    """Keep a small picture of what is sent; blocks. Where the disk refuses there is none."""
    thumb = thumb_of(job.order)
    if thumb is None or (folder / thumb).exists():
        return
    partial = folder / PARTIALS / f"{job.key}.thumb.part"
    with suppress(OSError):  # no job fails for want of it
        (folder / THUMBS).mkdir(parents=True, exist_ok=True)
        partial.write_bytes(thumbnail(upload))
        partial.replace(folder / thumb)
