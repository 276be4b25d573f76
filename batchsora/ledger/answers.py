"""What a ledger answers: campaign, jobs as they are reported and met again, sums. Pure values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from batchsora.clock import read_stamp
from batchsora.errors import UsageError
from batchsora.job import Job, Reason, State
from batchsora.ledger.rows import Row, read_job

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Campaign:
    """Whose ledger it is."""

    identity: str
    name: str
    service: str  # the base URL, or "simulator"
    manifest: str  # relative to the run folder
    columns: tuple[str, ...]  # the manifest's own other columns
    began_at: datetime
    max_cost_usd: Decimal | None  # the budget of the last run

    def insist(self, folder: Path, name: str, service: str) -> None:
        """Raise UsageError where another campaign, or another service, wants this folder."""
        if self.name != name:
            what = f"{folder} belongs to the campaign {self.name}, not to {name}"
            raise UsageError(what, "choose another run folder with --out-dir")
        if self.service != service:
            what = f"{folder} belongs to the service {self.service}, not to {service}"
            named = "--simulate" if self.service == "simulator" else f"--base-url {self.service}"
            mend = f"go on there with {named}; or begin anew in another folder with --out-dir"
            raise UsageError(what, mend)


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as it is reported: with the place that asks for it, if one still does."""

    job: Job
    row: int | None
    file: str | None  # an included one, from the manifest's folder; None: the manifest itself
    line: int | None
    tags: tuple[str, ...]
    columns: dict[str, str]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """What came from an address."""

    sha256: str  # of the first bytes: what the keys of its jobs are made of
    file: str  # the hash, and so the name in the cache, of those that are kept now


class Known:
    """A job that is met again: read no further than it is asked for, for there may be a million."""

    __slots__ = ("_job", "_row")

    def __init__(self, row: Row) -> None:
        self._row = row
        self._job: Job | None = None

    @property
    def job(self) -> Job:
        """The job as it is now."""
        if self._job is None:
            self._job = read_job(self._row)
        return self._job

    @property
    def entry(self) -> Entry:
        """The job as it is reported."""
        return read_entry(self._row)

    @property
    def is_untouched(self) -> bool:
        """Tell whether nothing has happened to it since it was recorded."""
        return bool(self._row["revision"] == 0)

    @property
    def output(self) -> str:
        """Where its clip goes."""
        return str(self._row["output"])

    @property
    def row(self) -> int | None:
        """The row that asks for it; None where none does any more."""
        return None if self._row["row"] is None else int(self._row["row"])

    @property
    def bill_usd(self) -> Decimal | None:
        """What it has cost, a doubt counting as billed; None where that price is not known."""
        return _NOTHING if self.is_untouched else self.job.bill_usd


@dataclass(frozen=True, slots=True)
class Tally:
    """So many jobs of one state, reason and price, of which each has cost the same so far."""

    state: State
    reason: Reason | None
    price_usd: Decimal | None
    spent_usd: Decimal  # of each
    unpriced: int  # of all
    jobs: int
    rendering: int = 0  # of all: at the service, and not in its queue any more


@dataclass(frozen=True, slots=True)
class Kept:
    """So many clips came since then."""

    count: int
    since: datetime | None
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A time in which the service wanted no orders: what it said, and to how many of them."""

    since: datetime
    until: datetime
    jobs: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Past:
    """An event of a job's history."""

    at: datetime
    event: str
    state: State
    detail: dict[str, Any]


@lru_cache(maxsize=1024)
def _read_tags(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def read_entry(row: Row) -> Entry:
    """Read a job as it is reported from its row."""
    return Entry(
        read_job(row),
        row["row"],
        row["manifest_file"],
        row["manifest_line"],
        _read_tags(row["tags"]),
        json.loads(row["columns"]),
        read_stamp(row["recorded_at"]),
    )
