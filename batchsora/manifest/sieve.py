"""Which rows of an included file are meant: by what they say, have, and repeat.

Of the rows that were taken, a hash each is remembered in a file of SQLite's own, never a row.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchsora.manifest.feeds import pictures_in
from batchsora.manifest.located import RowText, visible

BY_ONCE = "by once: "

_DIGEST_BYTES = 16  # no two texts ever have the same
_CACHE_KIB = 16_384  # what is remembered beyond it, half a million texts, is in a temporary file


@dataclass(frozen=True, slots=True)
class Sieve:
    """What is said of the rows of an included file: which of them are meant."""

    first: tuple[str, ...] = ()  # columns of several pictures, of which the first is meant
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # texts by column
    needs: tuple[str, ...] = ()  # columns that must not be empty
    once: tuple[str, ...] = ()  # columns that together must not be as in a row before


class Sifting:
    """One reading of a file's rows through its sieve; to be closed at its end."""

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve
        self._seen = _Seen() if sieve.once else None

    def close(self) -> None:
        """Forget what was seen."""
        if self._seen is not None:
            self._seen.close()

    def sift(self, row: RowText) -> RowText | str:
        """Take a row as it is meant, or say in words why it is left out.

        Raises sqlite3.Error where the disk refuses.
        """
        sieve = self._sieve
        if sieve.first:
            row = _with_first(row, sieve.first)
        for name, texts in sieve.where.items():
            if told_of(row, name) not in texts:
                return f"by where: {visible(name)}"
        for name in sieve.needs:
            if not told_of(row, name):
                return f"for want of {visible(name)}"
        if self._seen is not None:
            told = tuple(told_of(row, name) for name in sieve.once)
            if any(told) and not self._seen.is_new(told):
                return f"{BY_ONCE}{', '.join(map(visible, sieve.once))}"
        return row


def told_of(row: RowText, name: str) -> str:
    """Say what a row has in a column, be that a field or not; "" where it has nothing."""
    return row.columns.get(name, "").strip() or row.fields.get(name, "")


def _with_first(row: RowText, names: Iterable[str]) -> RowText:
    """Keep one picture of a cell, also in the field that says this column."""
    kept = {told: pictures_in(told)[0] for name in names if (told := told_of(row, name))}
    columns = {name: kept.get(it.strip(), it) for name, it in row.columns.items() if name in names}
    fields = {name: kept.get(it, it) for name, it in row.fields.items()}
    return row._replace(columns={**row.columns, **columns}, fields=fields)


class _Seen:
    """Texts that went by, as hashes in a temporary file."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = off")
        self._db.execute(f"pragma cache_size = -{_CACHE_KIB}")
        self._db.execute("create table seen (hash blob primary key) without rowid")
        self._db.execute("begin")

    def close(self) -> None:
        self._db.close()

    def is_new(self, texts: tuple[str, ...]) -> bool:
        """Remember texts; False where the same were there before."""
        written = repr(texts).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(written, digest_size=_DIGEST_BYTES).digest()
        added = self._db.execute("insert or ignore into seen values (?)", (digest,))
        return added.rowcount == 1
