"""Create requests of which nobody here can say what became: in doubt, and never sent again."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from batchsora.simulator import Fault

from .ended import CREATE, Ended, case, ends, read_ledger
from .front import Ask, Spoil, changing, fronted
from .looped import bought, met, now_s, story

pytestmark = pytest.mark.looptime

JOBS = 3
ONE_DOUBT = {"done": JOBS - 1, "in_doubt": 1}
NO_LIST: dict[str, Any] = {"list_endpoint": False}
DOUBTED = "in doubt, never sent again (6)"
DOUBT_MOST = 3 - 1 + 4  # the breaker, and what was on the wire beside the last one
IN_TIME_S = 400.0  # 285 are what the client gives one request
IN_MEMORY = 32 << 20


def doubt(name: str, what: str, expected: str = DOUBTED, **changes: Any) -> Any:
    return case(
        Fault("create", name, match="Wave 1"), changes, fault=("Submitting", what, expected)
    )


def evidence(folder: Path) -> str:
    """Read what was kept of the one answer that was lost."""
    (kept,) = (
        json.loads(it["detail"]).get("evidence", "")
        for it in read_ledger(folder / "run", "events")
        if it["event"] == "submit_lost"
    )
    return str(kept)


def word_of_doubt(folder: Path) -> str:
    (job,) = (it for it in read_ledger(folder / "run") if it["state"] == "in_doubt")
    return str(job["error_code"])


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        doubt("500", "500"),
        doubt("500_after", "500 after the video was made"),
        doubt("502", "502 of a proxy, as HTML"),
        doubt("502_after", "502 after the video was made"),
        doubt("lost_before", "the connection is reset, and nothing was made"),
        doubt("lost_after", "the connection is reset after the video was made"),
        doubt("cut", "the answer is cut in its middle"),
        doubt("silent", "no answer in time, after the headers left"),
    ],
)
async def test_what_may_have_been_bought_is_in_doubt_and_never_sent_again(
    folder: Path, fault: Fault, changes: dict[str, Any]
) -> None:
    tale = story(fault, **NO_LIST, **changes)
    for _ in range(2):
        ended = await met(folder, tale, JOBS)
        ends(ended, creates=JOBS, jobs=ONE_DOUBT, code=6)
    assert now_s() < 2 * IN_TIME_S
    assert bought(folder) == JOBS - (fault.name in {"500", "502", "lost_before"})


@pytest.mark.fault(
    "Submitting", "every answer is lost", "a breaker over all restarts: at most 6 in doubt (6)"
)
@pytest.mark.parametrize("name", ["502_after", "lost_after"])
async def test_a_breaker_counts_the_doubts_in_the_ledger_over_all_restarts(
    folder: Path, name: str
) -> None:
    tale = story(Fault("create", name), **NO_LIST)
    first = await met(folder, tale, 20)
    doubts = first.jobs["in_doubt"]
    assert 3 <= doubts <= DOUBT_MOST
    for ended in (first, *[await met(folder, tale, 20) for _ in range(3)]):
        ends(ended, creates=doubts, jobs={"in_doubt": doubts, "pending": 20 - doubts}, code=6)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        case(
            "html_200",
            "Just a moment...",
            fault=("Submitting", "200 with HTML", "in doubt, raw answer kept (6)"),
        ),
        case(
            "error_in_200",
            '"code": 500',
            fault=("Submitting", '200 with `{"code": 500}`', "in doubt, raw answer kept (6)"),
        ),
        case(
            "no_id",
            '"object": "video"',
            fault=("Submitting", "200 without an id", "in doubt, raw answer kept (6)"),
        ),
        case(
            "bad_id",
            "../../admin",
            fault=(
                "Submitting",
                "200 with the id `../../admin`",
                "in doubt, raw answer kept (6); that path is never asked for",
            ),
        ),
    ],
)
async def test_of_an_answer_without_a_good_id_the_raw_text_is_kept(
    folder: Path, name: str, kept: str
) -> None:
    ended = await met(folder, story(Fault("create", name, match="Wave 1"), **NO_LIST), JOBS)
    ends(ended, creates=JOBS, jobs=ONE_DOUBT, code=6)
    assert kept in evidence(folder)
    assert not [it for it in ended.asked if "admin" in it]


async def behind(folder: Path, spoil: Spoil) -> Ended:
    """Run one job through a front."""
    async with fronted(folder, story(**NO_LIST), spoil) as front:
        ended = await met(folder, story(), front=front)
        assert front.taken < IN_MEMORY
    return ended


@pytest.mark.fault("Submitting", "200 with an id of 10 kB", "in doubt, raw answer kept (6)")
async def test_an_id_that_is_longer_than_any_is_none(folder: Path) -> None:
    long = changing(CREATE, lambda video: video.update(id="v" * 10_000))
    ends(await behind(folder, long), creates=1, jobs={"in_doubt": 1}, code=6)
    assert "v" * 1000 in evidence(folder)


@pytest.mark.fault(
    "Submitting", "an id that the ledger already has", "in doubt, and the reason says so (6)"
)
async def test_an_id_that_another_job_has_is_told(folder: Path) -> None:
    ids: list[str] = []

    def first_id(video: dict[str, Any]) -> None:
        ids.append(video["id"])
        video["id"] = ids[0]

    async with fronted(folder, story(**NO_LIST), changing(CREATE, first_id)) as front:
        ended = await met(folder, story(), 2, front=front)
    ends(ended, creates=2, jobs={"done": 1, "in_doubt": 1}, code=6)
    assert word_of_doubt(folder) == "id_taken"
    assert evidence(folder) == ids[0]


async def endless(ask: Ask) -> web.StreamResponse:
    return await ask.flood(b'{"object": "', content_type="application/json")


async def huge(ask: Ask) -> web.StreamResponse:
    return await ask.flood(b'{"id": "video_1", "note": "', 1 << 30, content_type="application/json")


async def bomb(ask: Ask) -> web.StreamResponse:
    assert ask.route == CREATE
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return web.Response(body=packed(), headers=headers)


@cache
def packed() -> bytes:
    """Pack 64 MiB into 64 kB."""
    return gzip.compress(b'{"note": "' + bytes(64 << 20))


async def slow(ask: Ask) -> web.StreamResponse:
    return await ask.trickle(b'{"id": "video_1", "object": "video"}' * 9, 20.0)


async def slow_head(ask: Ask) -> web.StreamResponse:
    return await ask.trickle_head(20.0)


@pytest.mark.parametrize(
    "answer",
    [
        case(
            endless,
            fault=("Submitting", "an endless body", "in doubt (6), in bounded time and memory"),
        ),
        case(
            huge,
            fault=(
                "Submitting",
                "a body of a gigabyte",
                "in doubt (6), in bounded time and memory",
            ),
        ),
        case(bomb, fault=("Submitting", "a gzip bomb", "in doubt (6), in bounded time and memory")),
        case(
            slow,
            fault=(
                "Submitting",
                "a body that trickles",
                "in doubt (6), in bounded time and memory",
            ),
        ),
        case(
            slow_head,
            fault=(
                "Submitting",
                "headers that trickle",
                "in doubt (6), in bounded time and memory",
            ),
        ),
    ],
)
async def test_an_answer_without_an_end_takes_bounded_time_and_memory(
    folder: Path, answer: Callable[[Ask], Any]
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != CREATE:
            return await ask.passed_on()
        await ask.request.read()
        found: web.StreamResponse = await answer(ask)
        return found

    packed()
    tracemalloc.start()
    try:
        ended = await behind(folder, spoil)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    ends(ended, creates=1, jobs={"in_doubt": 1}, code=6)
    assert now_s() < IN_TIME_S
    assert peak < IN_MEMORY
