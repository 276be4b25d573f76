"""Downloads that go wrong: no half file is ever called a clip, and nothing is bought again."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from batchsora.simulator import Fault

from .ended import FETCH, case, ends, read_ledger
from .front import Ask, fronted
from .looped import met, requests, story

pytestmark = pytest.mark.looptime

PART = "Waiting and fetching"
NO_FILE = "no file under the final name (4); the next run fetches it, and buys nothing"
PATIENCE: dict[str, Any] = {"job_timeout_s": 200.0}
SIGNED = "GET /signed/{id}"


def files(folder: Path) -> list[str]:
    """Name the files that look like clips, and those that are on their way."""
    run = folder / "run"
    return [it.name for at in ("videos", "work/partial") for it in (run / at).rglob("*")]


async def sent(ask: Ask, body: bytes, length: int | None) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Type": "video/mp4"})
    stream.content_length = length
    await stream.prepare(ask.request)
    await stream.write(body)
    return stream


async def clip(ask: Ask) -> bytes:
    body = (await ask.passed_on()).body
    assert isinstance(body, bytes)
    assert body[4:8] == b"ftyp"
    return body


async def cut_off(ask: Ask) -> web.StreamResponse:
    body = await clip(ask)
    await sent(ask, body[: len(body) // 2], len(body))
    return ask.cut_off()


async def cut_unseen(ask: Ask) -> web.StreamResponse:
    body = await clip(ask)
    return await sent(ask, body[: len(body) // 2], None)


async def last_byte_missing(ask: Ask) -> web.StreamResponse:
    return await sent(ask, (await clip(ask))[:-1], None)


async def announced_too_long(ask: Ask) -> web.StreamResponse:
    return await sent(ask, await clip(ask), 3 << 30)


async def more_than_a_clip(ask: Ask) -> web.StreamResponse:
    return await sent(ask, await clip(ask) + bytes(5000), None)


async def stalled(ask: Ask) -> web.StreamResponse:
    body = await clip(ask)
    stream = await sent(ask, body[: len(body) // 2], len(body))
    await ask.has_left()
    return stream


async def trickling(ask: Ask) -> web.StreamResponse:
    return await ask.trickle(await clip(ask), 1.0, content_type="video/mp4")


async def packed(ask: Ask) -> web.StreamResponse:
    body = gzip.compress(await clip(ask))
    return web.Response(
        body=body, headers={"Content-Encoding": "gzip", "Content-Type": "video/mp4"}
    )


async def nothing(_: Ask) -> web.StreamResponse:
    return web.Response(content_type="video/mp4")


async def a_job_object(_: Ask) -> web.StreamResponse:
    return web.json_response({"id": "video_1", "object": "video", "status": "queued"})


async def a_page(_: Ask) -> web.StreamResponse:
    return web.Response(
        text="<!DOCTYPE html><title>Just a moment...</title>", content_type="text/html"
    )


async def a_page_called_a_clip(_: Ask) -> web.StreamResponse:
    return web.Response(body=b"<!DOCTYPE html><title>Hello</title>", content_type="video/mp4")


async def noise(_: Ask) -> web.StreamResponse:
    return web.Response(body=bytes(range(256)) * 40, content_type="video/mp4")


@pytest.mark.parametrize(
    "answer",
    [
        case(answer, fault=(PART, what, NO_FILE))
        for answer, what in (
            (cut_off, "a clip that is cut off"),
            (cut_unseen, "a clip cut in half, of no announced length"),
            (last_byte_missing, "a clip without its last byte, of no announced length"),
            (announced_too_long, "a clip announced with 3 GiB"),
            (more_than_a_clip, "a clip with more bytes behind it"),
            (stalled, "a clip that stalls"),
            (trickling, "a clip that trickles"),
            (packed, "a clip that is packed"),
            (nothing, "an empty clip"),
            (a_job_object, "JSON where a clip should be"),
            (a_page, "HTML where a clip should be"),
            (a_page_called_a_clip, "HTML that is called a clip"),
            (noise, "noise that is called a clip"),
        )
    ],
)
async def test_what_is_no_whole_clip_is_never_a_file_and_is_fetched_again(
    folder: Path, answer: Callable[[Ask], Any]
) -> None:
    seen: list[str] = []

    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != FETCH:
            seen.extend(files(folder))
            return await ask.passed_on()
        found: web.StreamResponse = await answer(ask)
        return found

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), front=front, **PATIENCE)
    ends(ended, creates=1, jobs={"rendered": 1}, code=4)
    assert ended.asked[FETCH] > 1
    assert [*seen, *files(folder)] == []
    ended = await met(folder, story())
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    assert files(folder) == ["0.mp4"]


@pytest.mark.parametrize(
    "name",
    [
        case(name, fault=(PART, what, "fetched again; its clip comes (0)"))
        for name, what in (
            ("500", "500 on a download"),
            ("502", "502 of a proxy on a download"),
            ("429", "429 on a download"),
            ("not_ready", "404, not ready, on a download"),
            ("lost_before", "the connection is reset on a download"),
            ("silent", "no answer in time on a download"),
        )
    ],
)
async def test_a_download_that_fails_is_tried_again_alone(folder: Path, name: str) -> None:
    ended = await met(folder, story(Fault("content", name, times=2)), 2)
    ends(ended, creates=2, jobs={"done": 2}, code=0, fetches=6)


@pytest.mark.fault(
    PART,
    "a clip that has expired",
    "failed as expired with its price (1); never bought again by itself",
)
async def test_a_clip_that_has_expired_keeps_its_price_and_is_not_bought_again(
    folder: Path,
) -> None:
    tale = story(Fault("content", "not_ready", times=3), expires_s=2.0)
    for _ in range(2):
        ended = await met(folder, tale)
        ends(ended, creates=1, jobs={"failed: expired": 1}, code=1)
    with (folder / "run" / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["reason"], line["cost_usd"]) == ("expired", "0.40")


@pytest.mark.fault(
    PART,
    "a redirect to this very machine",
    "followed where the base URL is on this machine, too: its clip comes (0)",
)
@pytest.mark.fault(
    PART, "a redirect to another host", "followed without the key; its clip comes (0)"
)
async def test_a_redirect_to_another_host_is_followed_without_the_key(folder: Path) -> None:
    ended = await met(folder, story(Fault("content", "redirect")), 2)
    # the host that it leads to refuses whoever shows it a key
    ends(ended, creates=2, jobs={"done": 2}, code=0, fetches=2)
    assert requests(folder)[SIGNED] == 2


@pytest.mark.fault(
    PART, "JSON with the clip's address where a clip should be", "followed without the key (0)"
)
async def test_a_direct_link_is_followed_without_the_key(folder: Path) -> None:
    ended = await met(folder, story(Fault("content", "json_content")), 2)
    ends(ended, creates=2, jobs={"done": 2}, code=0)
    assert requests(folder)[SIGNED] == 2


NOT_ASKED = "that host is not asked; the clip is fetched through the API later (4)"


@pytest.mark.parametrize(
    ("link", "why"),
    [
        case(
            "http://clips.example/1.mp4",
            "not https",
            fault=(PART, "a redirect to plain http elsewhere", NOT_ASKED),
        ),
        case(
            "https://10.0.0.1/1.mp4",
            "a private one",
            fault=(PART, "a redirect into a private network", NOT_ASKED),
        ),
        case(
            "https://169.254.169.254/latest/meta-data",
            "a private one",
            fault=(PART, "a redirect to a cloud's own address", NOT_ASKED),
        ),
        case(
            "https://[fd00::1]/1.mp4",
            "a private one",
            fault=(PART, "a redirect to a private IPv6 address", NOT_ASKED),
        ),
        case(
            "https://2130706433/1.mp4",
            "a private one",
            fault=(PART, "a redirect to an address written as a number", NOT_ASKED),
        ),
        case(
            "file:///etc/passwd",
            "no address",
            fault=(PART, "a redirect to a file", NOT_ASKED),
        ),
    ],
)
async def test_a_redirect_that_may_not_be_followed_is_not(
    folder: Path, link: str, why: str
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != FETCH:
            return await ask.passed_on()
        return web.Response(status=302, headers={"Location": link})

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), front=front, **PATIENCE)
    ends(ended, creates=1, jobs={"rendered": 1}, code=4)
    (job,) = read_ledger(folder / "run")
    assert job["error_code"] == "bad_link"
    assert why in job["error_message"]
    assert files(folder) == []
