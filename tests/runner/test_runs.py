"""Whole runs on a clock that jumps: what may be on the wire with what, and how a run stops."""

import asyncio
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from batchsora.errors import Stop, StopReason
from batchsora.job import State
from batchsora.lifecycle import Event
from batchsora.runner.campaign import Outcome, carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.progress import Told
from batchsora.settings import Rate
from batchsora.simulator import Fault, Scenario

from .campaigning import BEGAN_AT, opened

pytestmark = pytest.mark.looptime

PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"
AT_ONCE: dict[str, Any] = {"rate": Rate(1000, 1.0), "burst": 100}


def story(*faults: Fault, **changes: Any) -> Scenario:
    return Scenario(**{"clip": "tiny", "render_s": (2.0, 2.0), "faults": faults, **changes})


def manifest(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "work.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def numbered(folder: Path, count: int) -> Path:
    return manifest(folder, *({"id": f"{it}", "prompt": f"Wave {it}"} for it in range(count)))


def alike(folder: Path) -> Path:
    """Write rows that a service's list can't tell apart: only their images differ."""
    names = ("cat.png", "coffee.jpg", "rocket.jpg", "galaxies.jpg")
    for name in names:
        shutil.copy(PHOTOGRAPHS / name, folder)
    rows = [{"id": it[:3], "image": it, "prompt": "It moves"} for it in names]
    return manifest(folder, *rows, {"id": "other", "prompt": "Something else"})


def nobody(_: Told) -> None:
    """Tell nobody."""


async def run(
    folder: Path, tale: Scenario, path: Path, tell: Callable[[Told], None] = nobody, **settings: Any
) -> Outcome:
    async with opened(folder, tale, path, tell, **settings) as session:
        return await carry_out(session, Choice())


def ends(outcome: Outcome) -> dict[State, int]:
    return dict(+outcome.totals.states)


def came(folder: Path, method: str = "POST", route: str = "/v1/videos") -> list[float]:
    """Say when requests came to the service, in seconds of the loop."""
    record = sqlite3.connect(folder / "simulator" / "simulator.db")
    found = record.execute(
        "select arrived_at - ? from requests where method = ? and route = ? order by 1",
        (BEGAN_AT, method, route),
    ).fetchall()
    record.close()
    return [at for (at,) in found]


def jobs(folder: Path) -> dict[str, sqlite3.Row]:
    ledger = sqlite3.connect(folder / "run" / "ledger.db")
    ledger.row_factory = sqlite3.Row
    found = {row["id"]: row for row in ledger.execute("select * from jobs")}
    ledger.close()
    return found


@pytest.mark.parametrize(("lists", "apart"), [("list", 3), ("no list", 1)])
async def test_jobs_that_a_list_cannot_tell_apart_are_sent_one_at_a_time_where_there_is_one(
    folder: Path,
    lists: str,
    apart: int,
) -> None:
    tale = story(Fault("create", "slow"), list_endpoint=lists == "list", slow_s=30.0)
    outcome = await run(folder, tale, alike(folder), **AT_ONCE)
    assert ends(outcome) == {State.DONE: 5}
    times = came(folder)
    gaps = [later - at for at, later in pairwise(times)]
    assert sum(gap > 15 for gap in gaps) == apart  # of five, four may be on the wire at once


async def test_takes_of_one_row_need_no_turn_and_each_finds_a_clip_of_its_own(
    folder: Path,
) -> None:
    shutil.copy(PHOTOGRAPHS / "cat.png", folder)
    row = {"id": "cat", "image": "cat.png", "prompt": "It moves", "takes": 4}
    # a lost one must not be slow as well: its answer would come before it is cut off
    faults = (Fault("create", "lost_after", nth=(2,)), Fault("create", "slow", nth=(1, 3, 4)))
    tale = story(*faults, slow_s=30.0)
    told: list[Told] = []
    outcome = await run(folder, tale, manifest(folder, row), told.append, **AT_ONCE)
    assert ends(outcome) == {State.DONE: 4}
    assert [it.what for it in told].count(Event.DOUBT_ADOPTED) == 1
    times = came(folder)
    assert len(times) == 4
    assert times[-1] - times[0] < 5  # all on the wire at once


async def test_a_job_waits_while_another_that_looks_like_it_is_in_doubt(folder: Path) -> None:
    tale = story(Fault("create", "lost_before", match="moves", times=1))
    outcome = await run(folder, tale, alike(folder), **AT_ONCE, settle_s=60.0)
    assert ends(outcome) == {State.IN_DOUBT: 1, State.PENDING: 3, State.DONE: 1}
    assert len(came(folder)) == 2  # that one, and the one that looks different
    assert jobs(folder)["other"]["state"] == "done"


async def test_a_doubt_that_the_list_settles_holds_nobody_up_for_long(folder: Path) -> None:
    tale = story(Fault("create", "lost_after", match="moves", times=1))
    outcome = await run(folder, tale, alike(folder), **AT_ONCE)
    assert ends(outcome) == {State.DONE: 5}
    assert len(came(folder)) == 5
    images = {it["image"]: it["image_sha256"] for it in jobs(folder).values() if it["image"]}
    record = sqlite3.connect(folder / "simulator" / "simulator.db")
    made = dict(record.execute("select id, image_sha256 from jobs").fetchall())
    record.close()
    # four different pictures, each on its own row: no clip went to a neighbour
    assert len({made[it["video_id"]] for it in jobs(folder).values() if it["image"]}) == 4
    assert len(images) == 4


async def test_what_is_finished_is_fetched_before_more_is_bought(folder: Path) -> None:
    tale = story(Fault("content", "slow"), slow_s=20.0)
    path = numbered(folder, 30)
    settings = {**AT_ONCE, "max_in_flight": 4, "download_concurrency": 2}
    outcome = await run(folder, tale, path, **settings)
    assert ends(outcome) == {State.DONE: 30}
    creates, fetches = came(folder), came(folder, "GET", "/v1/videos/{id}/content")
    for number, at in enumerate(creates):
        begun = sum(fetch <= at for fetch in fetches)
        assert number + 1 - begun <= 4 + 2 * 2 + 4  # in flight, waiting to be fetched, on the wire


async def test_a_job_that_never_ends_gets_one_last_look_at_its_clip(folder: Path) -> None:
    tale = story(Fault("poll", "unknown_status"))
    outcome = await run(folder, tale, numbered(folder, 1), job_timeout_s=100.0)
    assert ends(outcome) == {State.DONE: 1}
    assert asyncio.get_running_loop().time() < 130


async def test_a_job_that_is_stuck_is_left_there_and_taken_up_again(folder: Path) -> None:
    path = numbered(folder, 1)
    tale = story(Fault("create", "stuck"))
    for _ in range(2):
        outcome = await run(folder, tale, path, job_timeout_s=100.0)
        assert ends(outcome) == {State.RUNNING: 1}
    assert len(came(folder)) == 1


async def test_a_service_that_finishes_nothing_is_not_fed_for_ever(folder: Path) -> None:
    tale = story(Fault("create", "stuck"))
    settings = {**AT_ONCE, "max_in_flight": 2, "job_timeout_s": 60.0}
    async with opened(folder, tale, numbered(folder, 9), nobody, **settings) as session:
        outcome = await carry_out(session, Choice())
        reasons = [stop.reason for stop in session.stopping.stops]
    assert reasons == [StopReason.OUTAGE]
    assert ends(outcome) == {State.RUNNING: 2, State.PENDING: 7}
    assert len(came(folder)) == 2


async def test_the_wait_for_a_job_begins_when_it_is_bought(folder: Path) -> None:
    slowly: dict[str, Any] = {"rate": Rate(1, 100.0), "job_timeout_s": 50.0}
    outcome = await run(folder, story(), numbered(folder, 4), **slowly)
    assert ends(outcome) == {State.DONE: 4}


async def test_a_clip_that_is_only_ever_put_off_is_left_for_later(folder: Path) -> None:
    tale = story(Fault("content", "429_concurrency"))
    outcome = await run(folder, tale, numbered(folder, 1), job_timeout_s=60.0)
    assert ends(outcome) == {State.RENDERED: 1}


async def test_a_list_that_proves_to_be_none_leaves_doubts_to_a_person(folder: Path) -> None:
    path = numbered(folder, 5)
    lost = Fault("create", "lost_before", times=3)
    tale = story(lost, list_endpoint=False)
    assert ends(await run(folder, tale, path, **AT_ONCE))[State.IN_DOUBT] == 3
    out_of_order = story(Fault("list", "502", times=4), list_endpoint=False)
    outcome = await run(folder, out_of_order, path, **AT_ONCE, settle_s=1.0)
    assert ends(outcome)[State.IN_DOUBT] == 3  # and the run ended


async def test_one_word_of_a_missing_video_is_not_enough_to_give_up_what_is_paid(
    folder: Path,
) -> None:
    path = numbered(folder, 1)
    tale = story(Fault("poll", "404", nth=(2, 3)), render_s=(90.0, 90.0))
    outcome = await run(folder, tale, path, poll_interval_s=70.0)
    assert ends(outcome) == {State.DONE: 1}
    gone = story(Fault("create", "stuck"), Fault("poll", "404"))
    manifest(folder, {"id": "other", "prompt": "It is gone"})
    outcome = await run(folder, gone, path, poll_interval_s=70.0)
    assert outcome.scope.states[State.FAILED] == 1
    assert jobs(folder)["other"]["reason"] == "expired"


async def test_a_place_that_is_taken_twice_is_stepped_aside_from(folder: Path) -> None:
    path = numbered(folder, 1)
    async with opened(folder, story(), path, nobody) as session:
        ((key, _),) = [
            (job.key, at) for at, job in session.ledger.agenda.to_submit(-1, 9, chosen=False)
        ]
        videos = folder / "run" / "videos"
        videos.mkdir()
        for name in ("0.mp4", f"0-{key[:8]}.mp4"):
            (videos / name).write_text("somebody's")
        outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.DONE: 1}
    assert jobs(folder)["0"]["file"] == f"videos/0-{key[:16]}.mp4"


