"""Each fault of the table, seen from outside."""

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from batchsora.simulator import Fault, Scenario, ScenarioError, create_app
from batchsora.simulator.fault import FAULTS

from .shop import KEY, Clock, Shop, open_shop, scenario

NO_ANSWER = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


def at_create(name: str, **how: Any) -> Scenario:
    return scenario(faults=(Fault("create", name, **how),))


async def accepted(shop: Shop) -> int:
    return len((await shop.record())["creates"])


# name, status, a text that the body has, whether it is billed
ERRORS = [
    ("401", 401, b'"type": "401"', 0),
    ("403_balance", 403, b"Insufficient balance", 0),
    ("403_html", 403, b"<html>", 0),
    ("403_permission", 403, b"permission", 0),
    ("404", 404, b"not found", 0),
    ("429", 429, b"rate_limit_exceeded", 0),
    ("429_concurrency", 429, b"Too many running tasks", 0),
    ("429_quota", 429, b"insufficient_quota", 0),
    ("500", 500, b"server_error", 0),
    ("502", 502, b"<html>", 0),
    ("503_overload", 503, b"overloaded", 0),
    ("503_policy", 503, b"safety guidelines", 0),
    ("model_gone", 404, b"model_not_found", 0),
    ("moderated", 400, b"moderation_blocked", 0),
    ("moderated_503_in_400", 400, b'"code": 503', 0),
    ("moved", 302, b"", 0),
    ("500_after", 500, b"server_error", 1),
    ("502_after", 502, b"<html>", 1),
    ("html_200", 200, b"<html>", 1),
    ("error_in_200", 200, b'"code": 500', 1),
]


@pytest.mark.parametrize(("name", "status", "text", "billed"), ERRORS)
async def test_a_create_is_answered_with_an_error_and_billed_or_not(
    tmp_path: Path, name: str, status: int, text: bytes, billed: int
) -> None:
    async with open_shop(tmp_path, at_create(name)) as shop:
        answer = await shop.order()

        assert answer.status == status
        assert text in answer.body
        assert await accepted(shop) == billed


@pytest.mark.parametrize(("name", "billed"), [("lost_before", 0), ("lost_after", 1)])
async def test_a_create_whose_answer_is_lost_is_billed_or_not(
    tmp_path: Path, name: str, billed: int
) -> None:
    async with open_shop(tmp_path, at_create(name)) as shop:
        with pytest.raises(NO_ANSWER):
            await shop.order()

        assert await accepted(shop) == billed
        assert (await shop.record())["requests"]["POST /v1/videos"] == {"444": 1}


async def test_a_silent_service_accepts_and_never_answers_and_still_closes(tmp_path: Path) -> None:
    began_s = time.monotonic()
    async with open_shop(tmp_path, at_create("silent")) as shop:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await shop.order()

        assert await accepted(shop) == 1
    assert time.monotonic() - began_s < 1.5


async def test_an_answer_that_is_cut_breaks_off_in_its_middle(tmp_path: Path) -> None:
    async with open_shop(tmp_path, at_create("cut")) as shop:
        with pytest.raises(aiohttp.ClientPayloadError):
            await shop.order()

        assert await accepted(shop) == 1


async def test_an_endless_answer_ends_with_the_service(tmp_path: Path) -> None:
    async with open_shop(tmp_path, at_create("endless")) as shop:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await shop.order()

        assert await accepted(shop) == 1


async def test_a_slow_answer_takes_its_time_and_is_whole(tmp_path: Path) -> None:
    story = scenario(slow_s=0.3, faults=(Fault("content", "slow"),))
    async with open_shop(tmp_path, story) as shop:
        video_id = await shop.bought()
        began_s = time.monotonic()
        answer = await shop.fetch(video_id)

    assert time.monotonic() - began_s > 0.25
    assert [answer.body] == [path.read_bytes() for path in (tmp_path / "clips").iterdir()]


