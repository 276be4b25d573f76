"""What the service remembers: an SQLite file of accepted videos and of every request that came."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from batchsora.simulator.job import Fate, Job

if TYPE_CHECKING:
    from pathlib import Path

MICRO = 1_000_000

# FULL: an accepted create must outlive the process and the power; PERSIST is its safest journal.
OPENING = """
PRAGMA busy_timeout = 10000;
PRAGMA journal_mode = PERSIST;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    prompt TEXT NOT NULL,
    model TEXT NOT NULL,
    seconds TEXT NOT NULL,
    size TEXT NOT NULL,
    image_sha256 TEXT,
    price_micro_usd INTEGER NOT NULL,
    created_at REAL NOT NULL,
    starts_at REAL NOT NULL,
    ends_at REAL,
    fate TEXT NOT NULL,
    deleted_at REAL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_age ON jobs (created_at);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY,
    arrived_at REAL NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS tallies (
    fault INTEGER NOT NULL,
    subject TEXT NOT NULL,
    seen INTEGER NOT NULL,
    struck INTEGER NOT NULL,
    PRIMARY KEY (fault, subject)
) STRICT;
"""
FIELDS = (
    "id, prompt, model, seconds, size, image_sha256, price_micro_usd,"
    " created_at, starts_at, ends_at, fate"
)
ADD_JOB = f"INSERT INTO jobs ({FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
ONE_JOB = f"SELECT {FIELDS} FROM jobs WHERE id = ? AND deleted_at IS NULL"  # noqa: S608
EVERY_JOB = f"SELECT {FIELDS}, deleted_at FROM jobs ORDER BY number"  # noqa: S608
LISTED = (
    f"SELECT {FIELDS} FROM jobs WHERE deleted_at IS NULL AND created_at <= :until"  # noqa: S608
    " AND (:after IS NULL OR {beyond}) ORDER BY number {order} LIMIT :limit"
)
NEWEST_FIRST = LISTED.format(beyond="number < :after", order="DESC")
OLDEST_FIRST = LISTED.format(beyond="number > :after", order="ASC")
RUNNING = "SELECT count(*) FROM jobs WHERE deleted_at IS NULL AND (ends_at IS NULL OR ends_at > ?)"
TALLY = (
    "INSERT INTO tallies VALUES (?, ?, 1, 0)"
    " ON CONFLICT DO UPDATE SET seen = seen + 1 RETURNING seen, struck"
)
STRUCK = "UPDATE tallies SET struck = struck + 1 WHERE fault = ? AND subject = ?"
COUNTERS = (
    "SELECT method || ' ' || route AS route, ifnull(status, 'none') AS status, count(*) AS times"
    " FROM requests GROUP BY 1, 2 ORDER BY 1, 2"
)


class SimulatorState:
    """The memory of one simulated service, in one folder; belongs to the thread that opened it."""

    def __init__(self, folder: Path) -> None:
        """Open the memory in `folder`, which is made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "simulator.db", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(OPENING)
        self._answers: list[tuple[int, int]] = []

    def close(self) -> None:
        """Write what is left to write, and let go of the file."""
        self._write_answers()
        self._db.close()

    # -- requests ---------------------------------------------------------------------------

    def count_request(self, method: str, route: str, at: float) -> int:
        """Record durably that a request came; return its number. Times never run backwards."""
        with self._transaction():
            self._db.executemany("UPDATE requests SET status = ? WHERE number = ?", self._answers)
            self._answers.clear()
            found = self._db.execute(
                "INSERT INTO requests (arrived_at, method, route)"
                " VALUES (max(?, ifnull((SELECT arrived_at FROM requests"
                " ORDER BY number DESC LIMIT 1), 0)), ?, ?)",
                (at, method, route),
            )
        return int(found.lastrowid or 0)

    def count_answer(self, number: int, status: int) -> None:
        """Note the status that a request was answered with; written with the next request."""
        self._answers.append((status, number))

    def requests_so_far(self) -> int:
        """Return how many requests ever came."""
        return self._number("SELECT count(*) FROM requests")

    # -- jobs -------------------------------------------------------------------------------

    def accept(self, job: Job) -> None:
        """Record an accepted create; it is on the disk when this returns."""
        values = asdict(job)
        values["price_usd"] = int(job.price_usd * MICRO)
        self._db.execute(ADD_JOB, tuple(values.values()))

    def job(self, video_id: str) -> Job | None:
        """Return the video of this id, unless it was deleted."""
        if not video_id.isascii():  # no id of ours; and SQLite refuses half a surrogate pair
            return None
        row = self._db.execute(ONE_JOB, (video_id,)).fetchone()
        return None if row is None else _job(row)

    def jobs(self, *, until: float, after: str | None, newest_first: bool, limit: int) -> list[Job]:
        """Return videos accepted up to `until`, those beyond the id `after`, in order."""
        number = None
        if after is not None:
            number = self._number("SELECT number FROM jobs WHERE id = ?", after)
        values = {"until": until, "after": number, "limit": limit}
        rows = self._db.execute(NEWEST_FIRST if newest_first else OLDEST_FIRST, values)
        return [_job(row) for row in rows]

    def delete(self, video_id: str, now: float) -> None:
        """Take a video out of sight; its bill stays."""
        self._db.execute("UPDATE jobs SET deleted_at = ? WHERE id = ?", (now, video_id))

    def postpone(self, video_id: str, ends_at: float) -> None:
        """Move a job's end, because its clip was not made in time."""
        self._db.execute("UPDATE jobs SET ends_at = ? WHERE id = ?", (ends_at, video_id))

    # -- limits -----------------------------------------------------------------------------

    def created_since(self, moment: float) -> list[float]:
        """Return when the creates after `moment` were accepted, oldest first."""
        found = self._db.execute(
            "SELECT created_at FROM jobs WHERE created_at > ? ORDER BY created_at", (moment,)
        )
        return [row[0] for row in found]

    def running(self, now: float) -> int:
        """Return how many videos are not finished at `now`."""
        return self._number(RUNNING, now)

    def spent_usd(self) -> Decimal:
        """Return the price of everything that was ever accepted."""
        return Decimal(self._number("SELECT ifnull(sum(price_micro_usd), 0) FROM jobs")) / MICRO

    # -- faults -----------------------------------------------------------------------------

    def tally(self, fault: int, subject: str) -> tuple[int, int]:
        """Count a request that came past a fault; return how many came, and how many it struck."""
        seen, struck = self._db.execute(TALLY, (fault, subject)).fetchone()
        return seen, struck

    def tally_strike(self, fault: int, subject: str) -> None:
        """Count that the fault struck."""
        self._db.execute(STRUCK, (fault, subject))

    # -- the record -------------------------------------------------------------------------

    def record(self) -> dict[str, Any]:
        """Return the bill and the counters of all requests, fit for JSON."""
        self._write_answers()
        counters: dict[str, dict[str, int]] = {}
        for route, status, times in self._db.execute(COUNTERS):
            counters.setdefault(route, {})[str(status)] = times
        return {
            "creates": [_bill(row) for row in self._db.execute(EVERY_JOB)],
            "spent_usd": str(self.spent_usd()),
            "requests": counters,
        }

    def _write_answers(self) -> None:
        with self._transaction():
            self._db.executemany("UPDATE requests SET status = ? WHERE number = ?", self._answers)
            self._answers.clear()

    def _number(self, statement: str, *values: object) -> int:
        row = self._db.execute(statement, values).fetchone()
        return 0 if row is None else int(row[0])

    def _transaction(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        return self._db


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        prompt=row["prompt"],
        model=row["model"],
        seconds=row["seconds"],
        size=row["size"],
        image_sha256=row["image_sha256"],
        price_usd=Decimal(row["price_micro_usd"]) / MICRO,
        created_at=row["created_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        fate=Fate(row["fate"]),
    )


def _bill(row: sqlite3.Row) -> dict[str, Any]:
    line = asdict(_job(row))
    return line | {"price_usd": str(line["price_usd"]), "deleted_at": row["deleted_at"]}