async def test_a_report_that_cannot_be_written_does_not_hide_how_the_run_ended(
    folder: Path,
) -> None:
    async with opened(folder, story(), numbered(folder, 1), nobody) as session:
        (folder / "run" / "report.csv").mkdir()
        outcome = await carry_out(session, Choice())
        reasons = [stop.reason for stop in session.stopping.stops]
    assert ends(outcome) == {State.DONE: 1}
    assert reasons == [StopReason.DISK]


async def test_a_stop_leaves_the_page_of_a_large_run_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchsora.runner.reporting.HURRIED_JOBS", 1)
    path, page = numbered(folder, 2), folder / "run" / "report.html"
    async with opened(folder, story(), path, nobody) as session:
        session.stopping.ask(Stop(StopReason.INTERRUPTED, "enough"))
        await carry_out(session, Choice())
    assert (folder / "run" / "report.csv").exists()
    assert not page.exists()
    async with opened(folder, story(), path, nobody) as session:
        await carry_out(session, Choice())
    assert page.exists()


async def test_reports_are_written_beside_the_loop_which_hears_a_second_signal(
    folder: Path,
) -> None:
    settled: list[int] = []

    async def aside(function: Callable[[], Any]) -> Any:
        settled.append(session.scope.settled)
        await asyncio.sleep(1)
        return function()

    async with opened(folder, story(), numbered(folder, 1), nobody, offload=aside) as session:
        await carry_out(session, Choice())
    assert settled.count(1) == 1


