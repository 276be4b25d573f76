"""Reading the ledger: campaign, jobs, history, totals. Never for longer than an instant at a time.

A reader that holds its transaction open keeps the runner from committing; so every question here
is answered whole, or a page at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from sqlite_utils import Database

from batchsora.clock import read_stamp
from batchsora.job import Job, Reason, State
from batchsora.ledger.rows import read_job

PAGE = 500  # rows read at a time: about 10 ms


@dataclass(frozen=True, slots=True)
class Campaign:
    """Whose ledger it is."""

    identity: str
    name: str
    service: str  # the base URL, or "simulator"
    manifest: str  # relative to the run folder
    columns: tuple[str, ...]  # the manifest's own other columns
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as it is reported: with the place that asks for it, if one still does."""

    job: Job
    row: int | None
    line: int | None
    tags: tuple[str, ...]
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """So many jobs of one state, reason and price."""

    state: State
    reason: Reason | None
    price_usd: Decimal | None
    jobs: int
    purchases: int


@dataclass(frozen=True, slots=True)
class Past:
    """An event of a job's history."""

    at: datetime
    event: str
    state: State
    detail: dict[str, Any]


class Records:
    """The questions that a ledger answers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def campaign(self) -> Campaign | None:
        """Say whose ledger it is; None where it was never claimed."""
        row = self._db.execute("select * from campaign").fetchone()
        if row is None:
            return None
        return Campaign(
            row["identity"],
            row["name"],
            row["service"],
            row["manifest"],
            tuple(json.loads(row["columns"])),
            read_stamp(row["began_at"]),
        )

    def find(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Look up jobs by their keys; those that are not there are left out."""
        rows = self._db.execute(
            "select * from jobs where key in (select value from json_each(?))",
            (json.dumps(list(keys)),),
        )
        return {row["key"]: _read_entry(row) for row in rows.fetchall()}

    def named(self, names: Iterable[str]) -> Iterator[Entry]:
        """Find jobs by ``ID`` (all its takes), ``ID#TAKE``, or a glob of either."""
        patterns = tuple(names)
        for entry in self.entries():
            job = entry.job
            full = f"{job.id}#{job.order.take}"
            if any(fnmatchcase(job.id, it) or fnmatchcase(full, it) for it in patterns):
                yield entry

    def entries(self) -> Iterator[Entry]:
        """Read what is reported: the manifest's jobs in order, then what was bought and is gone."""
        yield from self._pages("position", "position is not null")
        yield from self._pages("rowid", "position is null and purchases + (state = 'in_doubt') > 0")

    def _pages(self, by: str, where: str) -> Iterator[Entry]:
        after = -1
        while True:
            rows = self._db.execute(
                f"select *, {by} as place from jobs where {where} and {by} > ?"  # noqa: S608 - our own words
                f" order by {by} limit {PAGE}",
                (after,),
            ).fetchall()
            yield from map(_read_entry, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1]["place"]

    def tallies(self) -> list[Tally]:
        """Count what is reported, by state, reason and price."""
        rows = self._db.execute(
            "select state, reason, price_usd, count(*) as jobs, sum(purchases) as purchases"
            " from jobs where position is not null or purchases > 0 or state = 'in_doubt'"
            " group by 1, 2, 3"
        )
        return [
            Tally(
                State(row["state"]),
                None if row["reason"] is None else Reason(row["reason"]),
                None if row["price_usd"] is None else Decimal(row["price_usd"]),
                row["jobs"],
                row["purchases"],
            )
            for row in rows.fetchall()
        ]

    def history(self, key: str) -> list[Past]:
        """Read all that happened to a job, oldest first."""
        rows = self._db.execute("select * from events where key = ? order by seq", (key,))
        return [
            Past(
                read_stamp(row["at"]),
                row["event"],
                State(row["state"]),
                json.loads(row["detail"]),
            )
            for row in rows.fetchall()
        ]

    def owner_of(self, video_id: str) -> str | None:
        """Say which job's key has this video, if one has."""
        row = self._db.execute("select key from jobs where video_id = ?", (video_id,)).fetchone()
        return None if row is None else str(row["key"])

    def owner_of_output(self, folded: str) -> str | None:
        """Say which job's key has this path, folded by `fold_path`, if one has."""
        row = self._db.execute("select key from jobs where output_folded = ?", (folded,)).fetchone()
        return None if row is None else str(row["key"])

    def recall_image(self, written: str) -> str | None:
        """Recall the newest hash of an image's bytes, by what the manifest calls it."""
        row = self._db.execute(
            "select image_sha256 from jobs where image = ? order by rowid desc limit 1", (written,)
        ).fetchone()
        return None if row is None else str(row["image_sha256"])

    def render_times(self, limit: int = 2000) -> list[tuple[Job, float]]:
        """Read the newest renders, each with the seconds that it took from order to completion."""
        rows = self._db.execute(
            "select * from jobs where completed_at > submitted_at"
            " order by completed_at desc limit ?",
            (limit,),
        )
        return [
            (job, (job.completed_at - job.submitted_at).total_seconds())
            for job in map(read_job, rows.fetchall())
            if job.completed_at and job.submitted_at
        ]


def _read_entry(row: Any) -> Entry:
    return Entry(
        read_job(row),
        row["row"],
        row["manifest_line"],
        tuple(json.loads(row["tags"])),
        json.loads(row["columns"]),
    )
