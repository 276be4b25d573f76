"""Downloaded clips: whole or damaged, how long and how large. Reads files, standard library only.

A clip cut in half plays in many players, because the index often stands in front. So the boxes
are walked to the end of the file, and the index is checked against the media it points at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from batchsora.media.boxes import Box, ClipDamaged, Span, file_spans, read_box
from batchsora.media.files import hash_file, path_fault
from batchsora.media.fragments import summed_ticks, told_ticks
from batchsora.media.samples import check_samples, sample_count

__all__ = ["ClipDamaged", "ClipFacts", "check_clip", "clip_hint", "hash_file"]

# A clip ends with a whole frame (33 to 42 ms) and a whole packet of sound (23 ms), and encoders
# add a few of each; 5 % is a frame rate of 24 played as 25. A clip of another length on sale
# differs by 4 s.
LENGTH_TOLERANCE_S = 0.25
LENGTH_TOLERANCE_PART = 0.05

UNKNOWN_TICKS = {0: 0xFFFFFFFF, 1: 0xFFFFFFFFFFFFFFFF}  # by version: all ones, not known
TKHD_FROM_ID = {0: 12, 1: 20}  # by version: where the track's number stands
TKHD_MATRIX = {0: 40, 1: 52}  # by version: where the nine numbers of the matrix stand
STSD_SIZE_AT = 40  # width and height of the first visual sample entry


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What a whole clip says of itself; width and height are as shown, after rotation."""

    duration_s: float | None  # None: a fragmented file whose fragments tell no durations
    width: int
    height: int
    bytes: int


def check_clip(path: Path) -> ClipFacts:
    """Check that a file is one whole MP4 with pictures, and return its facts.

    Raises ClipDamaged for whatever is wrong, a missing file included. OSError comes through
    when the disk fails or refuses, for that says nothing of the clip. The media itself is
    never read; time and memory are bounded by caps on the index.

    A fragmented MP4 has its length from mehd or from the sum of its fragments; cut exactly
    between two fragments and without mehd it is a whole, shorter clip, and `clip_hint` says so.
    """
    if fault := path_fault(path):
        raise ClipDamaged(f"the clip {fault}")
    with path.open("rb") as file:
        file_bytes = file.seek(0, 2)
        return _facts(file, file_bytes, tuple(file_spans(file, file_bytes)))


def clip_hint(facts: ClipFacts, *, seconds: int, size: tuple[int, int]) -> str | None:
    """Say how a whole clip differs from what was ordered; None when it does not.

    The length may differ by 0.25 s or 5 %, whichever is more; the pixels must be exact.
    """
    hints = []
    tolerance_s = max(LENGTH_TOLERANCE_S, LENGTH_TOLERANCE_PART * seconds)
    if facts.duration_s is None:
        hints.append(f"clip does not tell its length, {seconds} s ordered")
    elif abs(facts.duration_s - seconds) > tolerance_s:
        hints.append(f"clip is {facts.duration_s:.1f} s, {seconds} s ordered")
    if (facts.width, facts.height) != size:
        hints.append(f"clip is {facts.width}x{facts.height}, {size[0]}x{size[1]} ordered")
    return "; ".join(hints) or None


def _facts(file: BinaryIO, file_bytes: int, spans: Sequence[Span]) -> ClipFacts:
    if not spans or spans[0].kind != "ftyp":
        raise ClipDamaged("not an MP4: it does not begin with ftyp")
    media = [span for span in spans if span.kind == "mdat"]
    if not media:
        raise ClipDamaged("no media (mdat) in it")
    movie = read_box(file, _the_movie(spans))
    for track in movie.all("trak"):
        check_samples(_table(track), media)
    video = _video_track(movie)
    fragments = [span for span in spans if span.kind == "moof"]
    if fragments or movie.first("mvex"):
        if media[-1].open_ended:  # nothing checks a fragment's media against its end
            raise ClipDamaged("the last fragment has no size")
        duration_s = _fragmented_s(movie, (read_box(file, span) for span in fragments), video)
    else:
        if sample_count(_table(video)) == 0:
            raise ClipDamaged("no pictures in its video track")
        duration_s = _duration_s(movie.one("mvhd")) or _duration_s(video.one("mdia", "mdhd"))
    width, height = _shown_size(video)
    return ClipFacts(duration_s, width, height, file_bytes)


def _the_movie(spans: Sequence[Span]) -> Span:
    movies = [span for span in spans if span.kind == "moov"]
    if len(movies) != 1:
        raise ClipDamaged("no index (moov) in it" if not movies else "two indexes (moov) in it")
    return movies[0]


def _video_track(movie: Box) -> Box:
    for track in movie.all("trak"):
        handler = track.one("mdia", "hdlr")
        if bytes(handler.body[8:12]) == b"vide":
            return track
    raise ClipDamaged("no pictures (video track) in it")


def _table(track: Box) -> Box:
    return track.one("mdia", "minf", "stbl")


def _duration_s(header: Box) -> float | None:
    """Return what an mvhd or mdhd says; None when it is nothing or not known."""
    ticks_a_second, ticks = _clock(header)
    return ticks / ticks_a_second if ticks not in (0, UNKNOWN_TICKS[header.version]) else None


def _clock(header: Box) -> tuple[int, int]:
    """Return ticks a second and the length in ticks, of an mvhd or mdhd."""
    match header.version:
        case 0:
            ticks_a_second, ticks = header.numbers(">II", 12)
        case 1:
            ticks_a_second, ticks = header.numbers(">IQ", 20)
        case other:
            raise ClipDamaged(f"{header.kind} of version {other}")
    if ticks_a_second == 0:
        raise ClipDamaged(f"{header.kind} with a clock that stands")
    return ticks_a_second, ticks


def _fragmented_s(movie: Box, fragments: Iterable[Box], video: Box) -> float | None:
    """Return the length of a fragmented movie, whose first samples may stand in moov itself."""
    extension = movie.one("mvex")
    header, clock = video.one("tkhd"), video.one("mdia", "mdhd")
    (track_id,) = header.numbers(">I", _by_version(TKHD_FROM_ID, header))
    told_s = told_ticks(extension) / _clock(movie.one("mvhd"))[0]
    there_s = summed_ticks(extension, fragments, track_id) / _clock(clock)[0]
    if sample_count(_table(video)):
        there_s += _duration_s(clock) or 0
    if 0 < there_s < told_s - LENGTH_TOLERANCE_S:
        raise ClipDamaged(f"{there_s:.1f} s of pictures are there, {told_s:.1f} s promised")
    return told_s or there_s or None


def _shown_size(video: Box) -> tuple[int, int]:
    """Return width and height of the pictures in pixels, swapped where they are shown turned."""
    width, height = _table(video).one("stsd").numbers(">HH", STSD_SIZE_AT)
    header = video.one("tkhd")
    across, skew, _, _, down = header.numbers(">5i", _by_version(TKHD_MATRIX, header))
    if not width or not height:
        raise ClipDamaged("pictures without a size")
    turned = across == 0 and down == 0 and skew != 0  # by 90 or 270 degrees
    return (height, width) if turned else (width, height)


def _by_version(offsets: dict[int, int], header: Box) -> int:
    if header.version not in offsets:
        raise ClipDamaged(f"{header.kind} of version {header.version}")
    return offsets[header.version]