async def test_a_stop_does_not_wait_for_a_clip_or_a_silent_look(folder: Path) -> None:
    slow = Fault("content", "slow", match="Wave 0")
    tale = story(slow, Fault("poll", "silent", match="Wave 1"), slow_s=600.0)
    async with opened(folder, tale, numbered(folder, 2), nobody, **AT_ONCE) as session:
        asyncio.get_running_loop().call_later(
            10.0, session.stopping.ask, Stop(StopReason.INTERRUPTED, "enough")
        )
        outcome = await carry_out(session, Choice())
    assert asyncio.get_running_loop().time() < 15
    assert ends(outcome) == {State.RENDERED: 1, State.RUNNING: 1}
    assert not list((folder / "run" / "work" / "partial").iterdir())


async def test_a_drained_run_records_what_was_on_the_wire_and_sends_no_more(folder: Path) -> None:
    tale = story(Fault("create", "slow"), slow_s=10.0, list_endpoint=False)
    async with opened(folder, tale, numbered(folder, 30), nobody, **AT_ONCE) as session:
        asyncio.get_running_loop().call_later(
            3.0, session.stopping.ask, Stop(StopReason.INTERRUPTED, "enough")
        )
        outcome = await carry_out(session, Choice())
    assert asyncio.get_running_loop().time() < 15
    sent = len(came(folder))
    assert 1 <= sent <= 4
    assert ends(outcome) == {State.RUNNING: sent, State.PENDING: 30 - sent}
    assert (folder / "run" / "report.csv").exists()


