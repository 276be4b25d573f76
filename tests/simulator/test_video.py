"""The life of a video: its standing, content, listing, deletion and expiry."""

import asyncio
import importlib.util
import time
from pathlib import Path

import pytest
from PIL import Image

from batchsora.simulator import create_app
from batchsora.simulator.clip import MediaMissing

from .shop import KEY, Clock, open_shop, picture, scenario

SLOW = {"queue_s": (5.0, 5.0), "render_s": (10.0, 10.0)}


async def test_a_video_is_queued_then_in_progress_then_completed(tmp_path: Path) -> None:
    clock = Clock()
    async with open_shop(tmp_path, scenario(**SLOW), clock=clock) as shop:
        video_id = await shop.bought()
        seen = []
        for _ in range(4):
            video = (await shop.look(video_id)).json
            seen.append((video["status"], video["progress"], video["completed_at"]))
            clock.now += 5

    end = int(Clock().now) + 15
    assert seen == [
        ("queued", 0, None),
        ("in_progress", 0, None),
        ("in_progress", 50, None),
        ("completed", 100, end),
    ]


async def test_a_status_carries_every_field_of_the_contract(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(), clock=Clock()) as shop:
        video_id = await shop.bought("a boat")
        video = (await shop.look(video_id)).json

    assert video == {
        "id": video_id,
        "object": "video",
        "model": "small",
        "status": "completed",
        "progress": 100,
        "created_at": 1_900_000_000,
        "completed_at": 1_900_000_000,
        "expires_at": 1_900_003_600,
        "prompt": "a boat",
        "size": "64x96",
        "seconds": "1",
        "remixed_from_video_id": None,
        "error": None,
    }


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_content_is_not_there_before_the_end(tmp_path: Path, status: int) -> None:
    story = scenario(**SLOW, not_ready_status=status)
    async with open_shop(tmp_path, story, clock=Clock()) as shop:
        assert (await shop.fetch(await shop.bought())).status == status


