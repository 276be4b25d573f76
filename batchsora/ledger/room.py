"""Room held free in the ledger for the ids of paid videos: a full disk can still take them.

A record of an id needs a page here and there: in the tables, in their indexes, and in the journal.
So the file holds some pages that it does not need, and gives them up when the disk is full; the
journal, which is kept between transactions, is made long enough beforehand.
"""

from __future__ import annotations

from sqlite_utils import Database

# 32 pages: measured, on full disks, to take 48 ids of 505 letters; few requests are on the wire
HELD_BYTES = 32 * 4096

_HOLD = f"update room set held = randomblob({HELD_BYTES}) where held is null"  # noqa: S608 - a number
_REWRITE = f"update room set held = randomblob({HELD_BYTES})"  # noqa: S608 - a number
_SPEND = "update room set held = null"


def hold(db: Database) -> None:
    """Take the room where it is not held; raises sqlite3.OperationalError when the disk is full."""
    db.execute(_HOLD)


def lengthen_journal(db: Database) -> None:
    """Send every page of the room through the journal once: it does not get shorter again."""
    db.execute(_REWRITE)


def spend(db: Database) -> None:
    """Give the room up, for what is written next in the same transaction."""
    db.execute(_SPEND)
