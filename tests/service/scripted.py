"""Servers on 127.0.0.1 that do exactly what a test tells them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from batchsora.job import Order, Size
from batchsora.service.client import Secret, VideoService, parse_base_url

KEY = "sk-canary-0123456789abcdef"
ORDER = Order("a cat on a roof", "sora-2", 4, Size(720, 1280))
NOWHERE = "https://" + f"{'a' * 60}." * 5 + "invalid"  # too long a name: no resolver is even asked
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
    peers: list[object] = field(default_factory=list)
    written: int = 0  # bytes that the client's side took of an endless body
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # an endless body did, after all
    form: dict[str, object] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note what was asked, and answer as the script says."""
        self.asked.append((request.method, request.raw_path))
        self.headers.append({name.lower(): it for name, it in request.headers.items()})
        if request.transport is not None:
            self.peers.append(request.transport.get_extra_info("peername"))
        if request.method == "POST":
            self.form = {name: _part(it) for name, it in (await request.post()).items()}
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

    def never_ends(
        self, status: int = 200, *, chunk: bytes = bytes(1 << 16), length: int | None = None
    ) -> None:
        """Answer everything with a body without an end, and count what was taken of it."""

        async def script(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=status)
            response.content_length = length
            response.content_type = "video/mp4" if chunk.startswith(CLIP) else "application/json"
            await response.prepare(request)
            self.ended.clear()
            try:
                while True:
                    await response.write(chunk)
                    self.written += len(chunk)
            finally:  # the other side has had enough
                self.ended.set()

        self.script = script


def _part(value: object) -> object:
    if isinstance(value, web.FileField):
        return value.filename, value.content_type, value.file.read()
    return value


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
async def raw_server(talk: Raw, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run a server of bare bytes."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # the other side may have had enough
            with suppress(OSError, asyncio.IncompleteReadError):
                await talk(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()
        for each in talks:
            each.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one request without looking at more of it than its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
    return head + body


def says(*parts: bytes) -> Raw:
    """Answer one request with these bytes, one packet after the other, and hang up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that they do not arrive as one

    return talk


def client(url: str, *, key: str = KEY, **options: Any) -> VideoService:
    """Make a client of such a server."""
    return VideoService(parse_base_url(url, insecure_http=False), Secret(key), **options)
