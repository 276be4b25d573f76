"""How long the service asks us to wait. Pure: dates are told against the answer's own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

CLOCKS_AGREE = timedelta(seconds=5)
MOST_S = 10 * 366 * 86400.0  # so that a nonsense number still makes a date
_SPAN = re.compile(
    r"(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?"
)


def retry_after_s(headers: Mapping[str, str], at: datetime) -> float | None:
    """Read ``retry-after-ms`` or ``Retry-After``; None where neither is sensible."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    return seconds if seconds is not None else _until(text, headers, at)


def reset_s(headers: Mapping[str, str]) -> float | None:
    """Read ``x-ratelimit-reset-requests``: ``6s``, ``12ms``, ``1m30s``."""
    text = headers.get("x-ratelimit-reset-requests", "").strip()
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return min(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000, MOST_S)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return min(number, MOST_S) if math.isfinite(number) and number >= 0 else None


def _until(text: str, headers: Mapping[str, str], at: datetime) -> float | None:
    then = http_date(text)
    if then is None:
        return None
    # its clock and ours may differ by any amount: both ends are read off its own
    wait = (then - (http_date(headers.get("date", "")) or at)).total_seconds()
    return min(wait, MOST_S) if wait >= 0 else None


def clock_ahead(headers: Mapping[str, str], at: datetime) -> timedelta:
    """Tell how far our clock is ahead of the service's, by the date of an answer that came `at`.

    Dates are in whole seconds, and answers take their time: a few seconds are no difference. An
    answer out of a cache is as old as its Age.
    """
    then = http_date(headers.get("date", ""))
    if then is None or "age" in headers or abs(at - then) <= CLOCKS_AGREE:
        return timedelta(0)
    return at - then


def http_date(text: str) -> datetime | None:
    """Read an HTTP date (RFC 9110, 5.6.7)."""
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return then if then.tzinfo else then.replace(tzinfo=UTC)
