"""A session's agenda: which jobs it may submit, and what is under way. It writes no state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlite_utils import Database

from batchsora.clock import stamp
from batchsora.job import OPEN, Job, Order, Reason, State
from batchsora.ledger.answers import Tally
from batchsora.ledger.opening import ask
from batchsora.ledger.records import Records
from batchsora.ledger.rows import read_job
from batchsora.lifecycle import FILE_MISSING_HINT

_OF_SESSION = (
    "key in (select key from temp.chosen)"
    " or state in ('submitting', 'in_doubt', 'running', 'rendered')"
)


class Agenda:
    """The jobs that one session chooses and drives; what it chooses is gone with the connection."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def choose_nothing(self) -> None:
        """Begin a choice of jobs; it is gone when the ledger is closed."""
        self._db.execute(
            "create temp table if not exists chosen (key text primary key) without rowid"
        )
        self._db.execute("delete from temp.chosen")

    def choose(self, keys: Iterable[str]) -> None:
        """Choose jobs that this session may submit."""
        self._db.conn.executemany("insert into temp.chosen values (?)", ((key,) for key in keys))

    def is_chosen(self, key: str) -> bool:
        """Tell whether this session may submit a job."""
        return bool(ask(self._db, "select 1 from temp.chosen where key = ?", (key,)))

    def tallies_of_session(self) -> list[Tally]:
        """Count the jobs that this session drives: those chosen, and those under way."""
        return Records(self._db).tallies(_OF_SESSION)

    def examples(self, state: State, reason: Reason | None, limit: int) -> list[str]:
        """Name the first jobs of a state and a reason that this session drives."""
        return Records(self._db).examples(state, reason, limit, f"({_OF_SESSION})")

    def has_work(self, *, buying: bool = True) -> bool:
        """Tell whether this session has anything to do at the service; it may be not to buy."""
        idle = {State.DONE, State.FAILED, *[State.PENDING] * (not buying)}
        return any(tally.state not in idle for tally in self.tallies_of_session())

    def count_missing(self) -> int:
        """Count the chosen jobs whose finished clip is neither here nor at the service any more."""
        ((count,),) = ask(
            self._db,
            "select count(*) from jobs where state = 'done' and hint = ?"
            " and key in (select key from temp.chosen)",
            (FILE_MISSING_HINT,),
        )
        return int(count)

    def awaits_its_name(self, key: str) -> bool:
        """Tell whether a job's clip is fetched and checked, but has no name yet."""
        sql = "select 1 from jobs where key = ? and state = 'rendered' and file is not null"
        return bool(ask(self._db, sql, (key,)))

    def to_submit(self, after: int, limit: int, *, chosen: bool) -> list[tuple[int, Job]]:
        """Read a window of pending jobs in the manifest's order, each with its position.

        `after` is the last position of the window before; `chosen` asks for those jobs only that
        `choose` named.
        """
        # walks the manifest's order and looks each job up: the other way round, every window would
        # sort all that is chosen
        only = "and exists (select 1 from temp.chosen where key = jobs.key)" if chosen else ""
        rows = ask(
            self._db,
            f"select * from jobs where state = 'pending' and position > ? {only}"  # noqa: S608 - no value
            " order by position limit ?",
            (after, limit),
        )
        return [(row["position"], read_job(row)) for row in rows]

    def under_way(self, after: str, limit: int) -> list[Job]:
        """Read a window of the jobs that the service has, or may have, in order of their keys."""
        rows = ask(
            self._db,
            "select * from jobs where state in ('in_doubt', 'running', 'rendered') and key > ?"
            " order by key limit ?",
            (after, limit),
        )
        return [read_job(row) for row in rows]

    def count_in_doubt(self) -> int:
        """Count the jobs in doubt: the breaker looks here, since a restart does not forget it."""
        ((count,),) = ask(self._db, "select count(*) from jobs where state = 'in_doubt'")
        return int(count)

    def alike_in_doubt(self, job: Job) -> list[Job]:
        """Read the jobs in doubt that a service's list would show just like this one."""
        sql = "select * from jobs where state = 'in_doubt' and likeness = ? and key <> ?"
        return [read_job(row) for row in ask(self._db, sql, (job.order.likeness(), job.key))]

    def alike_settled_since(self, job: Job, since: datetime) -> list[Job]:
        """Read the jobs that a list would show just like this one, and that a person settled since.

        A video that was made of one of them may be in the list all the same.
        """
        sql = (
            "select jobs.* from events join jobs on jobs.key = events.key"
            " where event in ('doubt_cleared', 'doubt_written_off') and at >= ?"
            " and likeness = ? and jobs.key <> ?"
        )
        rows = ask(self._db, sql, (stamp(since), job.order.likeness(), job.key))
        return [read_job(row) for row in rows]

    def unpriced(self) -> Job | None:
        """Find the first chosen job that is to be bought, and whose price is not known."""
        rows = ask(
            self._db,
            "select * from jobs where state = 'pending' and price_usd is null and exists"
            " (select 1 from temp.chosen where key = jobs.key) order by position limit 1",
        )
        return next(map(read_job, rows), None)

    def is_open_alike(self, order: Order) -> bool:
        """Tell whether a job is open that a service's list would show just like this order."""
        looks = (f"select 1 from jobs where state = '{it}' and likeness = ?" for it in OPEN)  # noqa: S608
        return any(ask(self._db, look, (order.likeness(),)) for look in looks)
