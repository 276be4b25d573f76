"""What the wire says of a video, in our words. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from batchsora.job import Fault, Reason
from batchsora.service.complaints import clean, complaint_of
from batchsora.service.waits import http_date

VALID_ID = re.compile(r"(?!.*\.\.|\.$)[A-Za-z0-9._:=+/-]{1,512}")  # dots alone lead elsewhere
POLL_AFTER_MOST_S = 900.0  # a longer silence than a pause may be is not sensible
URL_CHARS = 8192
MOST_ROWS = 10_000  # a hundred are asked for; of more, a look would hold everybody up for seconds
_MILLISECONDS_FROM = 1e11  # as seconds, that would be the year 5138


class Progress(Enum):
    """How far the service is with a video."""

    QUEUED = auto()
    RENDERING = auto()
    COMPLETED = auto()
    FAILED = auto()


# whatever is not here means "still running", never "done"
WORDS: dict[str, Progress] = {
    "queued": Progress.QUEUED,
    "submitted": Progress.QUEUED,
    "pending": Progress.QUEUED,
    "not_start": Progress.QUEUED,
    "not_started": Progress.QUEUED,
    "created": Progress.QUEUED,
    "completed": Progress.COMPLETED,
    "succeeded": Progress.COMPLETED,
    "success": Progress.COMPLETED,
    "failed": Progress.FAILED,
    "failure": Progress.FAILED,
    "error": Progress.FAILED,
    "cancelled": Progress.FAILED,
    "canceled": Progress.FAILED,
    "expired": Progress.FAILED,
    "no_resource": Progress.FAILED,
}
ENVELOPE_WORDS = frozenset({"error", "success", "failure"})
URL_KEYS = ("soraVideoUrl", "video_url", "videoUrl", "url", "download_url", "result_url")
URL_NESTS = ("metadata", "result", "output", "video", "content", "data", "unsigned_urls", "urls")


@dataclass(frozen=True, slots=True)
class Video:
    """What the service tells of one video; everything in it may be missing."""

    id: str | None
    progress: Progress
    word: str = ""  # the status as it was written
    created_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    url: str | None = None
    fault: Fault | None = None
    reason: Reason | None = None
    prompt: str | None = None
    model: str | None = None
    seconds: int | None = None
    size: str | None = None
    poll_after_s: float | None = None


def on_our_clock(video: Video, ahead: timedelta) -> Video:
    """Write a video's times as our clock would have told them, `ahead` being how far it is so."""
    return replace(
        video,
        created_at=video.created_at and video.created_at + ahead,
        completed_at=video.completed_at and video.completed_at + ahead,
        expires_at=video.expires_at and video.expires_at + ahead,
    )


