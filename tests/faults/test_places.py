"""Files of others, names that some file systems can't tell apart, links in the output tree."""

from pathlib import Path
from unicodedata import normalize

import pytest
from door.door import Desk, service

from .ended import case, ends, left, read_ledger
from .looped import met, story
from .typed import typed

PART = "Here"
SUN, RAIN = "sun rises slowly", "rain on a window"
NFC, NFD = (normalize(form, "Äpfel") for form in ("NFC", "NFD"))


@pytest.mark.fault(
    PART, "a file of others where a clip would go", "refused before any request (2); the file stays"
)
def test_a_file_of_others_in_a_clips_place_is_told_before_the_first_request(
    desk: Desk, state: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    mine = desk.writes("my own film", "runs/work/videos/sun.mp4")
    with service(state) as shop:
        ended = left(desk, shop, typed(desk, "run", "work.yaml", "--base-url", shop.url))
        ends(ended, creates=0, jobs={}, code=2)
        assert not ended.asked
    assert "videos/sun.mp4" in ended.words
    assert mine.read_text() == "my own film"


@pytest.mark.looptime
@pytest.mark.fault(
    PART, "a file of others that appears while it renders", "it stays; the clip steps aside (0)"
)
async def test_a_file_of_others_that_appears_in_a_clips_place_stays(folder: Path) -> None:
    mine = folder / "run" / "videos" / "0.mp4"

    def appear(_: object) -> None:
        mine.parent.mkdir(exist_ok=True)
        mine.write_bytes(b"not of ours")

    ended = await met(folder, story(), meanwhile=appear)
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    assert mine.read_bytes() == b"not of ours"
    (job,) = read_ledger(folder / "run")
    assert job["file"] == f"videos/0-{job['key'][:8]}.mp4"
    assert (folder / "run" / job["file"]).stat().st_size == job["bytes"]


@pytest.mark.looptime
@pytest.mark.parametrize(
    "target",
    [
        case(
            "mine.mp4",
            fault=(
                PART,
                "a link in a clip's place",
                "never written through; the clip steps aside (0)",
            ),
        ),
        case(
            "nowhere.mp4",
            fault=(
                PART,
                "a link that leads nowhere in a clip's place",
                "never written through; the clip steps aside (0)",
            ),
        ),
    ],
)
async def test_a_link_in_a_clips_place_is_never_written_through(folder: Path, target: str) -> None:
    mine = folder / "mine.mp4"
    mine.write_bytes(b"not of ours")
    link = folder / "run" / "videos" / "0.mp4"

    def appear(_: object) -> None:
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(folder / target)

    ended = await met(folder, story(), meanwhile=appear)
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    assert link.is_symlink()
    assert mine.read_bytes() == b"not of ours"
    assert not (folder / "nowhere.mp4").exists()
    (job,) = read_ledger(folder / "run")
    assert job["file"] != "videos/0.mp4"


@pytest.mark.looptime
@pytest.mark.fault(
    PART, "a link in a partial file's place", "replaced, never written through; the clip comes (0)"
)
async def test_a_link_in_a_partial_files_place_is_never_written_through(folder: Path) -> None:
    mine = folder / "mine.mp4"
    mine.write_bytes(b"not of ours")
    await met(folder, story(), job_timeout_s=0.5)
    (job,) = read_ledger(folder / "run")
    (folder / "run" / "work" / "partial" / f"{job['key']}.part").symlink_to(mine)
    ended = await met(folder, story())
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    assert mine.read_bytes() == b"not of ours"
    assert not (folder / "run" / "videos" / "0.mp4").is_symlink()


@pytest.mark.parametrize(
    "ids",
    [
        case(
            ("Sun", "sun"),
            fault=(PART, "names that differ in case only", "refused (2), both lines named"),
        ),
        case(
            (NFC, NFD),
            fault=(PART, "names that differ in Unicode form only", "refused (2), both lines named"),
        ),
        case(
            ("straße", "STRASSE"),
            fault=(PART, "names that fold to the same", "refused (2), both lines named"),
        ),
    ],
)
def test_names_that_some_file_systems_cannot_tell_apart_are_refused(
    desk: Desk, state: Path, ids: tuple[str, str]
) -> None:
    rows = "".join(f"  - {{id: {it}, prompt: number {at}}}\n" for at, it in enumerate(ids))
    desk.writes(f"rows:\n{rows}")
    with service(state) as shop:
        ended = left(desk, shop, typed(desk, "run", "work.yaml", "--base-url", shop.url))
        ends(ended, creates=0, jobs={}, code=2)
        assert not ended.asked
    assert "work.yaml:3" in ended.words
    assert "line 2" in ended.words