DRESSES = [
    ("bad_id", lambda video: video["id"] == "../../admin"),
    ("bare", lambda video: sorted(video) == ["created_at", "id", "status"]),
    ("no_id", lambda video: "id" not in video),
    ("number_seconds", lambda video: video["seconds"] == 1),
    ("progress_text", lambda video: video["progress"].endswith("%")),
    ("string_times", lambda video: video["created_at"] == "1900000000"),
    ("unknown_status", lambda video: video["status"] == "brewing"),
    ("wrapped", lambda video: video["data"]["id"].startswith("video_")),
]


@pytest.mark.parametrize(("name", "shows"), DRESSES)
async def test_a_good_answer_may_come_in_another_dress(
    tmp_path: Path, name: str, shows: Any
) -> None:
    async with open_shop(tmp_path, at_create(name), clock=Clock()) as shop:
        answer = await shop.order()

        assert answer.status == 200
        assert shows(answer.json)
        assert await accepted(shop) == 1


async def test_videos_in_a_list_are_dressed_too(tmp_path: Path) -> None:
    story = scenario(faults=(Fault("list", "string_times"),))
    async with open_shop(tmp_path, story) as shop:
        await shop.bought()
        [video] = (await shop.ask("GET", "/v1/videos")).json["data"]

    assert {type(video[name]) for name in ("created_at", "completed_at", "expires_at")} == {str}


ENDS = [
    ("moderated_late", "failed", "moderation_blocked"),
    ("render_failed", "failed", "video_generation_failed"),
    ("stuck", "in_progress", None),
]


@pytest.mark.parametrize(("name", "status", "code"), ENDS)
async def test_an_accepted_video_may_end_badly_or_never(
    tmp_path: Path, name: str, status: str, code: str | None
) -> None:
    clock = Clock()
    async with open_shop(tmp_path, at_create(name), clock=clock) as shop:
        video_id = await shop.bought()
        clock.now += 100_000
        video = (await shop.look(video_id)).json

        assert video["status"] == status
        assert (video["error"] or {}).get("code") == code
        assert (await shop.fetch(video_id)).status == 404
        assert await accepted(shop) == 1


async def test_content_is_not_ready_at_first(tmp_path: Path) -> None:
    story = scenario(faults=(Fault("content", "not_ready", times=2),))
    async with open_shop(tmp_path, story) as shop:
        for video_id in (await shop.bought("a"), await shop.bought("b")):
            statuses = [(await shop.fetch(video_id)).status for _ in range(3)]
            assert statuses == [404, 404, 200]


async def test_a_cut_download_goes_on_with_a_range(tmp_path: Path) -> None:
    story = scenario(faults=(Fault("content", "cut", nth=(1,)),))
    async with open_shop(tmp_path, story) as shop:
        video_id = await shop.bought()
        with pytest.raises(aiohttp.ClientPayloadError):
            await shop.fetch(video_id)
        headers = {"Authorization": KEY, "Range": "bytes=1000-"}
        assert (await shop.fetch(video_id, headers=headers)).status == 206


async def test_a_redirect_leads_to_another_host_that_wants_no_key(tmp_path: Path) -> None:
    clock = Clock()
    story = scenario(faults=(Fault("content", "redirect"),), id_style="odd")
    async with open_shop(tmp_path, story, clock=clock) as shop:
        answer = await shop.fetch(await shop.bought())
        url = answer.headers["Location"]
        assert answer.status == 302
        assert urlsplit(url).hostname != urlsplit(shop.url).hostname

        async def get(url: str, **headers: str) -> tuple[int, bytes]:
            encoded = URL(url, encoded=True)
            async with shop.session.get(encoded, headers=headers) as answer:
                return answer.status, await answer.read()

        status, body = await get(url)
        assert (status, body[4:8]) == (200, b"ftyp")
        assert (await get(url, Authorization=KEY))[0] == 400
        assert (await get(url.replace("signature=", "signature=0")))[0] == 403
        clock.now += 3600
        assert (await get(url))[0] == 403


