"""A clip is whole or it is damaged: nothing between the two passes."""

import hashlib
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from clip_makers import FRAGMENTED, INDEX_FIRST, box, make_clip, patched, top_boxes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsora.media import boxes
from batchsora.media.clips import ClipDamaged, ClipFacts, check_clip, clip_hint, hash_file

Checked = Callable[[bytes], ClipFacts]


@pytest.fixture(scope="module")
def index_last(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clips") / "last.mp4").read_bytes()


@pytest.fixture(scope="module")
def index_first(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("clips")
    return make_clip(folder / "first.mp4", options=INDEX_FIRST).read_bytes()


@pytest.fixture(scope="module")
def fragmented(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("clips")
    return make_clip(folder / "fragmented.mp4", options=FRAGMENTED).read_bytes()


@pytest.fixture
def check(tmp_path: Path) -> Checked:
    def checked(content: bytes) -> ClipFacts:
        path = tmp_path / "clip.mp4"
        path.write_bytes(content)
        return check_clip(path)

    return checked


def index_of(content: bytes) -> bytes:
    return dict(top_boxes(content))[b"moov"]


def open_ended(content: bytes) -> bytes:
    """Return the same clip with an mdat that says it goes on to the end of the file."""
    at = content.index(b"mdat") - 4
    return content[:at] + bytes(4) + content[at + 4 :]


# What is whole


def test_a_clip_with_its_index_behind_is_whole(check: Checked, index_last: bytes) -> None:
    assert [kind for kind, _ in top_boxes(index_last)][-1] == b"moov"
    assert check(index_last) == ClipFacts(2.0, 64, 96, len(index_last))


def test_a_clip_with_its_index_in_front_is_whole(check: Checked, index_first: bytes) -> None:
    assert [kind for kind, _ in top_boxes(index_first)][-1] == b"mdat"
    assert check(index_first) == ClipFacts(2.0, 64, 96, len(index_first))


def test_a_clip_with_sound_is_whole_and_as_long_as_ordered(tmp_path: Path) -> None:
    facts = check_clip(make_clip(tmp_path / "loud.mp4", seconds=4, sound=True))
    assert clip_hint(facts, seconds=4, size=(64, 96)) is None


def test_a_fragmented_clip_is_as_long_as_its_fragments(check: Checked, fragmented: bytes) -> None:
    assert check(fragmented).duration_s == pytest.approx(2.0)


def test_a_fragmented_clip_may_begin_in_its_index(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "hybrid.mp4", options={"movflags": "frag_keyframe"})
    assert check_clip(clip).duration_s == pytest.approx(2.0)


def test_an_mdat_without_a_size_is_taken_when_the_index_agrees(
    check: Checked, index_first: bytes
) -> None:
    assert check(open_ended(index_first)).duration_s == 2.0


def test_a_box_may_have_its_size_in_64_bits(check: Checked, index_last: bytes) -> None:
    long_form = struct.pack(">I4sQ", 1, b"free", 20) + b"room"
    assert check(index_last + long_form).width == 64


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_clip_shown_turned_has_its_sides_swapped(
    check: Checked, index_last: bytes, degrees: int
) -> None:
    turn = 0x10000 if degrees == 90 else -0x10000
    turned = patched(index_last, b"tkhd", 40, ">5i", 0, turn, 0, -turn, 0)
    assert (check(turned).width, check(turned).height) == (96, 64)


def test_headers_of_version_1_are_read(check: Checked, index_last: bytes) -> None:
    kind_and_body = index_last[index_last.index(b"mvhd") + 4 :][:100]
    wide = bytes([1]) + bytes(19) + struct.pack(">IQ", 1000, 8000) + kind_and_body[20:]
    old, new = box(b"mvhd", kind_and_body), box(b"mvhd", wide)
    index = index_of(index_last)
    longer = box(b"moov", index[8:].replace(old, new))
    assert check(index_last.replace(index, longer)).duration_s == 8.0


def test_an_unknown_length_is_taken_from_the_video_track(check: Checked, index_last: bytes) -> None:
    assert check(patched(index_last, b"mvhd", 16, ">I", 0xFFFFFFFF)).duration_s == 2.0


def test_compact_sample_sizes_are_read(check: Checked, index_last: bytes) -> None:
    """The same index with stz2 in 16 bits, as some recorders write it."""
    at = index_last.index(b"stsz") - 4
    old_bytes, _, _, _, count = struct.unpack_from(">I4sIII", index_last, at)
    sizes = struct.unpack_from(f">{count}I", index_last, at + 20)
    compact = box(b"stz2", struct.pack(f">III{count}H", 0, 16, count, *sizes))
    padded = compact + box(b"free", bytes(old_bytes - len(compact) - 8))
    assert check(index_last[:at] + padded + index_last[at + old_bytes :]).height == 96


# What is damaged


def test_every_truncation_is_found(check: Checked, index_last: bytes, index_first: bytes) -> None:
    for content in (index_last, index_first):
        for length in range(len(content)):
            with pytest.raises(ClipDamaged):
                check(content[:length])


def test_every_truncation_is_found_where_the_mdat_has_no_size(
    check: Checked, index_first: bytes
) -> None:
    content = open_ended(index_first)
    for length in range(len(content)):
        with pytest.raises(ClipDamaged):
            check(content[:length])


def test_a_truncated_fragment_is_found_or_leaves_a_shorter_clip(
    check: Checked, fragmented: bytes
) -> None:
    whole_media = set(_box_ends(fragmented))
    for length in range(len(fragmented)):
        try:
            facts = check(fragmented[:length])
        except ClipDamaged:
            continue
        assert length in whole_media
        assert facts.duration_s is not None
        assert facts.duration_s <= 2.0


def _box_ends(content: bytes) -> list[int]:
    sizes = [len(whole) for _, whole in top_boxes(content)]
    return [sum(sizes[: n + 1]) for n in range(len(sizes))]


def test_a_fragmented_clip_shorter_than_its_mehd_is_found(
    check: Checked, fragmented: bytes
) -> None:
    index = index_of(fragmented)
    at = index.index(b"mvex") + 4
    trex = index[at:][: struct.unpack_from(">I", index, at)[0]]
    promise = box(b"mvex", box(b"mehd", struct.pack(">II", 0, 9000)) + trex)
    longer = box(b"moov", index[8:].replace(box(b"mvex", trex), promise))
    assert len(longer) > len(index)
    with pytest.raises(ClipDamaged, match=r"2\.0 s of pictures are there, 9\.0 s promised"):
        check(fragmented.replace(index, longer))


@pytest.mark.parametrize("garbage", [b"\0", b"\0" * 8, b"\0" * 64, b"garbage!", b"x" * 1000])
def test_garbage_behind_the_clip_is_found(
    check: Checked, index_last: bytes, index_first: bytes, garbage: bytes
) -> None:
    for content in (index_last, index_first):
        with pytest.raises(ClipDamaged):
            check(content + garbage)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><html><body>502 Bad Gateway</body></html>",
        b'{"error": {"message": "video is not ready", "code": "not_ready"}}',
        b"\0" * 4096,
        b"\xff\xd8\xff\xe0" + b"a picture" * 9,
    ],
    ids=["nothing", "html", "json", "zeros", "jpeg"],
)
def test_what_is_not_a_clip_is_found(check: Checked, content: bytes) -> None:
    with pytest.raises(ClipDamaged):
        check(content)


def test_a_clip_without_an_index_or_without_media_is_found(
    check: Checked, index_last: bytes
) -> None:
    parts = dict(top_boxes(index_last))
    with pytest.raises(ClipDamaged, match="no index"):
        check(parts[b"ftyp"] + parts[b"mdat"])
    with pytest.raises(ClipDamaged, match="no media"):
        check(parts[b"ftyp"] + parts[b"moov"])
    with pytest.raises(ClipDamaged, match="two indexes"):
        check(index_last + parts[b"moov"])


def test_an_index_of_another_clip_is_found(check: Checked, index_last: bytes) -> None:
    with pytest.raises(ClipDamaged, match="not inside the file's mdat"):
        check(patched(index_last, b"stco", 8, ">I", len(index_last)))
    with pytest.raises(ClipDamaged, match="not inside the file's mdat"):
        check(patched(index_last, b"stco", 8, ">I", 0))


def test_a_clip_of_sound_alone_is_found(check: Checked, index_last: bytes) -> None:
    with pytest.raises(ClipDamaged, match="no pictures"):
        check(patched(index_last, b"hdlr", 8, ">4s", b"soun"))


def test_a_clip_without_one_picture_is_found(check: Checked, index_last: bytes) -> None:
    with pytest.raises(ClipDamaged, match="no pictures"):
        check(patched(index_last, b"stsz", 8, ">I", 0))


def test_counts_beyond_reason_are_refused_before_they_are_read(
    check: Checked, index_last: bytes
) -> None:
    with pytest.raises(ClipDamaged, match="too many"):
        check(patched(index_last, b"stsz", 8, ">I", 0xFFFFFFFF))
    with pytest.raises(ClipDamaged, match="too short"):
        check(patched(index_last, b"stsz", 8, ">I", 1000))
    with pytest.raises(ClipDamaged, match="too many boxes"):
        check(index_last + box(b"free", b"") * boxes.MOST_BOXES)


def test_boxes_nested_without_end_are_refused(check: Checked, index_last: bytes) -> None:
    nest = b""
    for _ in range(5000):
        nest = box(b"trak", nest)
    parts = dict(top_boxes(index_last))
    with pytest.raises(ClipDamaged, match="nested too deep"):
        check(parts[b"ftyp"] + parts[b"mdat"] + box(b"moov", nest))


def test_an_index_too_large_is_not_read(tmp_path: Path, index_last: bytes) -> None:
    """A sparse file: reading the index would take half a gigabyte."""
    parts = dict(top_boxes(index_last))
    front = parts[b"ftyp"] + parts[b"mdat"]
    path = tmp_path / "clip.mp4"
    path.write_bytes(front + struct.pack(">I4s", 1 << 29, b"moov"))
    os.truncate(path, len(front) + (1 << 29))
    with pytest.raises(ClipDamaged, match="too large"):
        check_clip(path)


def test_what_is_no_file_is_damaged_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none", Path("/dev/zero")):
        with pytest.raises(ClipDamaged):
            check_clip(path)


@settings(deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=5
    )
)
@pytest.mark.parametrize("kind", ["index_last", "index_first", "fragmented"])
def test_flipped_bytes_raise_nothing_but_clip_damaged(
    request: pytest.FixtureRequest,
    check: Checked,
    kind: str,
    flips: list[tuple[float, bytes]],
) -> None:
    content = bytearray(request.getfixturevalue(kind))
    for place, wrong in flips:
        at = int(place * (len(content) - len(wrong)))
        content[at : at + len(wrong)] = wrong
    with suppress(ClipDamaged):
        assert check(bytes(content)).width > 0


