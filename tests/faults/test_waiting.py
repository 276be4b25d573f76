"""Looks at a paid job that go wrong: the job lives, its id stays, and it is not bought again."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from batchsora.simulator import Fault

from .ended import POLL, case, ends, read_ledger
from .front import Ask, Spoil, fronted, replaced
from .looped import met, story, video_ids

pytestmark = pytest.mark.looptime

JOBS = 3
PART = "Waiting and fetching"
LIVES = "the job lives, and its clip comes (0)"
OWN_ID = "the id of the create call is kept; its clip comes (0)"
BAD_LOOKS = 3


@pytest.mark.parametrize(
    "fault",
    [
        case(Fault("poll", name, **when), fault=(PART, what, LIVES))
        for name, what, when in (
            ("404", "404 just after create", {"nth": (1, 2)}),
            ("500", "500 while polling", {"times": BAD_LOOKS}),
            ("502", "502 of a proxy while polling", {"times": BAD_LOOKS}),
            ("503_overload", "503 with `Retry-After` while polling", {"times": BAD_LOOKS}),
            ("429", "429 while polling", {"times": BAD_LOOKS}),
            ("403_html", "403 as HTML while polling", {"times": BAD_LOOKS}),
            ("html_200", "200 with HTML while polling", {"times": BAD_LOOKS}),
            ("error_in_200", '200 with `{"code": 500}` while polling', {"times": BAD_LOOKS}),
            ("cut", "JSON that is cut while polling", {"times": BAD_LOOKS}),
            ("lost_before", "the connection is reset while polling", {"times": BAD_LOOKS}),
            ("silent", "no answer in time while polling", {"times": 1}),
            ("endless", "an endless body while polling", {"times": 1}),
        )
    ],
)
async def test_a_look_that_goes_wrong_is_taken_again_and_nothing_is_bought(
    folder: Path, fault: Fault
) -> None:
    ended = await met(folder, story(fault), JOBS)
    ends(ended, creates=JOBS, jobs={"done": JOBS}, code=0)
    struck = fault.times or len(fault.nth)
    assert ended.asked[POLL] > struck * JOBS


@pytest.mark.parametrize(
    "name",
    [
        case("no_id", fault=(PART, "an answer without an id while polling", OWN_ID)),
        case("bad_id", fault=(PART, "an answer with the id `../../admin` while polling", OWN_ID)),
    ],
)
async def test_the_id_that_the_create_call_answered_is_kept(folder: Path, name: str) -> None:
    ended = await met(folder, story(Fault("poll", name)), JOBS)
    ends(ended, creates=JOBS, jobs={"done": JOBS}, code=0)
    assert {it["video_id"] for it in read_ledger(folder / "run")} == video_ids(folder)
    assert not [it for it in ended.asked if "admin" in it]


def looks(*statuses: str | None) -> Spoil:
    """Say these things of a video's status, look by look, then how it is; None is nothing."""

    async def spoil(ask: Ask) -> web.StreamResponse:
        answer = await ask.passed_on()
        if ask.route != POLL or ask.nth > len(statuses):
            return answer
        status = statuses[ask.nth - 1]

        def change(video: dict[str, Any]) -> None:
            video.pop("status")
            video.update({} if status is None else {"status": status})

        return replaced(answer, change)

    return spoil


async def shouting(ask: Ask) -> web.StreamResponse:
    """Write every status in capitals."""
    answer = await ask.passed_on()
    if ask.route != POLL:
        return answer
    return replaced(answer, lambda video: video.update(status=video["status"].upper()))


@pytest.mark.parametrize(
    "spoil",
    [
        case(
            looks("brewing", "brewing", "done?", ""),
            fault=(PART, "an unknown status", "it still runs; its clip comes (0)"),
        ),
        case(
            looks(None, None, None),
            fault=(PART, "no status", "it still runs; its clip comes (0)"),
        ),
        case(
            shouting,
            fault=(PART, "a status in capitals", "read as it is meant; its clip comes (0)"),
        ),
        case(
            looks("in_progress", "queued", "in_progress", "queued"),
            fault=(PART, "a status that goes backward", "it still runs; its clip comes (0)"),
        ),
    ],
)
async def test_a_status_that_says_little_means_that_it_still_runs(
    folder: Path, spoil: Spoil
) -> None:
    async with fronted(folder, story(render_s=(1.0, 1.0)), spoil) as front:
        ended = await met(folder, story(), front=front)
    ends(ended, creates=1, jobs={"done": 1}, code=0)


@pytest.mark.fault(PART, "broken JSON while polling", LIVES)
async def test_a_look_that_shows_broken_json_is_taken_again(folder: Path) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route == POLL and ask.nth <= BAD_LOOKS:
            return web.Response(
                text='{"id": "video_1", "status": ', content_type="application/json"
            )
        return await ask.passed_on()

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), front=front)
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    assert ended.asked[POLL] > BAD_LOOKS


@pytest.mark.fault(
    PART,
    "a job that is stuck for ever",
    "left running at its deadline (4); not failed, not bought again",
)
async def test_a_stuck_job_is_left_there_and_is_looked_at_again_by_the_next_run(
    folder: Path,
) -> None:
    tale = story(Fault("create", "stuck"))
    for _ in range(2):
        ended = await met(folder, tale, job_timeout_s=100.0)
        ends(ended, creates=1, jobs={"running": 1}, code=4)


@pytest.mark.fault(
    PART, "401 in the middle", "the run stops (3); ids are kept, and the next run goes on with them"
)
async def test_a_key_that_is_refused_in_the_middle_loses_no_id(folder: Path) -> None:
    tale = story(Fault("poll", "401", nth=(2,)), render_s=(60.0, 60.0))
    ended = await met(folder, tale, JOBS)
    ends(ended, creates=JOBS, jobs={"running": JOBS}, code=3)
    assert all(it["video_id"] for it in read_ledger(folder / "run"))
    ended = await met(folder, story(), JOBS)
    ends(ended, creates=JOBS, jobs={"done": JOBS}, code=0)


@pytest.mark.fault(
    PART,
    "404 long after create",
    "asked three times more, then failed as expired with its price (1)",
)
async def test_a_video_that_is_gone_is_not_given_up_for_one_word(folder: Path) -> None:
    tale = story(Fault("create", "stuck"), Fault("poll", "404"))
    for _ in range(2):
        ended = await met(folder, tale, poll_interval_s=70.0)
        ends(ended, creates=1, jobs={"failed: expired": 1}, code=1)
    (job,) = read_ledger(folder / "run")
    assert job["purchases"] == 1


@pytest.mark.fault(
    PART,
    "a render that failed",
    "failed as render_failed with its price (1); not bought again by itself",
)
async def test_a_render_that_failed_is_told_and_not_bought_again(folder: Path) -> None:
    tale = story(Fault("create", "render_failed"))
    for _ in range(2):
        ended = await met(folder, tale)
        ends(ended, creates=1, jobs={"failed: render_failed": 1}, code=1)


@pytest.mark.fault(
    PART, "moderated late, while rendering", "failed as moderated (1); not bought again by itself"
)
async def test_a_refusal_that_comes_late_is_told_and_not_bought_again(folder: Path) -> None:
    tale = story(Fault("create", "moderated_late"))
    for _ in range(2):
        ended = await met(folder, tale)
        ends(ended, creates=1, jobs={"failed: moderated": 1}, code=1)
