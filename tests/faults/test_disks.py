"""Disks that are full, folders that can't be written: seen in time, and nothing paid is lost."""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from aiohttp import web
from door.door import Desk, service

from batchsora.lifecycle import Event
from batchsora.runner.progress import Told

from .ended import CREATE, FETCH, case, ends, left, read_ledger
from .front import Ask, fronted
from .looped import bought, met, story, video_ids
from .typed import typed

PART = "Here"
JOBS = 6
SUN, RAIN = "sun rises slowly", "rain on a window"


def fill(disk: Path) -> Path:
    """Take all the room that is left on a disk."""
    stuffing = disk / "stuffing"
    with stuffing.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free)
    assert shutil.disk_usage(disk).free == 0
    return stuffing


@pytest.fixture
def on_disk(folder: Path, roomy_disk: Path) -> Path:
    """Put the run folder onto a disk of its own; returns that disk."""
    (roomy_disk / "run").mkdir()
    (folder / "run").symlink_to(roomy_disk / "run")
    return roomy_disk


@pytest.mark.looptime
@pytest.mark.fault(
    PART,
    "the disk is full when paid ids come",
    "the ids are stored all the same, and the run stops (9); freed, it goes on and buys none twice",
)
async def test_a_disk_that_fills_under_a_purchase_keeps_the_ids(
    folder: Path, on_disk: Path
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        answer = await ask.passed_on()
        if ask.route == CREATE and ask.nth == 1:
            fill(on_disk)
        return answer

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), JOBS, front=front)
    sent = ended.asked[CREATE]
    under_way = {it: ended.jobs[it] for it in ("running", "rendered") if ended.jobs[it]}
    ends(ended, creates=range(1, 5), jobs={**under_way, "pending": JOBS - sent}, code=9)
    assert {it["video_id"] for it in read_ledger(folder / "run")} - {None} == video_ids(folder)
    (on_disk / "stuffing").unlink()
    ends(await met(folder, story(), JOBS), creates=JOBS, jobs={"done": JOBS}, code=0)


@pytest.mark.looptime
@pytest.mark.fault(
    PART,
    "the disk is full on a download",
    "no half file, and the run stops (9); freed, the clips are fetched, and none is bought twice",
)
async def test_a_disk_that_fills_under_a_download_leaves_no_half_file(
    folder: Path, on_disk: Path
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route == FETCH and ask.nth == 1:
            fill(on_disk)
        return await ask.passed_on()

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), 2, front=front)
    assert ended.code == 9, ended.words
    ends(ended, creates=2, jobs={"rendered": 2}, code=9)
    assert not list((folder / "run" / "videos").iterdir())
    (on_disk / "stuffing").unlink()
    ends(await met(folder, story(), 2), creates=2, jobs={"done": 2}, code=0)


@pytest.mark.looptime
@pytest.mark.fault(
    PART,
    "the disk is full on the report",
    "the clips are kept, and the run says so and how to write it (9)",
)
async def test_a_disk_that_fills_under_the_report_keeps_the_clips(
    folder: Path, on_disk: Path
) -> None:
    def heard(told: Told) -> None:
        if told.what == Event.DOWNLOAD_KEPT:
            fill(on_disk)

    ended = await met(folder, story(), 1, heard=heard)
    ends(ended, creates=1, jobs={"done": 1}, code=9)
    assert "batchsora report" in ended.words
    (on_disk / "stuffing").unlink()
    ends(await met(folder, story(), 1), creates=1, jobs={"done": 1}, code=0)
    assert (folder / "run" / "report.csv").stat().st_size


@pytest.mark.looptime
@pytest.mark.fault(
    PART, "too little is free for a clip", "nothing is bought (9); what was bought is fetched"
)
async def test_what_could_not_be_kept_is_not_bought(folder: Path, on_disk: Path) -> None:
    def heard(told: Told) -> None:
        if told.what == Event.SUBMIT_ACCEPTED:
            (on_disk / "stuffing").write_bytes(bytes(12 << 20))

    ended = await met(folder, story(), JOBS, heard=heard)
    sent = ended.asked[CREATE]
    ends(ended, creates=range(1, 5), jobs={"done": sent, "pending": JOBS - sent}, code=9)
    assert bought(folder) == sent


@pytest.mark.parametrize(
    "place",
    [
        case(
            "", fault=(PART, "a run folder that can't be written", "found before any request (9)")
        ),
        case(
            "videos",
            fault=(PART, "a folder of clips that can't be written", "found before any request (9)"),
        ),
        case(
            "work/partial",
            fault=(
                PART,
                "a folder of partial files that can't be written",
                "found before any request (9)",
            ),
        ),
    ],
)
def test_a_folder_that_cannot_be_written_is_found_before_the_first_request(
    plain_folder: Path,
    state: Path,
    without_rights: Callable[[], AbstractContextManager[None]],
    place: str,
) -> None:
    desk = Desk(plain_folder)
    desk.writes_rows(SUN, RAIN)
    shut = desk.run_folder / place
    shut.mkdir(parents=True)
    for each in (desk.run_folder, *desk.run_folder.rglob("*")):
        each.chmod(0o777)
    shut.chmod(0o555)
    with service(state) as shop:
        with without_rights():
            said = typed(desk, "run", "work.yaml", "--base-url", shop.url)
        ended = left(desk, shop, said)
        ends(ended, creates=0, jobs={"pending": 2} if place else {}, code=9)
        assert not ended.asked
    assert "mend:" in said.err


@pytest.mark.parametrize(
    ("in_the_way", "code", "jobs"),
    [
        case(
            "runs",
            2,
            {},
            fault=(PART, "a file where the run folder would be", "found before any request (2)"),
        ),
        case(
            "runs/work/videos",
            9,
            {"pending": 2},
            fault=(PART, "a file where the clips would go", "found before any request (9)"),
        ),
        case(
            "runs/work/work/partial",
            9,
            {"pending": 2},
            fault=(PART, "a file where partial files would go", "found before any request (9)"),
        ),
    ],
)
def test_a_file_in_a_folders_place_is_found_before_the_first_request(
    desk: Desk, state: Path, in_the_way: str, code: int, jobs: dict[str, int]
) -> None:
    desk.writes_rows(SUN, RAIN)
    mine = desk.writes("mine", in_the_way)
    with service(state) as shop:
        ended = left(desk, shop, desk.buys(shop.url))
        ends(ended, creates=0, jobs=jobs, code=code)
        assert not ended.asked
    assert mine.read_text() == "mine"


@pytest.mark.fault(PART, "a folder that is missing", "made, also those above it (0)")
def test_folders_that_are_missing_are_made(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(state) as shop:
        ended = left(desk, shop, desk.buys(shop.url))
        ends(ended, creates=2, jobs={"done": 2}, code=0)


@pytest.mark.fault(
    PART,
    "a folder of clips that leads nowhere",
    "found before any request (9)",
)
def test_a_link_to_a_folder_that_is_gone_is_found_before_the_first_request(
    desk: Desk, state: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    desk.run_folder.mkdir(parents=True)
    (desk.run_folder / "videos").symlink_to(desk.folder / "gone")
    with service(state) as shop:
        ended = left(desk, shop, desk.buys(shop.url))
        ends(ended, creates=0, jobs={"pending": 2}, code=9)
        assert not ended.asked