@pytest.mark.parametrize(
    "waits",
    [
        {"faults": (Fault("create", "429", retry_after="600"),)},
        {"faults": (Fault("create", "stuck"),), "render_s": (900.0, 900.0)},
        {"poll_after_ms": 600_000},
    ],
)
async def test_a_stop_waits_for_no_pause_no_rate_and_no_look(
    folder: Path, waits: dict[str, Any]
) -> None:
    path = numbered(folder, 5)
    slowly: dict[str, Any] = {"rate": Rate(1, 300.0), "poll_interval_s": 300.0}
    async with opened(folder, story(**waits), path, nobody, **slowly) as session:
        asyncio.get_running_loop().call_later(
            2.0, session.stopping.ask, Stop(StopReason.INTERRUPTED, "enough")
        )
        await carry_out(session, Choice())
    assert asyncio.get_running_loop().time() < 5


async def test_a_bug_stops_the_run_between_steps_and_cuts_off_nobodys_request(
    folder: Path,
) -> None:
    told: list[Told] = []

    def tell(it: Told) -> None:
        told.append(it)
        if it.what == Event.SUBMIT_ACCEPTED and it.job is not None and it.job.id == "0":
            raise ZeroDivisionError("of all things")

    slow = [Fault("create", "slow", match=f"Wave {it}") for it in (1, 2, 3)]
    tale = story(*slow, slow_s=10.0, list_endpoint=False)
    async with opened(folder, tale, numbered(folder, 30), tell, **AT_ONCE) as session:
        outcome = await carry_out(session, Choice())
        reasons = [stop.reason for stop in session.stopping.stops]
    assert reasons == [StopReason.BUG]
    assert outcome.totals.states[State.SUBMITTING] == 0
    assert Counter(it["state"] for it in jobs(folder).values())["running"] == len(came(folder))
    (trace,) = (it.message for it in told if it.what == "bug")
    assert "of all things" in trace


async def test_an_image_that_changed_since_the_plan_fails_its_own_job_only(folder: Path) -> None:
    path = alike(folder)
    async with opened(folder, story(), path, nobody, **AT_ONCE) as session:
        shutil.copy(PHOTOGRAPHS / "rocket.jpg", folder / "cat.png")
        outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.DONE: 4, State.FAILED: 1}
    assert jobs(folder)["cat"]["reason"] == "image_unreadable"
    assert len(came(folder)) == 4


async def test_a_clip_past_its_hour_is_lost_with_its_price_and_not_bought_again(
    folder: Path,
) -> None:
    path = numbered(folder, 1)
    tale = story(Fault("content", "not_ready", times=3), expires_s=2.0)
    for _ in range(2):
        outcome = await run(folder, tale, path)
        assert ends(outcome) == {State.FAILED: 1}
    job = jobs(folder)["0"]
    assert (job["reason"], job["purchases"]) == ("expired", 1)
    assert len(came(folder)) == 1


@pytest.mark.parametrize("fault", ["cut", "500", "502", "html_200", "lost_before", "429"])
async def test_a_download_that_fails_is_tried_again_alone(folder: Path, fault: str) -> None:
    tale = story(Fault("content", fault, times=2))
    outcome = await run(folder, tale, numbered(folder, 3), **AT_ONCE)
    assert ends(outcome) == {State.DONE: 3}
    assert len(came(folder)) == 3
    assert not list((folder / "run" / "work" / "partial").iterdir())


