"""The boxes of an MP4 file (ISO/IEC 14496-12), each exactly in its parent. Reads an open file."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_INDEX_BYTES = 64 << 20  # moov and moof are read into memory; a clip's have kilobytes
MOST_BOXES = 100_000  # in a file, or in one index of it
MOST_DEPTH = 8  # moov/trak/mdia/minf/stbl is 5 deep

PARENTS = frozenset(
    {"moov", "trak", "edts", "mdia", "minf", "stbl", "mvex", "moof", "traf"}
)  # not udta and meta: their insides are free, and of no use here


class ClipDamaged(Exception):  # noqa: N818  a word of the house: the clip is fetched again
    """A file that is not a whole MP4 clip: what is wrong with it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Span:
    """A box of the file itself: where it begins, where its body begins, where it ends."""

    kind: str
    start: int
    body: int
    end: int
    open_ended: bool  # size 0: it goes on to the end of the file, wherever that is


@dataclass(frozen=True, slots=True)
class Box:
    """A box in memory: its body, and for a parent the boxes in it."""

    kind: str
    body: memoryview
    children: tuple["Box", ...]

    def all(self, kind: str) -> tuple["Box", ...]:
        """Return the children of a kind."""
        return tuple(child for child in self.children if child.kind == kind)

    def first(self, *path: str) -> "Box | None":
        """Return the first box down a path of kinds, None where there is none."""
        here = self
        for kind in path:
            found = here.all(kind)
            if not found:
                return None
            here = found[0]
        return here

    def one(self, *path: str) -> "Box":
        """Return the box down a path of kinds; raises ClipDamaged where there is none."""
        found = self.first(*path)
        if found is None:
            raise ClipDamaged(f"{self.kind} has no {'/'.join(path)}")
        return found

    @property
    def version(self) -> int:
        """The version of a full box, its first byte."""
        return int(self.numbers("B", 0)[0])

    @property
    def flags(self) -> int:
        """The flags of a full box, the three bytes after its version."""
        return int(self.numbers(">I", 0)[0]) & 0xFFFFFF

    def numbers(self, layout: str, offset: int) -> tuple[int, ...]:
        """Unpack numbers of the body; raises ClipDamaged when it is too short."""
        try:
            return struct.unpack_from(layout, self.body, offset)
        except struct.error:
            raise ClipDamaged(f"{self.kind} is too short") from None

    def table(self, letter: str, count: int, offset: int) -> tuple[int, ...]:
        """Unpack `count` numbers, after seeing that the body can hold them."""
        if offset + count * struct.calcsize(letter) > len(self.body):
            raise ClipDamaged(f"{self.kind} is too short for its {count} entries")
        return self.numbers(f">{count}{letter}", offset)


def file_spans(file: BinaryIO, file_bytes: int) -> Iterator[Span]:
    """Walk the boxes of a file to its end; raises ClipDamaged where they don't fit."""
    start = 0
    for _ in range(MOST_BOXES):
        if start == file_bytes:
            return
        file.seek(start)
        span = _span(file.read(16), start, file_bytes)
        if span.open_ended:
            if span.kind != "mdat":
                raise ClipDamaged(f"box {span.kind!a} has no size")
            span = Span(span.kind, start, span.body, file_bytes, open_ended=True)
        yield span
        start = span.end
    raise ClipDamaged("too many boxes")


def read_box(file: BinaryIO, span: Span) -> Box:
    """Read an index box (moov, moof) and all in it into memory."""
    if span.end - span.body > MOST_INDEX_BYTES:
        raise ClipDamaged(f"{span.kind} of {span.end - span.body} bytes, too large for a clip")
    file.seek(span.body)
    body = file.read(span.end - span.body)
    if len(body) != span.end - span.body:
        raise ClipDamaged("the file shrank while it was read")
    return _box(span.kind, memoryview(body), MOST_DEPTH, iter(range(MOST_BOXES)))


def _box(kind: str, body: memoryview, depth: int, budget: Iterator[int]) -> Box:
    if kind not in PARENTS:
        return Box(kind, body, ())
    if depth == 0:
        raise ClipDamaged("boxes nested too deep")
    return Box(kind, body, tuple(_children(body, depth - 1, budget)))


def _children(body: memoryview, depth: int, budget: Iterator[int]) -> Iterator[Box]:
    start = 0
    while start != len(body):
        if next(budget, None) is None:
            raise ClipDamaged("too many boxes")
        span = _span(bytes(body[start : start + 16]), start, len(body))
        if span.open_ended:
            raise ClipDamaged(f"box {span.kind!a} has no size")
        yield _box(span.kind, body[span.body : span.end], depth, budget)
        start = span.end


def _span(head: bytes, start: int, parent_end: int) -> Span:
    """Parse a box's header of 8 or 16 bytes at `start`."""
    if len(head) < 8:  # noqa: PLR2004  a size and a kind, four bytes each
        raise ClipDamaged(f"{len(head)} stray bytes after the last box")
    size, name = struct.unpack_from(">I4s", head)
    kind, head_bytes = name.decode("latin-1"), 8
    if size == 1:  # the real size follows, in 64 bits
        head_bytes = 16
        size = struct.unpack_from(">Q", head, 8)[0] if len(head) == head_bytes else 0
        if size < head_bytes:
            raise ClipDamaged(f"box {kind!a} has an impossible size")
    if size == 0:
        return Span(kind, start, start + head_bytes, parent_end, open_ended=True)
    if size < head_bytes:
        raise ClipDamaged(f"box {kind!a} has an impossible size")
    if start + size > parent_end:
        raise ClipDamaged(f"box {kind!a} is cut: {size} bytes, {parent_end - start} there")
    return Span(kind, start, start + head_bytes, start + size, open_ended=False)
