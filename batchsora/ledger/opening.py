"""Opening the file: what it must be, and how it is kept true through a power cut."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from batchsora.errors import LedgerError
from batchsora.ledger import room
from batchsora.ledger.schema import APPLICATION_ID, VERSION, migrations

BUSY_S = 10.0  # a reader may hold a page for an instant; ours let go within 100 ms
CACHE_KIB = 8 * 1024  # memory must not grow with the manifest


def open_for_writing(path: Path) -> Database:
    """Open the ledger for the one process that holds the run lock, making it where it is missing.

    Raises LedgerError for what is no ledger, a newer one, a damaged one, or a disk that is full.
    """
    with explained(path):
        path.touch(mode=0o600)
        db = _connect(path, called=path)
        try:
            _make_safe(db)
            with db.atomic():  # all or nothing: half a ledger would be taken for a foreign file
                migrations.apply(db)
                room.hold(db)
            room.lengthen_journal(db)
        except BaseException:
            db.close()
            raise
        return db


def open_for_reading(path: Path) -> Database:
    """Open the ledger to look at it, also while a run goes on, also on a read-only disk.

    Raises LedgerError as `open_for_writing` does, and where there is no ledger.
    """
    with explained(path):
        if not path.is_file():
            what = f"no ledger at {path}"
            raise LedgerError(what, "name a manifest or a run folder that was run")
        try:
            # not mode=ro: the journal of a runner that was killed has to be rolled back first
            db = _connect(path, called=path)
        except sqlite3.OperationalError as error:
            if kind_of(error) == sqlite3.SQLITE_BUSY:
                raise  # a copy taken in the middle of a transaction may be torn
            db = _connect_to_copy(path)
        if _is_empty(db):
            db.close()
            return empty()
        if _version(db) < VERSION:
            db = _in_memory(db)  # an older one is brought up to date by whoever writes to it
            migrations.apply(db)
        db.execute("pragma query_only = on")
        return db


def empty() -> Database:
    """Make a ledger in memory, with nothing in it: what a plan meets before the first run."""
    db = Database(memory=True, execute_plugins=False)
    db.conn.row_factory = sqlite3.Row
    migrations.apply(db)
    return db


def ask(db: Database, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
    """Ask, and have the whole answer at once: a reader that lingers keeps the runner waiting.

    Raises LedgerError.
    """
    try:
        return db.conn.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        (main, *_) = db.conn.execute("pragma database_list").fetchall()
        raise explain(error, Path(main["file"])) from error


def _connect(file: Path, *, called: Path) -> Database:
    """Connect to a file that must be a ledger, or have nothing in it yet."""
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,  # no transaction begins unasked: nobody would end it
    )
    try:
        connection.row_factory = sqlite3.Row
        db = Database(connection, execute_plugins=False)
        db.execute(f"pragma cache_size = -{CACHE_KIB}")
        _check(db, called)
    except BaseException:
        connection.close()
        raise
    return db


def _connect_to_copy(path: Path) -> Database:
    """Look at a copy: where nobody may write, a killed runner's journal can't be undone."""
    with tempfile.TemporaryDirectory(prefix="batchsora-") as folder:
        for name in (path.name, f"{path.name}-journal"):
            if (path.parent / name).exists():
                shutil.copyfile(path.parent / name, Path(folder, name))
        return _in_memory(_connect(Path(folder, path.name), called=path))


def _in_memory(db: Database) -> Database:
    """Move a ledger that is only looked at into memory."""
    memory = Database(memory=True, execute_plugins=False)
    memory.conn.row_factory = sqlite3.Row
    db.conn.backup(memory.conn)
    db.close()
    return memory


def _make_safe(db: Database) -> None:
    """Set what the promise rests on."""
    # PERSIST and FULL: of the journal modes only these two together lost nothing to a power
    # cut, and could still store an id when the disk was full, the journal's room being there
    db.execute("pragma journal_mode = persist").fetchone()
    db.execute("pragma synchronous = full")
    db.execute("pragma fullfsync = on")  # on macOS fsync leaves it in the drive's cache
    db.execute("pragma journal_size_limit = -1")  # some builds cut it down after each transaction
    db.execute("pragma secure_delete = off")  # on a full disk the journal has no room for it
    db.execute("pragma foreign_keys = on")


def _check(db: Database, path: Path) -> None:
    if _is_empty(db):
        return
    (application,) = db.execute("pragma application_id").fetchone()
    version = _version(db)
    if application != APPLICATION_ID:
        raise LedgerError(
            f"{path} is not a batchsora ledger", "choose another run folder with --out-dir"
        )
    if version > VERSION:
        raise LedgerError(
            f"{path} was written by a newer batchsora: version {version}, this one knows {VERSION}",
            "upgrade batchsora: pip install --upgrade batchsora",
        )


def _version(db: Database) -> int:
    (version,) = db.execute("pragma user_version").fetchone()
    return int(version)


def _is_empty(db: Database) -> bool:
    """Tell whether there is nothing in it: its maker was killed before the first commit."""
    # SQLite's own view, after it has rolled back what was half written
    (pages,) = db.execute("pragma page_count").fetchone()
    return bool(pages == 0)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into a message for a person."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


_FREE_SPACE = "free some disk space, then run the same command again"
_LET_GO = "close the program that has it open, then run the same command again"
_PUT_BACK = "keep it, run nothing, and read `docs/reliability.md`: A damaged ledger"
_SEE_FOLDER = "see that the folder is there and writable, then run the same command again"
_BRING_BACK = "bring it back, and run nothing before: a new ledger would buy everything again"
_BUG = "this is a bug in batchsora: nothing was written; please report it"
_MENDS = {
    sqlite3.SQLITE_FULL: _FREE_SPACE,
    sqlite3.SQLITE_BUSY: _LET_GO,
    sqlite3.SQLITE_CORRUPT: _PUT_BACK,
    sqlite3.SQLITE_NOTADB: _PUT_BACK,
    sqlite3.SQLITE_CONSTRAINT: _BUG,
}


def explain(error: sqlite3.Error | OSError, path: Path) -> LedgerError:
    """Say what a failure of the ledger means, and how it is mended."""
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return LedgerError(f"the ledger {path} was moved or removed under a run", _BRING_BACK)
    if isinstance(error, OSError):
        mend = _FREE_SPACE if error.errno in {errno.ENOSPC, errno.EDQUOT} else _SEE_FOLDER
    else:
        mend = _MENDS.get(kind_of(error), _SEE_FOLDER)
    return LedgerError(f"the ledger {path} can't be used: {error}", mend)


def kind_of(error: sqlite3.Error) -> int:
    """Say which of SQLite's primary result codes it is; 0 where Python's own module complains."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
