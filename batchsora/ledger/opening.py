"""Opening the file: what it must be, and how it is kept true through a power cut."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from batchsora.errors import LedgerError
from batchsora.ledger.schema import APPLICATION_ID, VERSION, migrations

BUSY_S = 10.0  # a reader may hold a page for an instant; ours let go within 100 ms
CACHE_KIB = 8 * 1024  # memory must not grow with the manifest


def open_for_writing(path: Path) -> Database:
    """Open the ledger for the one process that holds the run lock, making it where it is missing.

    Raises LedgerError for what is no ledger, a newer one, a damaged one, or a disk that is full.
    """
    with _explained(path):
        new = not path.exists() or path.stat().st_size == 0
        path.touch(mode=0o600)
        db = _connect(f"{path.absolute().as_uri()}?mode=rw")
        if not new:
            _check(db, path)
        # PERSIST and FULL: of the journal modes only these two together lost nothing to a power
        # cut, and could still store an id when the disk was full, the journal's room being there
        db.execute("pragma journal_mode = persist").fetchone()
        db.execute("pragma synchronous = full")
        db.execute("pragma foreign_keys = on")
        migrations.apply(db)
        return db


def open_for_reading(path: Path) -> Database:
    """Open the ledger to look at it, also while a run goes on, also on a read-only disk.

    Raises LedgerError as `open_for_writing` does, and where there is no ledger.
    """
    if not path.is_file():
        raise LedgerError(f"no ledger at {path}", "name a manifest or a run folder that was run")
    with _explained(path):
        try:
            # not mode=ro: the journal of a runner that was killed has to be rolled back first
            db = _connect(f"{path.absolute().as_uri()}?mode=rw")
            _check(db, path)
        except sqlite3.OperationalError:
            db = _connect_to_copy(path)
            _check(db, path)
        db.execute("pragma query_only = on")
        return db


def empty() -> Database:
    """Make a ledger in memory, with nothing in it: what a plan meets before the first run."""
    db = Database(memory=True, execute_plugins=False)
    db.conn.row_factory = sqlite3.Row
    migrations.apply(db)
    return db


def _connect(uri: str) -> Database:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S)
    connection.row_factory = sqlite3.Row
    db = Database(connection, execute_plugins=False)
    db.execute(f"pragma cache_size = -{CACHE_KIB}")
    return db


def _connect_to_copy(path: Path) -> Database:
    """Look at a copy: where nobody may write, a killed runner's journal can't be undone."""
    with tempfile.TemporaryDirectory(prefix="batchsora-") as folder:
        for name in (path.name, f"{path.name}-journal"):
            if (path.parent / name).exists():
                shutil.copy(path.parent / name, folder)
        copy = _connect(f"{(Path(folder) / path.name).as_uri()}?mode=rw")
        memory = sqlite3.connect(":memory:")
        copy.conn.backup(memory)
        copy.close()
    memory.row_factory = sqlite3.Row
    return Database(memory, execute_plugins=False)


def _check(db: Database, path: Path) -> None:
    (application,) = db.execute("pragma application_id").fetchone()
    (version,) = db.execute("pragma user_version").fetchone()
    if application != APPLICATION_ID:
        raise LedgerError(
            f"{path} is not a batchsora ledger", "choose another run folder with --out-dir"
        )
    if version > VERSION:
        raise LedgerError(
            f"{path} was written by a newer batchsora: version {version}, this one knows {VERSION}",
            "upgrade batchsora: pip install --upgrade batchsora",
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into a message for a person."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def explain(error: sqlite3.Error | OSError, path: Path) -> LedgerError:
    """Say what a failure of the ledger means, and how it is mended."""
    text = str(error)
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        mend = "put back a copy of it, or move it away and read `docs/reliability.md`"
    elif "full" in text:
        mend = "free some disk space, then run the same command again"
    elif "locked" in text:
        mend = "close the program that has it open, then run the same command again"
    else:
        mend = "see that the folder is there and writable, then run the same command again"
    return LedgerError(f"the ledger {path} can't be used: {text}", mend)
