"""Answers on the wire: whole, cut, slow or endless."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

NO_ANSWER = 444  # nginx's number for a connection that was closed without an answer
PIECES = 50


def json_answer(body: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a good answer with a JSON body."""
    text = json.dumps(body)
    return web.Response(text=text, content_type="application/json", headers=headers)


def json_of(answer: web.StreamResponse) -> Any:
    """Return the JSON in a good answer; None when it is an error, or no JSON, or a stream."""
    if not isinstance(answer, web.Response) or answer.status != web.HTTPOk.status_code:
        return None
    return json.loads(body_of(answer)) if answer.content_type == "application/json" else None


def body_of(answer: web.Response) -> bytes:
    """Return the bytes of an answer that is not a stream."""
    return bytes(answer.body) if isinstance(answer.body, bytes | bytearray) else b""


def sever(request: web.Request) -> web.Response:
    """Cut the connection; what is returned is for the record only."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=NO_ANSWER)


async def send_part(
    request: web.Request, answer: web.StreamResponse, share: float
) -> web.StreamResponse:
    """Send this share of an answer's body, under headers that promise all of it, and hang up."""
    if not isinstance(answer, web.Response):
        return answer
    body = body_of(answer)
    stream = await _opened(request, answer, len(body))
    await stream.write(body[: int(len(body) * share)])
    if request.transport is not None:
        request.transport.close()
    return stream


async def send_slowly(
    request: web.Request, answer: web.StreamResponse, in_s: float
) -> web.StreamResponse:
    """Send an answer in small pieces that take so many seconds together."""
    if not isinstance(answer, web.Response):
        return answer
    body = body_of(answer)
    stream = await _opened(request, answer, len(body))
    step = max(1, -(-len(body) // PIECES))
    for start in range(0, len(body), step):
        await asyncio.sleep(in_s / PIECES)
        await stream.write(body[start : start + step])
    return stream


async def send_forever(request: web.Request, closing: asyncio.Event) -> web.StreamResponse:
    """Send a JSON text that has no end, until the client leaves or the service closes."""
    stream = web.StreamResponse(headers={"Content-Type": "application/json"})
    await stream.prepare(request)
    await stream.write(b'{"object": "')
    while not closing.is_set():
        await stream.write(b"x" * 65536)
        await asyncio.sleep(0)
    return stream


async def _opened(request: web.Request, answer: web.Response, length: int) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = length
    await stream.prepare(request)
    return stream