# Whole, but not as ordered


@pytest.mark.parametrize(
    ("duration_s", "size", "hint"),
    [
        (4.0, (720, 1280), None),
        (4.2, (720, 1280), None),
        (3.8, (720, 1280), None),
        (5.0, (720, 1280), "clip is 5.0 s, 4 s ordered"),
        (4.0, (1280, 720), "clip is 1280x720, 720x1280 ordered"),
        (8.0, (64, 64), "clip is 8.0 s, 4 s ordered; clip is 64x64, 720x1280 ordered"),
        (None, (720, 1280), "clip does not tell its length, 4 s ordered"),
    ],
)
def test_a_hint_says_what_differs_from_the_order(
    duration_s: float | None, size: tuple[int, int], hint: str | None
) -> None:
    facts = ClipFacts(duration_s, *size, bytes=1)
    assert clip_hint(facts, seconds=4, size=(720, 1280)) == hint


def test_a_long_clip_may_differ_by_a_part_of_its_length() -> None:
    assert clip_hint(ClipFacts(12.5, 64, 96, 1), seconds=12, size=(64, 96)) is None
    assert clip_hint(ClipFacts(12.7, 64, 96, 1), seconds=12, size=(64, 96)) is not None


def test_a_file_is_hashed_whole(tmp_path: Path) -> None:
    content = b"clip" * 700_000
    (tmp_path / "clip.mp4").write_bytes(content)
    assert hash_file(tmp_path / "clip.mp4") == hashlib.sha256(content).hexdigest()
