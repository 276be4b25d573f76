"""A front before the simulated service: it counts every request, and spoils what it is told to.

For what the simulator never says: odd ids, doubled headers, bombs, trickles, bodies without end.
What is passed on is done, and billed, by the service behind it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from runner.campaigning import BEGAN_AT, in_place
from yarl import URL

from batchsora.simulator import Scenario, serving

from .ended import CREATE, FETCH, LIST, POLL

HOP_BY_HOP = frozenset({"content-length", "transfer-encoding", "connection"})
PIECE = bytes(1 << 16)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that came to the front."""

    request: web.Request
    route: str
    nth: int  # of its route, from 1
    front: Front

    @property
    def now(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    async def passed_on(self) -> web.Response:
        """Let the service behind the front answer."""
        body = await self.request.read()
        url = URL(f"{self.front.behind}{self.request.raw_path}", encoded=True)
        headers = {
            name: value
            for name, value in self.request.headers.items()
            if name.lower() not in {*HOP_BY_HOP, "host"}
        }
        method = self.request.method
        async with self.front.session.request(
            method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            kept = {
                it: value for it, value in answer.headers.items() if it.lower() not in HOP_BY_HOP
            }
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def has_left(self) -> None:
        """Wait until the other side has had enough."""
        assert self.request.transport is not None
        while not self.request.transport.is_closing():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(5)

    async def trickle(self, body: bytes, every_s: float, **headers: str) -> web.StreamResponse:
        """Answer a byte at a time."""
        stream = web.StreamResponse(headers={it.replace("_", "-"): headers[it] for it in headers})
        stream.content_length = len(body)
        await stream.prepare(self.request)
        for at in range(len(body)):
            await asyncio.sleep(every_s)
            await stream.write(body[at : at + 1])
        return stream

    async def trickle_head(self, every_s: float) -> web.Response:
        """Begin with headers that never end, a byte at a time."""
        transport = self.request.transport
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"HTTP/1.1 200 OK\r\nX-Patience: ")
        while not transport.is_closing():
            transport.write(b"x")
            await asyncio.sleep(every_s)
        return web.Response()

    async def flood(
        self, start: bytes, most: int | None = None, **headers: str
    ) -> web.StreamResponse:
        """Answer without an end, or so many bytes, and count in the front what was taken."""
        stream = web.StreamResponse(headers={it.replace("_", "-"): headers[it] for it in headers})
        await stream.prepare(self.request)
        await stream.write(start)
        while most is None or self.front.taken < most:
            await stream.write(PIECE)
            self.front.taken += len(PIECE)
        return stream

    def cut_off(self) -> web.Response:
        """Reset the connection."""
        assert self.request.transport is not None
        self.request.transport.abort()
        return web.Response()


Spoil = Callable[[Ask], Awaitable[web.StreamResponse]]


@dataclass
class Front:
    """A server that counts what it is asked before it reads it, and answers as it is told to."""

    behind: str
    session: aiohttp.ClientSession
    spoil: Spoil
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    paths: list[str] = field(default_factory=list)  # as they were written on the wire
    headers: list[dict[str, str]] = field(default_factory=list)
    taken: int = 0  # bytes of a flood that the client's side took

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Count a request, and answer it."""
        route = route_of(request.method, request.raw_path)
        self.asked[route] += 1
        self.paths.append(request.raw_path)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return await self.spoil(Ask(request, route, self.asked[route], self))


def route_of(method: str, path: str) -> str:
    """Name the route of a request as the simulator does."""
    path = path.partition("?")[0]
    for route, form in (
        (CREATE, "POST /v1/videos"),
        (LIST, "GET /v1/videos"),
        (FETCH, "GET /v1/videos/[^/]+/content"),
        (POLL, "GET /v1/videos/[^/]+"),
    ):
        if re.fullmatch(form, f"{method} {path}"):
            return route
    return f"{method} {path}"


@asynccontextmanager
async def fronted(folder: Path, tale: Scenario, spoil: Spoil) -> AsyncIterator[Front]:
    """Run a simulated service with a front before it, on the loop's clock."""
    loop = asyncio.get_running_loop()

    def clock() -> float:
        return BEGAN_AT + loop.time()

    async with AsyncExitStack() as stack:
        served = serving(folder / "simulator", tale, clock=clock, offload=in_place)
        behind = await stack.enter_async_context(served)
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        front = Front(behind, session, spoil)
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{rest:.*}", front.handle)
        runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        front.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield front


def changing(route: str, change: Callable[[dict[str, Any]], object]) -> Spoil:
    """Pass everything on, and change the object in each answer to one route."""

    async def spoil(ask: Ask) -> web.StreamResponse:
        answer = await ask.passed_on()
        if ask.route != route or answer.status != web.HTTPOk.status_code:
            return answer
        return replaced(answer, change)

    return spoil


def replaced(answer: web.Response, change: Callable[[dict[str, Any]], object]) -> web.Response:
    """Change the object in an answer."""
    assert isinstance(answer.body, bytes)
    told = json.loads(answer.body)
    change(told)
    return web.json_response(told)
