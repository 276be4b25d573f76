"""A job as the page holds it: what the table says of it, and when each part of its way began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from batchsora.ledger.answers import Entry
from batchsora.reports.columns import Row, report_columns

BESIDE = (
    "tags", "picture", "recorded_ms", "sent_ms", "accepted_ms", "rendering_ms", "completed_ms",
    "fetching_ms", "kept_ms", "expires_ms",
)  # fmt: skip


def gallery_fields(own: Sequence[str]) -> list[str]:
    """Name what `gallery_job` gives, in order; `own` are the manifest's columns."""
    return ["key", "name", *report_columns(own), *BESIDE]


def gallery_job(entry: Entry, row: Row, picture: int | None) -> list[Any]:
    """Write a job as a list, shorter by half than an object; times are Unix milliseconds.

    `picture` is the place of its image among the page's pictures.
    """
    job = entry.job
    times = (
        entry.recorded_at
        if job.purchases <= 1
        else None,  # bought again: it did not wait since then
        job.submit_started_at,
        job.submitted_at,
        job.render_started_at,
        job.completed_at,
        job.download_started_at,
        job.downloaded_at,
        job.expires_at,
    )
    return [job.key, job.name, *row.values(), entry.tags, picture, *map(as_ms, times)]


def as_ms(at: datetime | None) -> int | None:
    """Write a time as a browser counts it."""
    return None if at is None else round(at.timestamp() * 1000)