@pytest.mark.parametrize("fault", ["404", "500", "502", "html_200", "lost_before", "cut", "no_id"])
async def test_a_look_that_fails_does_not_fail_the_job(folder: Path, fault: str) -> None:
    tale = story(Fault("poll", fault, times=2))
    outcome = await run(folder, tale, numbered(folder, 3), **AT_ONCE)
    assert ends(outcome) == {State.DONE: 3}
    assert len(came(folder)) == 3


@pytest.mark.parametrize("fault", ["json_content", "redirect"])
async def test_a_clip_that_lies_elsewhere_is_fetched_from_there(folder: Path, fault: str) -> None:
    outcome = await run(folder, story(Fault("content", fault)), numbered(folder, 2), **AT_ONCE)
    assert ends(outcome) == {State.DONE: 2}


async def test_an_id_that_another_job_has_is_a_doubt_and_not_a_purchase(folder: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            await request.read()
        elif request.path == "/v1/videos":
            raise web.HTTPNotFound
        return web.json_response({"id": "video_1", "object": "video", "status": "queued"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        address = f"http://127.0.0.1:{server.port}"
        path = numbered(folder, 2)
        settings = {**AT_ONCE, "job_timeout_s": 30.0}
        async with opened(folder, story(), path, nobody, url=address, **settings) as session:
            outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.RUNNING: 1, State.IN_DOUBT: 1}
    (doubt,) = (it for it in jobs(folder).values() if it["state"] == "in_doubt")
    assert doubt["error_code"] == "id_taken"


async def test_a_killed_download_that_was_whole_gets_its_name_without_another_request(
    folder: Path,
) -> None:
    path = numbered(folder, 1)
    await run(folder, story(), path)
    fetches = came(folder, "GET", "/v1/videos/{id}/content")
    clip = folder / "run" / "videos" / "0.mp4"
    key = jobs(folder)["0"]["key"]
    # as a crash leaves it between the check and the name
    clip.rename(folder / "run" / "work" / "partial" / f"{key}.part")
    (folder / "run" / "work" / "partial" / f"{'0' * 32}.part").write_bytes(b"half a clip")
    ledger = sqlite3.connect(folder / "run" / "ledger.db")
    ledger.execute("update jobs set state = 'rendered', downloaded_at = null")
    ledger.commit()
    ledger.close()
    outcome = await run(folder, story(), path)
    assert ends(outcome) == {State.DONE: 1}
    assert clip.exists()
    assert came(folder, "GET", "/v1/videos/{id}/content") == fetches
    assert not list((folder / "run" / "work" / "partial").iterdir())


async def test_what_a_kill_left_of_the_look_whether_clips_can_be_kept_is_removed(
    folder: Path,
) -> None:
    path = numbered(folder, 1)
    places = [folder / "run" / "videos", folder / "run" / "work" / "partial"]
    for place in places:
        place.mkdir(parents=True)
        (place / ".batchsora-x7_k2b").touch()
    await run(folder, story(), path)
    assert not [it for place in places for it in place.glob(".*")]


async def test_a_strangers_file_that_appears_in_a_clips_place_stays_and_the_clip_steps_aside(
    folder: Path,
) -> None:
    path = numbered(folder, 1)
    async with opened(folder, story(), path, nobody) as session:
        strange = folder / "run" / "videos" / "0.mp4"
        strange.parent.mkdir()
        strange.write_bytes(b"not of ours")
        await carry_out(session, Choice())
    assert strange.read_bytes() == b"not of ours"
    job = jobs(folder)["0"]
    assert job["file"] == f"videos/0-{job['key'][:8]}.mp4"
    assert (folder / "run" / job["file"]).stat().st_size == job["bytes"]


async def test_memory_holds_a_window_of_jobs_and_not_the_manifest(folder: Path) -> None:
    most = 0

    def count(_: Told) -> None:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()))

    path = numbered(folder, 200)
    tale = story(rate=None)
    async with opened(folder, tale, path, count, **AT_ONCE, max_in_flight=10) as session:
        outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.DONE: 200}
    assert most < 60
