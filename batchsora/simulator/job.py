"""A video job as the service keeps it, and its standing at a moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

Status = Literal["queued", "in_progress", "completed", "failed"]


class Fate(StrEnum):
    """How a job will end; settled when it is accepted."""

    COMPLETES = "completes"
    FAILS = "fails"
    MODERATED = "moderated"
    STUCK = "stuck"


ERRORS: dict[Fate, dict[str, str]] = {
    Fate.FAILS: {"code": "video_generation_failed", "message": "Video generation failed."},
    Fate.MODERATED: {
        "code": "moderation_blocked",
        "message": "Your request was blocked by our moderation system.",
    },
}


@dataclass(frozen=True, slots=True)
class Job:
    """An accepted create request. Times are epoch seconds; `ends_at` None is never."""

    id: str
    prompt: str
    model: str
    seconds: str
    size: str
    image_sha256: str | None
    price_usd: Decimal
    created_at: float
    starts_at: float
    ends_at: float | None
    fate: Fate


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands: status, percentage, and the times that are known by then."""

    status: Status
    progress: int
    completed_at: int | None = None
    expires_at: int | None = None
    error: dict[str, str] | None = None

    def has_expired(self, now: float) -> bool:
        """Say whether the clip was there and is no more."""
        return self.expires_at is not None and now >= self.expires_at


def standing(job: Job, now: float, expires_s: float) -> Standing:
    """Return where the job stands at `now`: a function of stored times alone."""
    if now < job.starts_at:
        return Standing("queued", 0)
    if job.ends_at is None:
        return Standing("in_progress", 99)
    if now < job.ends_at:
        part = (now - job.starts_at) / (job.ends_at - job.starts_at)
        return Standing("in_progress", min(99, int(part * 100)))
    if job.fate is not Fate.COMPLETES:
        return Standing("failed", 0, error=ERRORS[job.fate])
    completed_at = int(job.ends_at)
    return Standing("completed", 100, completed_at, completed_at + int(expires_s))


def resource(job: Job, at: Standing) -> dict[str, Any]:
    """Return the job as OpenAI's VideoResource."""
    return {
        "id": job.id,
        "object": "video",
        "model": job.model,
        "status": at.status,
        "progress": at.progress,
        "created_at": int(job.created_at),
        "completed_at": at.completed_at,
        "expires_at": at.expires_at,
        "prompt": job.prompt,
        "size": job.size,
        "seconds": job.seconds,
        "remixed_from_video_id": None,
        "error": at.error,
    }
