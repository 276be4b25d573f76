"""Where an MP4's sample tables say the pictures and sounds lie: inside the media, or not. Pure."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from batchsora.media.boxes import Box, ClipDamaged, Span

MOST_SAMPLES = 1_000_000  # a clip has hundreds; bounds time and memory


def check_samples(table: Box, media: Sequence[Span]) -> None:
    """Check that a track has samples and that every chunk of them lies inside an mdat.

    `table` is the track's stbl, `media` the file's mdat boxes in file order. This finds what
    the boxes alone can't: an mdat without a size that was cut, an index of another file.
    Raises ClipDamaged.
    """
    starts = [span.body for span in media]
    end_of_sample = _sample_ends(table)
    taken = 0
    for offset, count in _chunks(table):
        upto = min(taken + count, len(end_of_sample) - 1)
        chunk_bytes = end_of_sample[upto] - end_of_sample[taken]
        home = bisect_right(starts, offset) - 1
        if chunk_bytes and (home < 0 or offset + chunk_bytes > media[home].end):
            raise ClipDamaged(f"media at byte {offset} is not inside the file's mdat")
        taken = upto
    if taken < len(end_of_sample) - 1:
        raise ClipDamaged("samples without a place in the file")


def sample_count(table: Box) -> int:
    """Return the number of samples of a track's stbl."""
    sizes = table.first("stsz") or table.one("stz2")
    return sizes.numbers(">I", 8)[0]


def _sample_ends(table: Box) -> Sequence[int]:
    """Return the running total of the samples' sizes in bytes, beginning with 0."""
    sizes = table.first("stsz")
    if sizes is None:
        return _compact_ends(table.one("stz2"))
    size, count = sizes.numbers(">II", 4)
    _bound(sizes, count)
    if size:
        return range(0, (count + 1) * size, size)
    return tuple(accumulate(sizes.table("I", count, 12), initial=0))


def _compact_ends(sizes: Box) -> Sequence[int]:
    bits, count = sizes.numbers(">II", 4)
    _bound(sizes, count)
    match bits & 0xFF:
        case 16:
            each = sizes.table("H", count, 12)
        case 8:
            each = sizes.table("B", count, 12)
        case 4:
            pairs = sizes.table("B", (count + 1) // 2, 12)
            each = tuple(half for pair in pairs for half in (pair >> 4, pair & 15))[:count]
        case other:
            raise ClipDamaged(f"stz2 with sizes of {other} bits")
    return tuple(accumulate(each, initial=0))


def _chunks(table: Box) -> Iterator[tuple[int, int]]:
    """Yield each chunk's place in the file and the number of samples in it."""
    offsets = _chunk_offsets(table)
    runs = _runs(table.one("stsc"))
    if not offsets:
        return
    if not runs or runs[0][0] != 1:
        raise ClipDamaged("stsc does not begin with the first chunk")
    borders = [*runs, (len(offsets) + 1, 0)]
    for (first, count), (beyond, _) in pairwise(borders):
        if not first < beyond <= len(offsets) + 1:
            raise ClipDamaged("stsc counts other chunks than there are")
        for offset in offsets[first - 1 : beyond - 1]:
            yield offset, count


def _chunk_offsets(table: Box) -> tuple[int, ...]:
    wide = table.first("co64")
    offsets = wide or table.one("stco")
    (count,) = offsets.numbers(">I", 4)
    _bound(offsets, count)
    return offsets.table("Q" if wide else "I", count, 8)


def _runs(table: Box) -> list[tuple[int, int]]:
    """Return (first chunk, samples in each chunk from there on)."""
    (count,) = table.numbers(">I", 4)
    _bound(table, count)
    flat = table.table("I", 3 * count, 8)
    return list(zip(flat[0::3], flat[1::3], strict=True))


def _bound(table: Box, count: int) -> None:
    if count > MOST_SAMPLES:
        raise ClipDamaged(f"{table.kind} has {count} entries, too many for a clip")