async def test_content_is_the_clip_with_its_length_and_type(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.fetch(await shop.bought(image=picture()))

    assert answer.headers["Content-Type"] == "video/mp4"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert [answer.body] == [path.read_bytes() for path in (tmp_path / "clips").iterdir()]


async def test_a_range_of_the_content_can_be_asked_for(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        video_id = await shop.bought()
        whole = (await shop.fetch(video_id)).body

        async def ranged(header: str) -> tuple[int, bytes, str | None]:
            headers = {"Authorization": KEY, "Range": header}
            answer = await shop.fetch(video_id, headers=headers)
            return answer.status, answer.body, answer.headers.get("Content-Range")

        size = len(whole)
        assert await ranged("bytes=0-9") == (206, whole[:10], f"bytes 0-9/{size}")
        assert await ranged("bytes=10-") == (206, whole[10:], f"bytes 10-{size - 1}/{size}")
        assert await ranged("bytes=-4") == (206, whole[-4:], f"bytes {size - 4}-{size - 1}/{size}")
        assert await ranged(f"bytes={size}-") == (416, b"", f"bytes */{size}")
        for nonsense in ("bytes=9-3", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=-", "x"):
            assert await ranged(nonsense) == (200, whole, None)


async def test_a_thumbnail_is_a_webp_and_other_variants_are_refused(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        video_id = await shop.bought()
        answer = await shop.fetch(video_id, params={"variant": "thumbnail"})
        other = await shop.fetch(video_id, params={"variant": "smell"})

    (tmp_path / "thumbnail").write_bytes(answer.body)
    with Image.open(tmp_path / "thumbnail") as image:
        assert image.format == "WEBP"
    assert other.status == 400


async def test_an_hour_after_the_end_the_content_has_expired(tmp_path: Path) -> None:
    clock = Clock()
    async with open_shop(tmp_path, scenario(), clock=clock) as shop:
        video_id = await shop.bought()
        clock.now += 3599
        assert (await shop.fetch(video_id)).status == 200
        clock.now += 1
        answer = await shop.fetch(video_id)

    assert answer.status == 404
    assert answer.json["error"]["code"] == "video_expired"


async def test_the_list_is_paged_in_both_orders(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        ids = [await shop.bought(f"number {number}") for number in range(5)]

        async def page(**query: str) -> tuple[list[str], bool]:
            body = (await shop.ask("GET", "/v1/videos", params=query)).json
            found = [video["id"] for video in body["data"]]
            ends = (body["first_id"], body["last_id"])
            assert ends == ((found[0], found[-1]) if found else (None, None))
            return found, body["has_more"]

        assert await page() == (ids[::-1], False)
        assert await page(limit="2") == ([ids[4], ids[3]], True)
        assert await page(limit="2", after=ids[1]) == ([ids[0]], False)
        assert await page(order="asc", after=ids[2]) == ([ids[3], ids[4]], False)
        assert await page(limit="0") == ([], True)


async def test_a_new_video_is_in_the_list_only_after_the_lag(tmp_path: Path) -> None:
    clock = Clock()
    async with open_shop(tmp_path, scenario(list_lag_s=30.0), clock=clock) as shop:
        await shop.bought()
        early = (await shop.ask("GET", "/v1/videos")).json["data"]
        clock.now += 30
        late = (await shop.ask("GET", "/v1/videos")).json["data"]

    assert (len(early), len(late)) == (0, 1)


async def test_what_the_scenario_does_not_offer_is_a_404(tmp_path: Path) -> None:
    story = scenario(list_endpoint=False, delete_endpoint=False, models_endpoint=False)
    async with open_shop(tmp_path, story) as shop:
        video_id = await shop.bought()

        assert (await shop.ask("GET", "/v1/videos")).status == 404
        assert (await shop.ask("GET", "/v1/models")).status == 404
        assert (await shop.ask("DELETE", f"/v1/videos/{video_id}")).status == 404
        assert (await shop.look(video_id)).status == 200


async def test_a_deleted_video_is_gone_but_stays_on_the_bill(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        video_id = await shop.bought()
        await shop.ask("DELETE", f"/v1/videos/{video_id}")

        assert (await shop.look(video_id)).status == 404
        [create] = (await shop.record())["creates"]
        assert create["id"] == video_id
        assert create["deleted_at"] is not None


async def test_ids_with_odd_characters_work_when_they_are_quoted(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(id_style="odd")) as shop:
        video_id = await shop.bought()

        assert set("/+:=") <= set(video_id)
        assert (await shop.look(video_id)).json["id"] == video_id
        assert (await shop.fetch(video_id)).status == 200


async def test_the_service_may_say_when_to_look_again(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(poll_after_ms=2500)) as shop:
        video_id = await shop.bought()

        assert (await shop.look(video_id)).headers["openai-poll-after-ms"] == "2500"


async def test_a_video_is_not_completed_before_its_clip_is_there(tmp_path: Path) -> None:
    gate = asyncio.Event()
    clock = Clock()

    async def late(function: object, *arguments: object) -> object:
        await gate.wait()
        return await asyncio.to_thread(function, *arguments)  # type: ignore[arg-type]

    async with open_shop(tmp_path, scenario(), clock=clock, offload=late) as shop:
        video_id = await shop.bought()
        early = (await shop.look(video_id)).json
        clock.now += 7
        gate.set()
        video = await shop.finished(video_id)

    assert (early["status"], early["progress"]) == ("in_progress", 99)
    assert video["completed_at"] == int(clock.now)


@pytest.mark.looptime
async def test_hours_pass_at_once_on_a_virtual_clock(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    story = scenario(render_s=(7200.0, 7200.0))
    began_s = time.monotonic()
    async with open_shop(tmp_path, story, clock=lambda: Clock.now + loop.time()) as shop:
        video_id = await shop.bought(image=picture())
        await asyncio.sleep(7000)
        early = (await shop.look(video_id)).json["status"]
        await asyncio.sleep(300)
        late = await shop.fetch(video_id)

    assert (early, late.status) == ("in_progress", 200)
    assert time.monotonic() - began_s < 5


async def test_the_tiny_clip_is_made_once_for_all_videos_of_a_size(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(clip="tiny")) as shop:
        one = await shop.fetch(await shop.bought("a", picture(colour="red")))
        two = await shop.fetch(await shop.bought("b", picture(colour="blue")))

    assert one.body == two.body
    assert len(list((tmp_path / "clips").iterdir())) == 1


def test_without_pyav_the_extra_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MediaMissing, match=r"pip install 'batchsora\[media\]'"):
        create_app(tmp_path, scenario())
