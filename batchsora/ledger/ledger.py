"""The ledger: the one writer of what happened to jobs."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlite_utils import Database

from batchsora.clock import Now, stamp, system_now
from batchsora.errors import LedgerError, UsageError
from batchsora.job import Fault, Job, State
from batchsora.ledger import opening, rescue
from batchsora.ledger.lock import RunLock
from batchsora.ledger.records import Records
from batchsora.ledger.rows import MOVING, moving_row, read_job
from batchsora.lifecycle import Event, Happening, advance

ROOM_FOR_AN_ID = 1024  # bytes kept free in a row while the answer with its id is awaited
BUSY_TRIES = 6  # of 10 s each: so long a paid id waits for somebody else's reader

_UPDATE = (
    f"update jobs set {', '.join(f'{name} = :{name}' for name in MOVING)}, reserve = :reserve"  # noqa: S608 - our own names
    " where key = :key and state = :state_was and revision = :revision_was"
)
_CLAIM = (
    "insert into campaign (one, identity, name, service, manifest, columns, began_at)"
    " values (1, ?, ?, ?, ?, ?, ?)"
    " on conflict do update set manifest = excluded.manifest, columns = excluded.columns"
    " where (manifest, columns) is not (excluded.manifest, excluded.columns)"
)
_RESCUABLE = (
    "select * from jobs where state = 'in_doubt' and key = :key"
    " and exists (select 1 from campaign where identity = :identity)"
)
_APPEND = (
    "insert into events (key, at, event, state, detail) values (:key, :at, :event, :state, :detail)"
)


class SecondDriverError(Exception):
    """A job is not as its driver knew it: two drive it, which is a bug; nothing was written."""


class Ledger:
    """A run folder's ledger, open for writing by the one process that holds its lock.

    Synchronous on purpose: an `await` inside a transaction would let another task's write join it.
    """

    def __init__(self, folder: Path, *, rescue_file: Path, now: Now = system_now) -> None:
        """Open, or make, the ledger of a run folder.

        Every job whose request may have been on the wire when the last holder died is put in
        doubt, and ids that could not be stored then are read in from the rescue file, which
        belongs on another disk, or at least into another folder. Raises LedgerError.
        """
        self.folder = folder
        self.now = now
        self._rescue_file = rescue_file
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "work").mkdir(mode=0o700, exist_ok=True)
        self._lock = RunLock(folder / "work" / "lock")
        try:
            self.path = folder / "ledger.db"
            self.db: Database = opening.open_for_writing(self.path)
            self.records = Records(self.db)
            self._recover()
            self._bring_in_rescued()
        except BaseException:
            self._lock.close()
            raise

    def claim(self, name: str, service: str, manifest: str, columns: Sequence[str]) -> None:
        """Say whose ledger this is; raises UsageError where it is another campaign's."""
        ours = self.records.campaign()
        if ours is not None:
            self._insist("campaign", ours.name, name)
            self._insist("service", ours.service, service)
        with self.atomic():
            self.db.execute(
                _CLAIM,
                (uuid.uuid4().hex, name, service, manifest, json.dumps(columns), stamp(self.now())),
            )

    def _insist(self, word: str, is_: str, wanted: str) -> None:
        if is_ != wanted:
            raise UsageError(
                f"{self.folder} belongs to the {word} {is_}, not to {wanted}",
                "choose another run folder with --out-dir",
            )

    def record(self, job: Job, happening: Happening) -> Job:
        """Write one transition down, durably, and return the job as it is now.

        One transaction updates the row, if it is as `job` says, and appends the event; it is on
        the disk when this returns. Raises `IllegalTransitionError`, `SecondDriverError`, or
        LedgerError; nothing is written then. An accepted id that the disk does not take is put
        into the rescue file before the LedgerError is raised.
        """
        after = advance(job, happening)
        tries = BUSY_TRIES if happening.video_id else 1
        try:
            self._write(job, after, happening, tries)
        except sqlite3.Error as error:
            explained = opening.explain(error, self.path)
            if happening.video_id:
                self._put_aside(job, happening.video_id, explained)
            raise explained from error
        return after

    def _put_aside(self, job: Job, video_id: str, error: LedgerError) -> None:
        error.what += f"; the paid video {video_id} of job {job.name} is noted"
        try:
            rescue.put_aside(self._rescue_file, rescue.Found(self._identity(), job.key, video_id))
            error.what += f" in {self._rescue_file}, and read in at the next start"
        except OSError:
            error.what += (
                " nowhere but here: keep this line, and settle it with `batchsora resolve`"
            )

    def _identity(self) -> str:
        campaign = self.records.campaign()
        return campaign.identity if campaign else ""

    def _write(self, before: Job, after: Job, happening: Happening, tries: int) -> None:
        try:
            with self.atomic():
                self._swap(before, after)
                self.db.execute(_APPEND, _event_row(after, happening))
        except sqlite3.OperationalError as error:
            if tries <= 1 or "locked" not in str(error):
                raise
            self._write(before, after, happening, tries - 1)

    def _swap(self, before: Job, after: Job) -> None:
        reserve = bytes(ROOM_FOR_AN_ID) if after.state is State.SUBMITTING else None
        row = moving_row(after) | {
            "key": before.key,
            "state_was": before.state.value,
            "revision_was": before.revision,
            "reserve": reserve,
        }
        if self.db.execute(_UPDATE, row).rowcount != 1:
            raise SecondDriverError(f"job {before.key} is not {before.state} any more")

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Make what is written inside one transaction; nothing in it may wait."""
        with self.db.atomic():
            yield

    def _recover(self) -> None:
        """Put in doubt what was on the wire when the last runner died."""
        fault = Fault("interrupted", "batchsora was interrupted while this request was on the wire")
        found = self.db.execute("select * from jobs where state = 'submitting'").fetchall()
        for job in map(read_job, found):
            self.record(job, Happening(Event.SUBMIT_LOST, self.now(), fault=fault))

    def _bring_in_rescued(self) -> None:
        """Adopt the ids that could be stored in the rescue file only."""
        for found in rescue.read(self._rescue_file):
            row = self.db.execute(
                _RESCUABLE, {"key": found.key, "identity": found.identity}
            ).fetchone()
            if row is not None and self.records.owner_of(found.video_id) is None:
                happening = Happening(Event.DOUBT_ADOPTED, self.now(), video_id=found.video_id)
                self.record(read_job(row), happening)

    def choose_nothing(self) -> None:
        """Begin a choice of jobs; it is gone when the ledger is closed."""
        self.db.execute(
            "create temp table if not exists chosen (key text primary key) without rowid"
        )
        self.db.execute("delete from temp.chosen")

    def choose(self, keys: Iterable[str]) -> None:
        """Choose jobs that this session may submit."""
        self.db.conn.executemany("insert into temp.chosen values (?)", ((key,) for key in keys))

    def to_submit(self, after: int, limit: int, *, chosen: bool) -> list[tuple[int, Job]]:
        """Read a window of pending jobs in the manifest's order, each with its position.

        `after` is the last position of the window before; `chosen` asks for those jobs only that
        `choose` named.
        """
        only = "and key in (select key from temp.chosen)" if chosen else ""
        rows = self.db.execute(
            f"select * from jobs where state = 'pending' and position > ? {only}"  # noqa: S608 - no value
            " order by position limit ?",
            (after, limit),
        )
        return [(row["position"], read_job(row)) for row in rows.fetchall()]

    def under_way(self, after: str, limit: int) -> list[Job]:
        """Read a window of the jobs that the service has, or may have, in order of their keys."""
        rows = self.db.execute(
            "select * from jobs where state in ('in_doubt', 'running', 'rendered') and key > ?"
            " order by key limit ?",
            (after, limit),
        )
        return [read_job(row) for row in rows.fetchall()]

    def count_in_doubt(self) -> int:
        """Count the jobs in doubt: the breaker looks here, since a restart does not forget it."""
        (count,) = self.db.execute("select count(*) from jobs where state = 'in_doubt'").fetchone()
        return int(count)

    def is_alike_in_doubt(self, job: Job) -> bool:
        """Tell whether a job is in doubt that a service's list would show just like this one."""
        found = self.db.execute(
            "select 1 from jobs where state = 'in_doubt' and likeness = ? and key <> ?",
            (job.order.likeness(), job.key),
        )
        return found.fetchone() is not None

    def close(self) -> None:
        """Close the file and let the next runner in."""
        self.db.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()


def _event_row(job: Job, happening: Happening) -> dict[str, Any]:
    return {
        "key": job.key,
        "at": stamp(happening.at),
        "event": happening.event.value,
        "state": job.state.value,
        "detail": json.dumps(dict(_details(happening)), ensure_ascii=False),
    }


def _details(happening: Happening) -> Iterator[tuple[str, Any]]:
    """Say what was known of it, leaving out what was not."""
    if happening.fault is not None:
        yield "code", happening.fault.code
        yield "message", happening.fault.message
    for name in ("video_id", "reason", "hint", "evidence"):
        if value := getattr(happening, name):
            yield name, value
    for name in ("started_at", "completed_at", "expires_at"):
        if at := getattr(happening, name):
            yield name, stamp(at)
    if happening.clip is not None:
        yield "file", happening.clip.file
        yield "bytes", happening.clip.bytes
        yield "sha256", happening.clip.sha256
