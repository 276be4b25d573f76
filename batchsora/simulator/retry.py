"""Hints that tell a client when to come back, in each spelling that services use. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from email.utils import formatdate

from batchsora.simulator.scenario import RetryHint


def retry_headers(hint: RetryHint, wait_s: float, now: float) -> dict[str, str]:
    """Return the headers that say "in `wait_s` seconds", `now` being epoch seconds."""
    return SPELLINGS[hint](wait_s, now)


def _seconds(wait_s: float, _now: float) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(wait_s))}


def _http_date(wait_s: float, now: float) -> dict[str, str]:
    # The answer's own Date goes along: the simulator's clock may not be the machine's.
    then = formatdate(math.ceil(now + wait_s), usegmt=True)
    return {"Date": formatdate(now, usegmt=True), "Retry-After": then}


def _ms(wait_s: float, _now: float) -> dict[str, str]:
    return {"retry-after-ms": str(math.ceil(wait_s * 1000))}


def _reset(wait_s: float, _now: float) -> dict[str, str]:
    text = f"{math.ceil(wait_s)}s" if wait_s >= 1 else f"{math.ceil(wait_s * 1000)}ms"
    return {"x-ratelimit-reset-requests": text}


def _none(_wait_s: float, _now: float) -> dict[str, str]:
    return {}


SPELLINGS: dict[RetryHint, Callable[[float, float], dict[str, str]]] = {
    "seconds": _seconds,
    "http-date": _http_date,
    "ms": _ms,
    "reset": _reset,
    "none": _none,
}
