"""What happened lately, in any session: asked of the events, from the newest on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlite_utils import Database

from batchsora.clock import read_stamp, stamp
from batchsora.ledger.opening import ask
from batchsora.ledger.schema import BOUGHT, WAS_BOUGHT

ABSENT = "absent"  # the code of a doubt that was cleared because no list showed its video

_INTENT = "select at from events where event = 'submit_started' order by seq desc limit 1"
_PUT_OFF = (
    "select max(until) as until from (select json_extract(detail, '$.again_at') as until"
    " from events where event = 'submit_deferred' order by seq desc limit 50)"
)
_LAST_ANSWER = (
    "select event, json_extract(detail, '$.message') as message from events"
    " where event in ('submit_deferred', 'submit_accepted') order by seq desc limit 1"
)
_ORDERS = (
    "select count(*) as orders from (select at from events"
    " where event = 'submit_started' order by seq desc limit 1000) where at > ?"
)
_LAST_BOUGHT = (
    f"select {BOUGHT} as video_id from events"  # noqa: S608 - our own words
    f" where {WAS_BOUGHT} and at > ? order by seq desc limit 1"
)
_RESENT = (
    "select count(*) as everybody, count(*) filter (where key = ?) as itself from events"  # noqa: S608 - our own words
    f" where event = 'doubt_cleared' and json_extract(detail, '$.code') = '{ABSENT}'"
)


class Lately:
    """The questions that a session asks of those before it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def _first(self, sql: str, *values: object) -> Any | None:
        return next(iter(ask(self._db, sql, values)), None)

    def last_intent_at(self) -> datetime | None:
        """Tell when a request was last about to leave; None where none ever was."""
        row = self._first(_INTENT)
        return None if row is None else read_stamp(row["at"])

    def put_off_until(self) -> datetime | None:
        """Tell until when the service wanted no request, when it was last asked."""
        row = self._first(_PUT_OFF)
        return None if row is None or row["until"] is None else read_stamp(row["until"])

    def put_off_because(self) -> str | None:
        """Say why the last order that was answered was put off; None where it was taken."""
        row = self._first(_LAST_ANSWER)
        if row is None or row["event"] != "submit_deferred":
            return None
        return row["message"] or ""

    def orders_since(self, since: datetime) -> int:
        """Count the requests that left since then; of more than a thousand, a thousand."""
        row = self._first(_ORDERS, stamp(since))
        return 0 if row is None else int(row["orders"])

    def bought_since(self, since: datetime) -> str | None:
        """Name the newest video that was bought since then; a service's list should show it."""
        row = self._first(_LAST_BOUGHT, stamp(since))
        return None if row is None else str(row["video_id"])

    def resent(self, key: str) -> tuple[int, int]:
        """Count how often absent videos led to another request: of this job, and of all."""
        row = self._first(_RESENT, key)
        return (0, 0) if row is None else (int(row["itself"]), int(row["everybody"]))
