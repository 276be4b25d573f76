"""How a run is to go: its settings, their defaults, and how each is read from text. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil
from typing import Any, Self

_NUMBER = r"[0-9]{1,6}(?:\.[0-9]{1,6})?"
_RATE = re.compile(rf"({_NUMBER})\s*/\s*({_NUMBER})?\s*([smh])")
_PERIODS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: float
    period_s: float

    @property
    def interval_s(self) -> float:
        """Seconds from one request to the next at a steady pace."""
        return self.period_s / self.requests

    def __str__(self) -> str:
        """Write it as it is read: ``60/1m``."""
        for unit, unit_s in reversed(_PERIODS_S.items()):
            if self.period_s % unit_s == 0:
                return f"{self.requests:g}/{self.period_s / unit_s:g}{unit}"
        return f"{self.requests:g}/{self.period_s:g}s"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number, ``/``, a number or nothing, and ``s``, ``m`` or ``h``."""
        found = _RATE.fullmatch(text.strip())
        if found is None or float(found[1]) == 0 or float(found[2] or 1) == 0:
            raise ValueError("a rate such as 60/1m, 5/s or 100/1h")
        return cls(float(found[1]), float(found[2] or 1) * _PERIODS_S[found[3]])


@dataclass(frozen=True, slots=True)
class Share:
    """So many jobs, or such a part of all of them."""

    number: Decimal
    is_percent: bool

    def of(self, jobs: int) -> int:
        """Say how many of so many jobs are meant: one at least."""
        return max(1, ceil(self.number * jobs / 100)) if self.is_percent else int(self.number)

    def __str__(self) -> str:
        """Write it as it is read: ``20``, ``5%``."""
        return f"{self.number}{'%' if self.is_percent else ''}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number of jobs, or a share of them in per cent."""
        found = re.fullmatch(r"([0-9]{1,9})|([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%", text.strip())
        number = Decimal((found[1] or found[2]) if found else 0)
        if found is None or not number or (found[2] and number > 100):  # noqa: PLR2004 - per cent
            raise ValueError("a number of jobs such as 20, or a share of them such as 5%")
        return cls(number, found[2] is not None)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is to go. Every value has a reason beside it."""

    rate: Rate = Rate(60, 60.0)  # no provider documents its limit; one a second offends none
    burst: int = 1  # a full bucket plus the leak would let twice the rate into the first minute
    max_in_flight: int = 20
    poll_interval_s: float = 10.0  # OpenAI advises 10 to 20 s; learned times make it shorter
    job_timeout_s: float = 3600.0  # jobs may stand at 99 % for long; a resume goes on waiting
    download_concurrency: int = 4
    max_doubts: int = 3  # so many clips may be bought for nothing in an outage, and no more
    settle_s: float = 60.0  # a list may be behind: before this, "not there" means nothing
    max_attempts: int = 5
    max_cost_usd: Decimal | None = None  # of all that is billed, or may be, in this run folder
    max_failures: Share | None = None  # in one session; the same refusal ten times stops it anyway


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or int(text) < least:
            raise ValueError(f"a whole number, {least} or more")
        return int(text)

    return parse


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text.strip()) or float(text) == 0:
        raise ValueError("a number of seconds greater than 0")
    return float(text)


def parse_usd(text: str) -> Decimal:
    """Read an amount of money; raises ValueError, with words for what is wanted."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text.strip()):
        raise ValueError("an amount in US dollars such as 25 or 7.50")
    return Decimal(text.strip())


# The name of each setting, as a manifest and an option write it, with its field and its reader.
# A reader raises ValueError with words for what it wants.
SETTINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "rate": ("rate", Rate.parse),
    "burst": ("burst", _whole(1)),
    "max_in_flight": ("max_in_flight", _whole(1)),
    "poll_interval": ("poll_interval_s", _seconds),
    "job_timeout": ("job_timeout_s", _seconds),
    "download_concurrency": ("download_concurrency", _whole(1)),
    "max_doubts": ("max_doubts", _whole(1)),
    "settle": ("settle_s", _seconds),
    "max_attempts": ("max_attempts", _whole(1)),
    "max_cost": ("max_cost_usd", parse_usd),
    "max_failures": ("max_failures", Share.parse),
}
_EXAMPLES = {"max_cost": "25", "max_failures": "5%"}  # of those that have no default


def example_of(name: str) -> str:
    """Write a value of a setting as it is read: its default, or another where it has none."""
    value = getattr(Settings(), SETTINGS[name][0])
    if value is None:
        return _EXAMPLES[name]
    return f"{value:g}" if isinstance(value, float) else str(value)


def parse_setting(name: str, text: str) -> dict[str, Any]:
    """Read one setting into the field that it sets.

    Raises KeyError for an unknown name, and ValueError, with words for what is wanted.
    """
    field, parse = SETTINGS[name]
    return {field: parse(text)}


def settle(*layers: Mapping[str, Any]) -> Settings:
    """Put settings together, the later layers over the earlier ones, over the defaults."""
    settings = Settings()
    for layer in layers:
        settings = replace(settings, **layer)
    return settings
