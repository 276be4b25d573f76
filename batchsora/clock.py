"""Time as a thing that is handed in. Waiting uses the loop's clock; this is the wall's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""Tells the wall's time, aware, in UTC: for show, expiry and HTTP dates, never for waiting."""


def system_now() -> datetime:
    """Tell this machine's wall time, aware and in UTC."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """Write a time as the reports and the ledger do: ``2026-01-31T09:30:00.123456Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_stamp(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)
