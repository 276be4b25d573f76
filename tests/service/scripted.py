"""Servers on 127.0.0.1 that do exactly what a test tells them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from batchsora.job import Order, Size
from batchsora.service.client import Auth, Secret, VideoService, parse_base_url

KEY = "sk-canary-0123456789abcdef"
ORDER = Order("a cat on a roof", "sora-2", 4, Size(720, 1280))
CLIP = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 8

Script = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Scripted:
    """A server whose every answer is one script, and what it was asked."""

    url: str = ""
    script: Script | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    form: dict[str, object] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note what was asked, and answer as the script says."""
        self.asked.append((request.method, request.raw_path))
        self.headers.append({name.lower(): it for name, it in request.headers.items()})
        if request.method == "POST":
            self.form = dict(await request.post())
        assert self.script is not None
        return await self.script(request)

    def says(self, status: int = 200, body: object = None, **headers: str) -> None:
        """Answer everything with this; a body is JSON unless it is bytes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def script(_: web.Request) -> web.StreamResponse:
            if isinstance(body, bytes):
                return web.Response(status=status, body=body, headers=named)
            return web.json_response(body, status=status, headers=named)

        self.script = script


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    """Run a scripted HTTP server."""
    server = Scripted()
    app = web.Application(client_max_size=16 << 20)
    app.router.add_route("*", "/{rest:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(talk: Raw) -> AsyncIterator[str]:
    """Run a server of bare bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one request without looking at more of it than its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
    return head + body


def client(url: str, auth: Auth = Auth.BEARER, *, timeout_s: float = 120.0) -> VideoService:
    """Make a client of such a server."""
    base = parse_base_url(url, insecure_http=False)
    return VideoService(base, Secret(KEY), auth=auth, timeout_s=timeout_s)