def read_video(body: object, headers: Mapping[str, str]) -> Video | None:
    """Read a job object, wrapped or not; None where it is no job object.

    An object that only complains is none, even with an ``id``: that is then a request's.
    """
    found = _unwrap(body)
    if found is None:
        return None
    word = _text(found.get("status")) or _text(found.get("state")) or ""
    video_id = _id(found)
    if not _is_job(body, found, word=word, has_id=video_id is not None):
        return None
    progress = WORDS.get(re.sub(r"[\s-]+", "_", word.strip().lower()), Progress.RENDERING)
    fault, reason = _failure(found, word) if progress is Progress.FAILED else (None, None)
    return Video(
        id=video_id,
        progress=progress,
        word=clean(word, 80),
        created_at=read_time(found.get("created_at")),
        completed_at=read_time(found.get("completed_at")),
        expires_at=read_time(found.get("expires_at")),
        url=_url(found),
        fault=fault,
        reason=reason,
        prompt=_text(found.get("prompt")),
        model=_text(found.get("model")),
        seconds=_whole(found.get("seconds")),
        size=_text(found.get("size")),
        poll_after_s=_poll_after_s(headers),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """What a service lists at once, in its order."""

    videos: tuple[Video, ...]
    is_whole: bool  # the service says that there are no more


def read_list(body: object, headers: Mapping[str, str]) -> Page | None:
    """Read a page of videos; None where it is no list, or one of far more than was asked for.

    A row that can't be read is a video all the same, of which nothing is known.
    """
    rows = body.get("data") if isinstance(body, Mapping) else body
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        return None
    videos = (read_video(row, headers) or Video(None, Progress.QUEUED) for row in rows)
    return Page(tuple(videos), isinstance(body, Mapping) and body.get("has_more") is False)


def names_video(body: object) -> bool:
    """Tell whether there is any id in an answer, whatever else it says."""
    found = _unwrap(body)
    return found is not None and _id(found) is not None


def valid_id(value: object) -> str | None:
    """Give an id that is safe to quote into a path; anything else is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**30:
        value = str(value)
    return value if isinstance(value, str) and VALID_ID.fullmatch(value) else None


def read_time(value: object) -> datetime | None:
    """Read epoch seconds (number or text), milliseconds, or a date's text; aware, in UTC."""
    number = _number(value)
    try:
        if number is not None:
            if number <= 0:
                return None
            seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            then = http_date(value) or datetime.fromisoformat(value.strip())
            return (then if then.tzinfo else then.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _unwrap(body: object) -> Mapping[str, Any] | None:
    for _ in range(3):
        if not isinstance(body, Mapping):
            return None
        inner = body.get("data")
        if isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        # the envelope's own "status" may be its own; its id would be the video's
        if _id(body) is not None or not isinstance(inner, Mapping):
            return body
        body = inner
    return body if isinstance(body, Mapping) else None


def _is_job(body: object, found: Mapping[str, Any], *, word: str, has_id: bool) -> bool:
    complains = any(_complains(part) for part in (body, found))
    word = word.strip().lower()
    if not has_id and found.get("object") != "video":
        # an envelope says "error" or "success" too, of the request and not of a video
        return not complains and word in WORDS and word not in ENVELOPE_WORDS
    if word and not word.isdigit():
        return not (complains and word in ENVELOPE_WORDS)
    return not complains and not found.get("error")


def _complains(part: object) -> bool:
    """Tell whether an object says of itself that it is a 4xx or a 5xx."""
    if not isinstance(part, Mapping):
        return False
    said = complaint_of({key: value for key, value in part.items() if key != "error"})
    return said.status is not None and said.status >= 400  # noqa: PLR2004 - HTTP's own border


def _id(found: Mapping[str, Any]) -> str | None:
    return next(
        (it for name in ("id", "task_id", "video_id") if (it := valid_id(found.get(name)))), None
    )


def _failure(found: Mapping[str, Any], word: str) -> tuple[Fault, Reason]:
    said = complaint_of({key: value for key, value in found.items() if key != "status"})
    code = said.code or clean(word.lower(), 80)
    if said.about_policy:
        hint = "change the prompt or the image"
        return Fault(code, said.message, hint), Reason.MODERATED
    if word.strip().lower() == "expired":
        return Fault(code, said.message, "the service no longer has it"), Reason.EXPIRED
    return Fault(
        code, said.message, "try it again: a render can fail by chance"
    ), Reason.RENDER_FAILED


def _url(found: Mapping[str, Any]) -> str | None:
    here = next((it for name in URL_KEYS if (it := _link(found.get(name)))), None)
    if here is not None:
        return here
    for name in URL_NESTS:
        nest = found.get(name)
        first = nest[0] if isinstance(nest, list) and nest else nest
        if isinstance(first, Mapping):
            link = next((it for key in URL_KEYS if (it := _link(first.get(key)))), None)
        else:
            link = _link(first)
        if link is not None:
            return link
    return None


def _link(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > URL_CHARS:
        return None
    return value if re.fullmatch(r"https?://[^\s\x00-\x20\x7f]+", value, re.IGNORECASE) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        value = value.strip().removesuffix("s")
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _poll_after_s(headers: Mapping[str, str]) -> float | None:
    milliseconds = _number(headers.get("openai-poll-after-ms"))
    if milliseconds is None or milliseconds <= 0:
        return None
    return min(milliseconds / 1000, POLL_AFTER_MOST_S)
