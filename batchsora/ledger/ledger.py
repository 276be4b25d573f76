"""The ledger: the one writer of what happened to jobs."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from batchsora.clock import Now, stamp, system_now
from batchsora.errors import LedgerError
from batchsora.job import Fault, Job, State
from batchsora.ledger import opening, rescue, room
from batchsora.ledger.agenda import Agenda
from batchsora.ledger.durable import make_folder
from batchsora.ledger.lock import RunLock
from batchsora.ledger.opening import ask
from batchsora.ledger.records import Records
from batchsora.ledger.rows import MOVING, event_row, moving_row, read_job
from batchsora.ledger.totals import Totals
from batchsora.lifecycle import Event, Happening, advance

BUSY_TRIES = 6  # of 10 s each: so long an answer waits for somebody else's reader

_UPDATE = (
    f"update jobs set {', '.join(f'{name} = :{name}' for name in MOVING)}"  # noqa: S608 - our own names
    " where key = :key and state = :state_was and revision = :revision_was"
)
_CLAIM = (
    "insert into campaign (one, identity, name, service, manifest, columns, began_at)"
    " values (1, ?, ?, ?, ?, ?, ?)"
    " on conflict do update set manifest = excluded.manifest, columns = excluded.columns"
    " where (manifest, columns) is not (excluded.manifest, excluded.columns)"
)
_BUDGET = "update campaign set max_cost_usd = ?1 where max_cost_usd is not ?1"
_RESCUABLE = "select * from jobs where state = 'in_doubt' and key = ?"
_APPEND = (
    "insert into events (key, at, event, state, detail) values (:key, :at, :event, :state, :detail)"
)
_KEEP_IMAGE = (
    "insert into images (url, sha256, file, bytes, fetched_at) values (?1, ?2, ?2, ?3, ?4)"
    " on conflict do update set"
    " file = excluded.file, bytes = excluded.bytes, fetched_at = excluded.fetched_at"
)


class SecondDriverError(Exception):
    """A job is not as its driver knew it: two drive it, which is a bug; nothing was written."""


class OverBudgetError(Exception):
    """One more purchase would pass the budget, or may: nothing was written."""


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
        self.path = folder / "ledger.db"
        self.now = now
        self._rescue_file = rescue_file
        with opening.explained(self.path):
            make_folder(folder)
            (folder / "work").mkdir(mode=0o700, exist_ok=True)
            self._lock = RunLock(folder / "work" / "lock")
        with ExitStack() as undo:
            undo.callback(self._lock.close)
            self.db: Database = opening.open_for_writing(self.path)
            undo.callback(self.db.close)
            self.records = Records(self.db)
            self.agenda = Agenda(self.db)
            self.totals: Totals | None = None
            self._limit_usd: Decimal | None = None
            self._identity = self._read_identity()
            self._recover()
            self._bring_in_rescued()
            undo.pop_all()

    def claim(self, name: str, service: str, manifest: str, columns: Sequence[str]) -> None:
        """Say whose ledger this is; raises UsageError where it is another campaign's."""
        ours = self.records.campaign()
        if ours is not None:
            ours.insist(self.folder, name, service)
        with self.atomic():
            self.db.execute(
                _CLAIM,
                (uuid.uuid4().hex, name, service, manifest, json.dumps(columns), stamp(self.now())),
            )
        self._identity = self._read_identity()

    def _read_identity(self) -> str:
        campaign = self.records.campaign()
        return campaign.identity if campaign else ""

    def record(self, job: Job, happening: Happening) -> Job:
        """Write one transition down, durably, and return the job as it is now.

        One transaction updates the row, if it is as `job` says, and appends the event; it is on
        the disk when this returns. Raises `IllegalTransitionError`, `SecondDriverError`,
        `OverBudgetError`, or LedgerError; nothing is written then. An accepted id that the disk
        does not take is put into the rescue file before the LedgerError is raised.
        """
        after = advance(job, happening)
        if after.state is State.SUBMITTING and not self.affords(job):
            raise OverBudgetError(job.name)
        try:
            self._store(job, after, happening)
        except SecondDriverError as error:
            raise SecondDriverError(f"{error}{self._put_aside(job, happening)}") from error
        except sqlite3.Error as error:
            told = opening.explain(error, self.path)
            raise LedgerError(told.what + self._put_aside(job, happening), told.mend) from error
        if self.totals is not None:
            self.totals.moved(job, after)
        return after

    def keep_account(self, limit_usd: Decimal | None) -> Totals:
        """Add up all jobs, once they are taken in, and keep the sum with each record from now on.

        From now on no intent is recorded whose price would take the bill beyond `limit_usd`. The
        intent reserves that price: it counts as billed until it is refused. LedgerError.
        """
        text = None if limit_usd is None else str(limit_usd)
        with self.atomic():
            self.db.execute(_BUDGET, (text,))
        self._limit_usd = limit_usd
        self.totals = Totals.of(self.records.tallies())
        return self.totals

    def affords(self, job: Job) -> bool:
        """Tell whether one more purchase of a job stays within the budget, for certain."""
        if self._limit_usd is None or self.totals is None:
            return True
        if job.price_usd is None or self.totals.unpriced:
            return False
        return self.totals.bill_usd + job.price_usd <= self._limit_usd

    def _store(self, before: Job, after: Job, happening: Happening) -> None:
        """Write; an answer is not given up easily: a reader is waited for, an id is made room."""
        answers = before.state is State.SUBMITTING or happening.video_id is not None
        spend_room = False
        for tries_left in reversed(range(BUSY_TRIES if answers else 1)):
            try:
                self._write(before, after, happening, spend_room=spend_room)
            except sqlite3.OperationalError as error:
                busy = opening.kind_of(error) == sqlite3.SQLITE_BUSY
                may_make_room = happening.video_id is not None and not spend_room
                if not tries_left or not (busy or may_make_room):
                    raise
                spend_room = spend_room or not busy
            else:
                return

    def _write(self, before: Job, after: Job, happening: Happening, *, spend_room: bool) -> None:
        with self.db.atomic():
            if spend_room:
                room.spend(self.db)
            elif after.state is State.SUBMITTING:
                room.hold(self.db)  # no request leaves without room for the id that it may bring
            self._swap(before, after)
            self.db.execute(_APPEND, event_row(after, happening))

    def _swap(self, before: Job, after: Job) -> None:
        row = moving_row(after) | {
            "key": before.key,
            "state_was": before.state.value,
            "revision_was": before.revision,
        }
        if self.db.execute(_UPDATE, row).rowcount != 1:
            raise SecondDriverError(f"job {before.key} is not {before.state} any more")

    def _put_aside(self, job: Job, happening: Happening) -> str:
        """Keep an id that the ledger did not take elsewhere; say where, to end a message with."""
        if happening.video_id is None:
            return ""
        noted = f"; the paid video {happening.video_id} of job {job.name} is noted"
        try:
            found = rescue.Found(self._identity, job.key, happening.video_id)
            rescue.put_aside(self._rescue_file, found)
        except OSError:
            return f"{noted} nowhere but here: keep this line, and use `batchsora resolve --video`"
        return f"{noted} in {self._rescue_file}, and read in at the next start"

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Make what is written inside one transaction; nothing in it may wait. LedgerError."""
        try:
            with self.db.atomic():
                yield
        except sqlite3.Error as error:
            raise opening.explain(error, self.path) from error

    def keep_image(self, url: str, sha256: str, byte_count: int) -> None:
        """Remember, durably, which image came from an address; raises LedgerError.

        Its file has to be on the disk by now: what is remembered is not fetched anew. Jobs keep
        the key that the first bytes gave them: a host that encodes a picture anew each time must
        not make new purchases, also where the cache was lost.
        """
        with self.atomic():
            self.db.execute(_KEEP_IMAGE, (url, sha256, byte_count, stamp(self.now())))

    def _recover(self) -> None:
        """Put in doubt what was on the wire when the last runner died."""
        fault = Fault("interrupted", "batchsora was interrupted while this request was on the wire")
        for job in map(read_job, ask(self.db, "select * from jobs where state = 'submitting'")):
            self.record(job, Happening(Event.SUBMIT_LOST, self.now(), fault=fault))

    def _bring_in_rescued(self) -> None:
        """Adopt the ids that could be stored in the rescue file only."""
        try:
            rescued = [it for it in rescue.read(self._rescue_file) if it.identity == self._identity]
        except OSError as error:
            what = f"{self._rescue_file} can't be read, and may hold ids of paid videos: {error}"
            raise LedgerError(what, "make it readable, then run the same command again") from error
        for found in rescued:
            rows = ask(self.db, _RESCUABLE, (found.key,))
            if rows and self.records.owner_of(found.video_id) is None:
                happening = Happening(Event.DOUBT_ADOPTED, self.now(), video_id=found.video_id)
                self.record(read_job(rows[0]), happening)

    def close(self) -> None:
        """Close the file and let the next runner in; what nobody claimed is removed again."""
        unclaimed = self._is_unclaimed()
        self.db.close()
        try:
            if unclaimed:
                self._remove()
        finally:
            self._lock.close()

    def _is_unclaimed(self) -> bool:
        try:
            return self.records.campaign() is None
        except LedgerError:
            return False

    def _remove(self) -> None:
        """Leave no trace of a run whose manifest was refused."""
        for path in (self.path, self.path.with_name("ledger.db-journal"), self._lock.path):
            path.unlink(missing_ok=True)
        for empty in (self.folder / "work", self.folder):
            with suppress(OSError):  # somebody else's files are in it
                empty.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()
