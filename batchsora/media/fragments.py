"""The length of a fragmented MP4: told by its mehd, or the sum of its fragments. Pure."""

from collections.abc import Iterable, Iterator

from batchsora.media.boxes import Box, ClipDamaged

MOST_SAMPLES = 1_000_000  # in one trun; bounds time and memory
HAS_SAMPLE_DURATION = 0x100  # trun
HAS_DEFAULT_DURATION = 0x08  # tfhd
# Optional fields of 4 bytes in front of a trun's table, and in each row of it.
TRUN_HEAD_FIELDS = (0x001, 0x004)
TRUN_ROW_FIELDS = (0x100, 0x200, 0x400, 0x800)


def told_ticks(extension: Box) -> int:
    """Return the length an mvex promises in its mehd, in the movie's ticks; 0 without one."""
    header = extension.first("mehd")
    if header is None:
        return 0
    return header.numbers(">Q" if header.version == 1 else ">I", 4)[0]


def summed_ticks(extension: Box, fragments: Iterable[Box], track_id: int) -> int:
    """Return the summed durations of a track's samples in all fragments, in its own ticks."""
    default = _track_default(extension, track_id)
    return sum(
        sum(_run_ticks(run, duration) for run in track.all("trun"))
        for fragment in fragments
        for track, duration in _tracks(fragment, track_id, default)
    )


def _track_default(extension: Box, track_id: int) -> int:
    for extends in extension.all("trex"):
        identity, _, duration = extends.numbers(">III", 4)
        if identity == track_id:
            return duration
    return 0


def _tracks(fragment: Box, track_id: int, default: int) -> Iterator[tuple[Box, int]]:
    """Yield the fragment's parts of a track, each with the duration of samples that tell none."""
    for track in fragment.all("traf"):
        header = track.one("tfhd")
        if header.numbers(">I", 4)[0] != track_id:
            continue
        if header.flags & HAS_DEFAULT_DURATION:
            # In front of it: a place of 8 bytes (flag 1) and a description's index of 4 (flag 2).
            offset = 8 + (8 if header.flags & 0x1 else 0) + (4 if header.flags & 0x2 else 0)
            yield track, header.numbers(">I", offset)[0]
        else:
            yield track, default


def _run_ticks(run: Box, default: int) -> int:
    flags = run.flags
    (count,) = run.numbers(">I", 4)
    if count > MOST_SAMPLES:
        raise ClipDamaged(f"trun has {count} entries, too many for a clip")
    columns = sum(1 for flag in TRUN_ROW_FIELDS if flags & flag)
    head_bytes = 8 + 4 * sum(1 for flag in TRUN_HEAD_FIELDS if flags & flag)
    rows = run.table("I", count * columns, head_bytes)
    return sum(rows[::columns]) if flags & HAS_SAMPLE_DURATION else count * default
