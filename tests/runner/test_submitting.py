"""Each submission: its intent first, its answer at once, and never a second one after a doubt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from batchsora.job import Order, State
from batchsora.runner.campaign import carry_out
from batchsora.runner.choosing import Choice
from batchsora.service.client import Upload
from batchsora.service.dialects import Video
from batchsora.service.verdicts import Verdict
from batchsora.simulator import Fault

from .campaigning import opened
from .test_runs import AT_ONCE, came, ends, jobs, nobody, numbered, run, story

pytestmark = pytest.mark.looptime


@asynccontextmanager
async def looking_at(folder: Path, found: list[str]) -> AsyncIterator[str]:
    """Run a service that looks, at each create request, what the ledger's file says of its job."""

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            prompt = str((await request.post())["prompt"])
            found.extend(it["state"] for it in jobs(folder).values() if it["prompt"] == prompt)
        elif request.path == "/v1/videos":
            raise web.HTTPNotFound
        return web.json_response({"id": f"video_{len(found)}", "status": "queued"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.port}"


async def test_an_intent_is_in_the_ledger_when_its_request_arrives(folder: Path) -> None:
    found: list[str] = []
    settings = {**AT_ONCE, "job_timeout_s": 30.0}
    async with (
        looking_at(folder, found) as url,
        opened(folder, story(), numbered(folder, 6), nobody, url=url, **settings) as session,
    ):
        await carry_out(session, Choice())
    assert found == ["submitting"] * 6


async def test_an_id_is_in_the_ledger_before_anything_else_is_done_with_its_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[bool] = []
    async with opened(folder, story(), numbered(folder, 3), nobody, **AT_ONCE) as session:
        create = session.service.create

        def look_for(video: Video | None) -> None:
            known = {it["video_id"] for it in jobs(folder).values()}
            recorded.append(video is not None and video.id in known)

        async def create_and_look(
            order: Order, image: Upload | None
        ) -> tuple[Video | None, Verdict]:
            video, verdict = await create(order, image)
            # the loop comes to this in the instant when the runner waits for anything at all
            asyncio.get_running_loop().call_soon(look_for, video)
            return video, verdict

        monkeypatch.setattr(session.service, "create", create_and_look)
        await carry_out(session, Choice())
    assert recorded == [True] * 3


@pytest.mark.parametrize("fault", ["500", "502", "html_200", "lost_after", "lost_before"])
async def test_a_job_whose_answer_says_nothing_for_certain_is_never_sent_again(
    folder: Path, fault: str
) -> None:
    tale = story(Fault("create", fault, times=1), list_endpoint=False)
    path = numbered(folder, 1)
    for _ in range(2):
        outcome = await run(folder, tale, path, **AT_ONCE)
        assert ends(outcome) == {State.IN_DOUBT: 1}
    assert len(came(folder)) == 1
