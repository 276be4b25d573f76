"""Reading the ledger: campaign, jobs, history, totals. Never for longer than an instant at a time.

A reader that holds its transaction open keeps the runner from committing; so every question here
is answered whole, or a page at a time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from sqlite_utils import Database

from batchsora.clock import read_stamp, stamp
from batchsora.job import Job, Reason, State
from batchsora.ledger.answers import (
    Campaign,
    Entry,
    FetchedImage,
    Hold,
    Kept,
    Known,
    Past,
    Tally,
    read_entry,
)
from batchsora.ledger.attempts import TOLD_BY, Attempt, attempts_of, is_plain, plain_attempt
from batchsora.ledger.opening import ask
from batchsora.ledger.rows import Row, read_job
from batchsora.ledger.schema import BOUGHT, WAS_BOUGHT
from batchsora.lifecycle import FILE_MISSING_HINT

BILLED = "(purchases > 0 or state in ('submitting', 'in_doubt'))"
REPORTED = f"(position is not null or {BILLED})"
PAGE = 500  # rows read at a time: about 10 ms
EVENTS_PAGE = 20_000  # events looked through at a time, few of which are read: as long


class Records:
    """The questions that a ledger answers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def campaign(self) -> Campaign | None:
        """Say whose ledger it is; None where it was never claimed."""
        row = self._first("select * from campaign")
        if row is None:
            return None
        return Campaign(
            row["identity"],
            row["name"],
            row["service"],
            row["manifest"],
            tuple(json.loads(row["columns"])),
            read_stamp(row["began_at"]),
            None if row["max_cost_usd"] is None else Decimal(row["max_cost_usd"]),
        )

    def is_blank(self) -> bool:
        """Tell whether no job was ever recorded."""
        return self._first("select 1 from jobs limit 1") is None

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return ask(self._db, sql, values)

    def _first(self, sql: str, values: Sequence[Any] = ()) -> Any | None:
        return next(iter(self._ask(sql, values)), None)

    def find(self, keys: Iterable[str], near: range = range(0)) -> dict[str, Known]:
        """Look up jobs by their keys; those that are not there are left out.

        Those that are `near` some positions of the manifest are found in one go.
        """
        wanted = set(keys)
        look = "select * from jobs where position >= ? and position < ?"
        rows = self._ask(look, (near.start, near.stop)) if near else []
        found = {key: Known(row) for row in rows if (key := row["key"]) in wanted}
        if len(found) < len(wanted):
            rows = self._ask(
                "select * from jobs where key in (select value from json_each(?))",
                (json.dumps(list(wanted - found.keys())),),
            )
            found |= {row["key"]: Known(row) for row in rows}
        return found

    def named(self, names: Iterable[str]) -> Iterator[Entry]:
        """Find jobs by ``ID`` (all its takes), ``ID#TAKE``, or a glob of either, as reported."""
        patterns = tuple(names)
        ids = None if any(map(_is_glob, patterns)) else _ids_in(patterns)
        for entry in self._reported(ids):
            if any(_names(entry.job, it) for it in patterns):
                yield entry

    def entries(self) -> Iterator[Entry]:
        """Read what is reported: the manifest's jobs in order, then what was bought and is gone."""
        yield from self._reported(None)

    def never_bought(self) -> Iterator[Entry]:
        """Read what `entries` leaves out though requests were begun: gone, and nothing bought."""
        yield from self._pages("rowid", f"position is null and attempts > 0 and not {BILLED}", ())

    def with_attempts(self, entries: Iterator[Entry]) -> Iterator[tuple[Entry, list[Attempt]]]:
        """Read, a page at a time, the create requests that were begun for each, oldest first."""
        while page := list(islice(entries, PAGE)):
            told_by_history = [
                it.job.key for it in page if it.job.attempts and not is_plain(it.job)
            ]
            pasts = self._pasts_of_requests(told_by_history)
            for entry in page:
                job = entry.job
                plain = [plain_attempt(job)] if is_plain(job) else None
                yield entry, plain or attempts_of(job, pasts.get(job.key, ()))

    def _pasts_of_requests(self, keys: Sequence[str]) -> dict[str, list[Past]]:
        found: dict[str, list[Past]] = defaultdict(list)
        rows = self._ask(
            "select key, at, event, state, detail from events"
            " where key in (select value from json_each(?))"
            " and event in (select value from json_each(?)) order by key, seq",
            (json.dumps(keys), json.dumps(TOLD_BY)),
        )
        for row in rows:
            found[row["key"]].append(_read_past(row))
        return found

    def _reported(self, ids: Sequence[str] | None) -> Iterator[Entry]:
        """Read what is reported of some ids; None means all."""
        some = () if ids is None else (json.dumps(ids),)
        of_ids = "" if ids is None else " and id in (select value from json_each(?))"
        yield from self._pages("position", f"position is not null{of_ids}", some)
        yield from self._pages("rowid", f"position is null and {BILLED}{of_ids}", some)

    def count_placed(self) -> int:
        """Count the jobs that have a place in the manifest."""
        (row,) = self._ask("select count(*) as jobs from jobs where position is not null")
        return int(row["jobs"])

    def placed(self) -> Iterator[list[str]]:
        """Read the keys of all jobs that have a place in the manifest, a page at a time."""
        after = -1
        while True:
            rows = self._ask(
                "select rowid as place, key from jobs where position is not null and rowid > ?"
                " order by rowid limit ?",
                (after, PAGE),
            )
            if not rows:
                return
            yield [row["key"] for row in rows]
            after = rows[-1]["place"]

    def last_named(self, job_id: str, take: int) -> Entry | None:
        """Find the job that was recorded last under this id and take."""
        row = self._first(
            "select * from jobs where id = ? and take = ? order by rowid desc limit 1",
            (job_id, take),
        )
        return None if row is None else read_entry(row)

    def _pages(self, by: str, where: str, values: Sequence[str]) -> Iterator[Entry]:
        after = -1
        while True:
            rows = self._ask(
                f"select *, {by} as place from jobs where {where} and {by} > ?"  # noqa: S608 - our own words
                f" order by {by} limit {PAGE}",
                (*values, after),
            )
            yield from map(read_entry, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1]["place"]

    def tallies(self, which: str = REPORTED) -> list[Tally]:
        """Count jobs, those that are reported, by state, reason and price."""
        return [_read_tally(row) for row in self._count("null", which)]

    def tallies_by_kind(self) -> dict[tuple[str, str], list[Tally]]:
        """Count the jobs that are reported in the same way, for each model and size."""
        found: dict[tuple[str, str], list[Tally]] = defaultdict(list)
        for row in self._count("model, size", REPORTED):
            found[row["model"], row["size"]].append(_read_tally(row))
        return dict(sorted(found.items()))

    def _count(self, by: str, which: str) -> list[Row]:
        return self._ask(
            f"select state, reason, price_usd, spent_usd, {by},"  # noqa: S608 - our own words
            " sum(unpriced) as unpriced, count(*) as jobs,"
            " sum(state = 'running' and render_started_at is not null) as rendering"
            f" from jobs where {which} group by state, reason, price_usd, spent_usd, {by}"
        )

    def examples(
        self, state: State, reason: Reason | None, limit: int, which: str = REPORTED
    ) -> list[str]:
        """Name the first jobs of a state and a reason, those that are reported."""
        rows = self._ask(
            "select id, take, (select count(*) from jobs as other where other.id = jobs.id) = 1"  # noqa: S608 - our own words
            f" as alone from jobs where {which} and state = ? and reason is ?"
            " order by position is null, position, rowid limit ?",
            (state, reason, limit),
        )
        return [row["id"] if row["alone"] else f"{row['id']}#{row['take']}" for row in rows]

    def count_missing(self) -> int:
        """Count the finished clips that are neither here nor at the service any more."""
        (row,) = self._ask(
            f"select count(*) as clips from jobs where {REPORTED} and state = 'done' and hint = ?",  # noqa: S608 - our own words
            (FILE_MISSING_HINT,),
        )
        return int(row["clips"])

    def last_ordered_at(self) -> datetime | None:
        """Tell when the newest of the jobs was ordered that the service has unfinished."""
        row = self._first(
            # the first condition is that of an index: else all jobs would be looked through
            "select max(submitted_at) as at from jobs"
            " where state in ('in_doubt', 'running', 'rendered') and state = 'running'"
        )
        return None if row is None or row["at"] is None else read_stamp(row["at"])

    def kept_since(self, since: datetime) -> Kept:
        """Count the clips that came since then, and tell when the first of them was ordered."""
        (row,) = self._ask(
            "select count(*) as clips, min(submitted_at) as first,"
            " min(downloaded_at) as first_kept, max(downloaded_at) as last_kept"
            " from jobs where state = 'done' and downloaded_at >= ?",
            (stamp(since),),
        )
        first = None if row["first"] is None else max(since, read_stamp(row["first"]))
        if first is None:
            return Kept(row["clips"], None)
        return Kept(
            row["clips"], first, read_stamp(row["first_kept"]), read_stamp(row["last_kept"])
        )

    def history(self, key: str) -> list[Past]:
        """Read all that happened to a job, oldest first."""
        rows = self._ask("select * from events where key = ? order by seq", (key,))
        return [_read_past(row) for row in rows]

    def holds(self) -> list[Hold]:
        """Read when the service wanted no orders, oldest first; those that overlap are one."""
        holds: list[Hold] = []
        for row in self._put_off():
            at, until = read_stamp(row["at"]), read_stamp(row["until"])
            last = holds[-1] if holds else None
            if last is not None and at <= last.until:
                holds[-1] = replace(last, until=max(last.until, until), jobs=last.jobs + 1)
            else:
                holds.append(Hold(at, until, 1, row["code"] or "", row["message"] or ""))
        return holds

    def _put_off(self) -> Iterator[Any]:
        (last,) = self._ask("select ifnull(max(seq), 0) as seq from events")
        for after in range(0, last["seq"], EVENTS_PAGE):
            yield from self._ask(
                "select at, json_extract(detail, '$.again_at') as until,"
                " json_extract(detail, '$.code') as code,"
                " json_extract(detail, '$.message') as message from events"
                " where seq > ? and seq <= ? and event = 'submit_deferred' and until is not null"
                " order by seq",
                (after, after + EVENTS_PAGE),
            )

    def owner_of(self, video_id: str) -> str | None:
        """Say which job's key has this video, or had it before it was bought again."""
        row = self._first(
            f"select key from events where {WAS_BOUGHT} and {BOUGHT} = ?",  # noqa: S608 - our own words
            (video_id,),
        )
        return None if row is None else str(row["key"])

    def owner_of_output(self, folded: str) -> str | None:
        """Say which job's key has this path, folded by `fold_path`, if one has."""
        row = self._first(
            "select key from jobs where output_folded = ? and revision > 0", (folded,)
        )
        return None if row is None else str(row["key"])

    def outputs_in_use(self, folded: Iterable[str]) -> set[str]:
        """Pick those paths, folded by `fold_path`, that jobs have."""
        rows = self._ask(
            "select output_folded from jobs"
            " where output_folded in (select value from json_each(?)) and revision > 0",
            (json.dumps(list(folded)),),
        )
        return {row["output_folded"] for row in rows}

    def recall_image(self, written: str) -> str | None:
        """Recall the hash of an image by what it is called, first of all in today's manifest."""
        looks = (
            (
                "select image_sha256 from jobs where image = ? and position is not null"
                " order by rowid desc limit 1"
            ),
            "select image_sha256 from jobs where image = ? order by rowid desc limit 1",
        )
        found = filter(None, (self._first(look, (written,)) for look in looks))
        row = next(found, None)
        return None if row is None else str(row["image_sha256"])

    def fetched_image(self, url: str) -> FetchedImage | None:
        """Tell which image was fetched from an address; None where none was."""
        row = self._first("select sha256, file from images where url = ?", (url,))
        return None if row is None else FetchedImage(row["sha256"], row["file"])

    def render_times(self, limit: int = 2000) -> list[tuple[Job, float]]:
        """Read the newest renders, each with the seconds that it took from order to completion."""
        rows = self._ask(
            "select * from jobs where completed_at > submitted_at"
            " order by completed_at desc limit ?",
            (limit,),
        )
        return [
            (job, (job.completed_at - job.submitted_at).total_seconds())
            for job in map(read_job, rows)
            if job.completed_at and job.submitted_at
        ]


def _read_past(row: Row) -> Past:
    return Past(read_stamp(row["at"]), row["event"], State(row["state"]), json.loads(row["detail"]))


def _read_tally(row: Row) -> Tally:
    return Tally(
        State(row["state"]),
        None if row["reason"] is None else Reason(row["reason"]),
        None if row["price_usd"] is None else Decimal(row["price_usd"]),
        Decimal(row["spent_usd"]),
        row["unpriced"],
        row["jobs"],
        row["rendering"],
    )


def _is_glob(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _ids_in(names: Iterable[str]) -> list[str]:
    """Say which ids plain names may mean: ``a#2`` is take 2 of ``a``, or an id of its own."""
    return [it for name in names for it in (name, name.rpartition("#")[0])]


def _names(job: Job, name: str) -> bool:
    full = f"{job.id}#{job.order.take}"
    return name in {job.id, full} or fnmatchcase(job.id, name) or fnmatchcase(full, name)
