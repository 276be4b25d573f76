"""Jobs as rows of the ledger, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from batchsora.clock import read_stamp, stamp
from batchsora.errors import LedgerError
from batchsora.job import Clip, Fault, Framing, Image, Job, Order, Reason, Size, State
from batchsora.lifecycle import Happening

Row = Mapping[str, Any]

# what `lifecycle.advance` may change of a job; all else is settled when the job is recorded
MOVING = (
    "state",
    "revision",
    "reason",
    "error_code",
    "error_message",
    "error_hint",
    "hint",
    "video_id",
    "attempts",
    "purchases",
    "spent_usd",
    "unpriced",
    "submit_started_at",
    "submitted_at",
    "doubted_at",
    "render_started_at",
    "completed_at",
    "expires_at",
    "download_started_at",
    "downloaded_at",
    "file",
    "bytes",
    "sha256",
)


def moving_row(job: Job) -> dict[str, Any]:
    """Write down the columns that a transition may change."""
    fault, clip = job.fault, job.clip
    return {
        "state": job.state.value,
        "revision": job.revision,
        "reason": job.reason,
        "error_code": fault and _storable(fault.code),
        "error_message": fault and _storable(fault.message),
        "error_hint": fault and _storable(fault.hint),
        "hint": _storable(job.hint),
        "video_id": job.video_id,
        "attempts": job.attempts,
        "purchases": job.purchases,
        "spent_usd": str(job.spent_usd),
        "unpriced": job.unpriced,
        "submit_started_at": _stamp(job.submit_started_at),
        "submitted_at": _stamp(job.submitted_at),
        "doubted_at": _stamp(job.doubted_at),
        "render_started_at": _stamp(job.render_started_at),
        "completed_at": _stamp(job.completed_at),
        "expires_at": _stamp(job.expires_at),
        "download_started_at": _stamp(job.download_started_at),
        "downloaded_at": _stamp(job.downloaded_at),
        "file": clip and clip.file,
        "bytes": clip and clip.bytes,
        "sha256": clip and clip.sha256,
    }


def event_row(job: Job, happening: Happening) -> dict[str, Any]:
    """Write down what happened to a job, as the row of an event."""
    return {
        "key": job.key,
        "at": stamp(happening.at),
        "event": happening.event.value,
        "state": job.state.value,
        "detail": _storable(json.dumps(dict(_details(job, happening)), ensure_ascii=False)),
    }


def _details(job: Job, happening: Happening) -> Iterator[tuple[str, Any]]:
    """Say what was known of it, leaving out what was not."""
    if job.state is State.SUBMITTING and job.price_usd is not None:
        yield "price_usd", str(job.price_usd)  # of this purchase; that of the next may be another
    if happening.fault is not None:
        yield "code", happening.fault.code
        yield "message", happening.fault.message
        if happening.fault.hint:
            yield "fault_hint", happening.fault.hint
    for name in ("video_id", "reason", "hint", "evidence"):
        if value := getattr(happening, name):
            yield name, value
    for name in ("started_at", "completed_at", "expires_at", "again_at"):
        if at := getattr(happening, name):
            yield name, stamp(at)
    if happening.clip is not None:
        yield "file", happening.clip.file
        yield "bytes", happening.clip.bytes
        yield "sha256", happening.clip.sha256


def read_job(row: Row) -> Job:
    """Read a job from its row."""
    price = row["price_usd"]
    # of a job to which nothing has happened there is no more to read: they may be a million
    moved = {} if row["revision"] == 0 else _read_moving(row)
    return Job(
        key=row["key"],
        id=row["id"],
        order=_read_order(row),
        output=_place(row["output"]),
        price_usd=None if price is None else Decimal(price),
        **moved,
    )


def _read_moving(row: Row) -> dict[str, Any]:
    """Read what a transition may have changed, as the fields of a job."""
    return {
        "state": State(row["state"]),
        "revision": row["revision"],
        "reason": None if row["reason"] is None else Reason(row["reason"]),
        "fault": _read_fault(row),
        "hint": row["hint"],
        "video_id": row["video_id"],
        "attempts": row["attempts"],
        "purchases": row["purchases"],
        "spent_usd": Decimal(row["spent_usd"]),
        "unpriced": row["unpriced"],
        "submit_started_at": _time(row["submit_started_at"]),
        "submitted_at": _time(row["submitted_at"]),
        "doubted_at": _time(row["doubted_at"]),
        "render_started_at": _time(row["render_started_at"]),
        "completed_at": _time(row["completed_at"]),
        "expires_at": _time(row["expires_at"]),
        "download_started_at": _time(row["download_started_at"]),
        "downloaded_at": _time(row["downloaded_at"]),
        "clip": _read_clip(row),
    }


_read_framing = lru_cache(maxsize=256)(Framing.parse)
_read_size = lru_cache(maxsize=256)(Size.parse)  # there are but a few


def _read_order(row: Row) -> Order:
    image = None if row["image"] is None else Image(row["image"], row["image_sha256"])
    return Order(
        prompt=row["prompt"],
        model=row["model"],
        seconds=row["seconds"],
        size=_read_size(row["size"]),
        take=row["take"],
        image=image,
        framing=_read_framing(row["fit"]),
    )


def _read_fault(row: Row) -> Fault | None:
    if row["error_code"] is None:
        return None
    return Fault(row["error_code"], row["error_message"] or "", row["error_hint"] or "")


def _read_clip(row: Row) -> Clip | None:
    if row["file"] is None:
        return None
    return Clip(_place(row["file"]), row["bytes"], row["sha256"])


def _place(path: str) -> str:
    """Insist that a path leads into ``videos/``: a ledger may be a stranger's, like any file."""
    parts = path.split("/")
    if parts[0] != "videos" or len(parts) == 1 or not {"", ".", ".."}.isdisjoint(parts):
        what = f"the ledger names a place outside videos/: {path}"
        raise LedgerError(what, "do not use this run folder: somebody has tampered with it")
    return path


def _storable(text: str) -> str:
    """Replace half surrogate pairs, which no file can hold: any answer has to be kept."""
    return text.encode("utf-8", "replace").decode()


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _time(text: str | None) -> datetime | None:
    return None if text is None else read_stamp(text)