async def test_json_in_the_place_of_content_comes_with_a_url_in_the_status(tmp_path: Path) -> None:
    story = scenario(faults=(Fault("content", "json_content", match="storm"),))
    async with open_shop(tmp_path, story) as shop:
        struck, spared = await shop.bought("a storm"), await shop.bought("a calm")
        content = await shop.fetch(struck)
        video = (await shop.look(struck)).json
        async with shop.session.get(video["soraVideoUrl"]) as answer:
            clip = await answer.read()

        assert content.json["status"] == "queued"
        assert clip[4:8] == b"ftyp"
        assert "soraVideoUrl" not in (await shop.look(spared)).json
        assert (await shop.fetch(spared)).status == 200


async def test_the_status_may_carry_the_url_of_every_video(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(video_url=True)) as shop:
        assert "soraVideoUrl" in (await shop.look(await shop.bought())).json


async def test_a_fault_strikes_only_prompts_with_its_word(tmp_path: Path) -> None:
    async with open_shop(tmp_path, at_create("moderated", match="storm")) as shop:
        assert (await shop.order("a storm at sea")).status == 400
        assert (await shop.order("a calm sea")).status == 200


async def test_a_fault_strikes_the_nth_request_also_after_a_restart(tmp_path: Path) -> None:
    story = at_create("500", nth=(2, 3))
    async with open_shop(tmp_path, story) as shop:
        first = [(await shop.order()).status for _ in range(2)]
    async with open_shop(tmp_path, story) as shop:
        second = [(await shop.order()).status for _ in range(2)]

    assert (first, second) == ([200, 500], [500, 200])


async def test_a_probable_fault_strikes_some_and_the_seed_says_which(tmp_path: Path) -> None:
    story = at_create("500", probability=0.5)
    runs = []
    for name in ("one", "two"):
        async with open_shop(tmp_path / name, story) as shop:
            runs.append([(await shop.order()).status for _ in range(20)])

    assert runs[0] == runs[1]
    assert 4 < runs[0].count(500) < 16


async def test_a_hint_may_be_nonsense(tmp_path: Path) -> None:
    async with open_shop(tmp_path, at_create("429", retry_after="abc")) as shop:
        assert (await shop.order()).headers["Retry-After"] == "abc"


async def test_faults_stand_behind_one_another(tmp_path: Path) -> None:
    faults = (Fault("poll", "wrapped"), Fault("poll", "string_times"))
    async with open_shop(tmp_path, scenario(faults=faults)) as shop:
        video = (await shop.look(await shop.bought())).json

    assert isinstance(video["data"]["created_at"], str)


PLACES = [
    ("poll", "GET", "/v1/videos/{id}"),
    ("content", "GET", "/v1/videos/{id}/content"),
    ("list", "GET", "/v1/videos"),
    ("delete", "DELETE", "/v1/videos/{id}"),
    ("models", "GET", "/v1/models"),
]


@pytest.mark.parametrize(("place", "method", "path"), PLACES)
async def test_a_fault_can_be_at_every_place(
    tmp_path: Path, place: Any, method: str, path: str
) -> None:
    story = scenario(faults=(Fault(place, "503_overload"),))
    async with open_shop(tmp_path, story) as shop:
        path = path.format(id=await shop.bought())

        answer = await shop.ask(method, path)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


def test_every_fault_has_a_test() -> None:
    shown = {row[0] for row in (*ERRORS, *DRESSES, *ENDS)}
    alone = "lost_before lost_after silent cut endless slow not_ready redirect json_content"

    assert shown | set(alone.split()) == set(FAULTS)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("create", "flood"), "no fault 'flood'; there are 401, "),
        (Fault("poll", "stuck"), "stuck happens at create, not at 'poll'"),
        (Fault("list", "500", match="x"), "match needs one video"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused(tmp_path: Path, fault: Fault, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        create_app(tmp_path, scenario(faults=(fault,)))
