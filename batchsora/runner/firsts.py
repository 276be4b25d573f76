"""The first of each thing among a million, and where: a filter in memory, the truth in a file."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

FILTER_BITS = 1 << 26  # 8 MB: among a million things, one in 70,000 is suspected wrongly
MOST_SCANS = 50  # of the whole file, 30 ms each; from then on an index is worth its making

_four = struct.Struct("<4I").unpack


class Thing(NamedTuple):
    """Something that may stand in a manifest once, and where it stands."""

    hash: bytes  # 16 of them
    file: int
    line: int
    position: int


def hash_of(text: str) -> bytes:
    """Shorten a text to 16 bytes: no two of them ever have the same."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Firsts:
    """Remembers things of one kind.

    Nearly all of them are new, and the filter knows it: they are only appended to the file. What
    it suspects is looked up there.
    """

    def __init__(self, db: sqlite3.Connection, kind: str) -> None:
        self._db = db
        self._kind = kind
        self._bits = bytearray(FILTER_BITS // 8)
        self._scans = 0
        self._is_indexed = False
        db.execute(f"create table {kind} (hash blob, file int, line int, position int)")

    def add(self, things: Sequence[Thing]) -> dict[int, Thing]:
        """Remember things; return, by the position of each that is not new, the first like it."""
        suspected = [thing for thing in things if self._may_be_known(thing.hash)]
        self._db.execute("begin")
        self._db.executemany(f"insert into {self._kind} values (?, ?, ?, ?)", things)  # noqa: S608 - our own word
        self._db.execute("commit")
        found = {thing.position: self._first(thing) for thing in suspected}
        return {at: first for at, first in found.items() if first is not None}

    def has(self, hashes: Iterable[bytes]) -> set[bytes]:
        """Pick those that were remembered."""
        self._index()
        look = f"select 1 from {self._kind} where hash = ?"  # noqa: S608 - our own word
        return {it for it in hashes if self._db.execute(look, (it,)).fetchone()}

    def _may_be_known(self, digest: bytes) -> bool:
        """Note a thing in the filter; False where it is new beyond doubt (a Bloom filter)."""
        bits, known = self._bits, True
        for number in _four(digest):
            byte, bit = number % FILTER_BITS >> 3, 1 << (number & 7)
            if not bits[byte] & bit:
                bits[byte] |= bit
                known = False
        return known

    def _first(self, thing: Thing) -> Thing | None:
        self._scans += 1
        if self._scans > MOST_SCANS:
            self._index()
        look = (
            f"select * from {self._kind} where hash = ? and position < ?"  # noqa: S608 - our own word
            " order by position limit 1"
        )
        row = self._db.execute(look, (thing.hash, thing.position)).fetchone()
        return None if row is None else Thing(*row)

    def _index(self) -> None:
        if not self._is_indexed:
            self._db.execute(f"create index {self._kind}_by_hash on {self._kind} (hash, position)")
            self._is_indexed = True
