"""What the simulator remembers, over restarts and a kill."""

import ast
import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

import batchsora.simulator
from batchsora.simulator import Scenario, serve_forever

from .shop import Clock, Shop, open_shop, picture, scenario

PACKAGE = Path(batchsora.simulator.__file__).parent
PROGRAM = """
import asyncio, sys
from pathlib import Path
from batchsora.simulator import load_scenario, serve_forever

story = load_scenario(Path(sys.argv[2]))
ready = lambda url: print(url, flush=True)
asyncio.run(serve_forever(Path(sys.argv[1]), story, on_ready=ready))
"""


@asynccontextmanager
async def killed(folder: Path, story: str = "") -> AsyncIterator[Shop]:
    """Run a simulator as a process of its own, and kill it without a warning."""
    file = folder / "scenario.yaml"
    file.write_text(story or "models: {small: {seconds: [1], usd_per_s: {64x96: 0.1}}}\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(folder / "state"), str(file)),
        stdout=asyncio.subprocess.PIPE,
        cwd=PACKAGE.parents[1],
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    connector = aiohttp.TCPConnector(force_close=True)
    try:
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Shop(url, session)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    async with killed(tmp_path) as shop:
        ids = [await shop.bought(f"number {number}", picture()) for number in range(3)]
    async with killed(tmp_path) as shop:
        assert [(await shop.look(video_id)).status for video_id in ids] == [200] * 3
        await shop.finished(ids[-1])
        assert (await shop.fetch(ids[-1])).body[4:8] == b"ftyp"
        record = await shop.record()

    assert [create["id"] for create in record["creates"]] == ids
    assert sum(record["requests"]["POST /v1/videos"].values()) == 3


async def test_a_restarted_service_goes_on_where_it_was(tmp_path: Path) -> None:
    clock = Clock()
    story = scenario(render_s=(10.0, 10.0))
    async with open_shop(tmp_path, story, clock=clock) as shop:
        video_id = await shop.bought(image=picture())
    clock.now += 5
    async with open_shop(tmp_path, story, clock=clock) as shop:
        half = (await shop.look(video_id)).json
        clock.now += 5
        whole = (await shop.look(video_id)).json

    assert (half["status"], half["progress"]) == ("in_progress", 50)
    assert whole["status"] == "completed"


async def test_a_clip_that_is_lost_is_made_again_when_it_is_asked_for(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        video_id = await shop.bought(image=picture())
        before = (await shop.fetch(video_id)).body
        for clip in (tmp_path / "clips").iterdir():
            clip.unlink()
        after = (await shop.fetch(video_id)).body

    assert len(after) == len(before)


async def test_the_record_is_the_bill(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(), clock=Clock()) as shop:
        video_id = await shop.bought("a boat", picture())
        await shop.order(seconds="99")
        await shop.look(video_id)
        await shop.look("nobody")
        record = await shop.record()

    [create] = record["creates"]
    named = {name: create[name] for name in ("id", "prompt", "model", "seconds", "size")}
    assert named == {
        "id": video_id,
        "prompt": "a boat",
        "model": "small",
        "seconds": "1",
        "size": "64x96",
    }
    assert create["price_usd"] == record["spent_usd"] == "0.1"
    assert create["created_at"] == 1_900_000_000
    assert len(create["image_sha256"]) == 64
    assert record["requests"] == {
        "GET /simulator/record": {"none": 1},
        "GET /v1/videos/{id}": {"200": 1, "404": 1},
        "POST /v1/videos": {"200": 1, "400": 1},
    }


async def test_requests_without_a_key_or_a_route_are_counted_too(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        await shop.ask("GET", "/v1/videos/x", headers={})
        await shop.ask("GET", "/elsewhere")
        requests = (await shop.record())["requests"]

    assert requests["GET /v1/videos/{id}"] == {"401": 1}
    assert requests["GET unknown"] == {"404": 1}


async def test_serving_for_ever_tells_its_address_and_ends_when_it_is_cancelled(
    tmp_path: Path,
) -> None:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = serve_forever(tmp_path, Scenario(), on_ready=ready.set_result)
    task = asyncio.create_task(serving)
    url = await ready
    assert url.startswith("http://127.0.0.1:")
    async with aiohttp.ClientSession() as session, session.get(f"{url}/simulator/record") as got:
        assert got.status == 200
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_clip_in_the_making_is_given_up_when_the_service_closes(tmp_path: Path) -> None:
    story = Scenario(render_s=(0.0, 0.0))
    async with open_shop(tmp_path, story, offload=asyncio.to_thread) as shop:
        answer = await shop.order(model="sora-2-pro", size="1792x1024", seconds="12")
        assert answer.status == 200

    assert not list((tmp_path / "clips").glob("*"))


async def test_the_loop_is_not_held_up_while_a_clip_is_made(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    story = Scenario(render_s=(0.0, 0.0))
    async with open_shop(tmp_path, story, offload=asyncio.to_thread) as shop:
        await shop.order("a", picture((720, 1280)), model="sora-2", size="720x1280", seconds="4")
        lags_s = []
        while not list((tmp_path / "clips").glob("[!.]*")):
            began_s = loop.time()
            await asyncio.sleep(0.005)
            lags_s.append(loop.time() - began_s)

    lags_s.sort()
    assert lags_s[len(lags_s) // 2] < 0.05


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports; a relative one begins with a dot."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_the_simulator_imports_nothing_of_the_house() -> None:
    modules = set().union(*map(imported, PACKAGE.glob("*.py")))

    strangers = {name for name in modules if name.startswith(("batchsora", "."))}
    assert {name for name in strangers if not name.startswith("batchsora.simulator")} == set()
