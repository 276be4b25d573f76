"""Jobs as rows of the ledger, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from batchsora.clock import read_stamp, stamp
from batchsora.job import Clip, Fault, Fit, Image, Job, Order, Reason, Size, State

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
        "error_code": fault and fault.code,
        "error_message": fault and fault.message,
        "error_hint": fault and fault.hint,
        "hint": job.hint,
        "video_id": job.video_id,
        "attempts": job.attempts,
        "purchases": job.purchases,
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


def read_job(row: Row) -> Job:
    """Read a job from its row."""
    price = row["price_usd"]
    return Job(
        key=row["key"],
        id=row["id"],
        order=_read_order(row),
        output=row["output"],
        price_usd=None if price is None else Decimal(price),
        state=State(row["state"]),
        revision=row["revision"],
        reason=None if row["reason"] is None else Reason(row["reason"]),
        fault=_read_fault(row),
        hint=row["hint"],
        video_id=row["video_id"],
        attempts=row["attempts"],
        purchases=row["purchases"],
        submit_started_at=_time(row["submit_started_at"]),
        submitted_at=_time(row["submitted_at"]),
        doubted_at=_time(row["doubted_at"]),
        render_started_at=_time(row["render_started_at"]),
        completed_at=_time(row["completed_at"]),
        expires_at=_time(row["expires_at"]),
        download_started_at=_time(row["download_started_at"]),
        downloaded_at=_time(row["downloaded_at"]),
        clip=_read_clip(row),
    )


def _read_order(row: Row) -> Order:
    image = None if row["image"] is None else Image(row["image"], row["image_sha256"])
    return Order(
        prompt=row["prompt"],
        model=row["model"],
        seconds=row["seconds"],
        size=Size.parse(row["size"]),
        take=row["take"],
        image=image,
        fit=Fit(row["fit"]),
    )


def _read_fault(row: Row) -> Fault | None:
    if row["error_code"] is None:
        return None
    return Fault(row["error_code"], row["error_message"] or "", row["error_hint"] or "")


def _read_clip(row: Row) -> Clip | None:
    return None if row["file"] is None else Clip(row["file"], row["bytes"], row["sha256"])


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _time(text: str | None) -> datetime | None:
    return None if text is None else read_stamp(text)
