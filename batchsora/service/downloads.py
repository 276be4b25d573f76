"""A clip's way from the service to a sink: redirects, links, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import aiohttp
from yarl import URL

from batchsora.job import Fault, Reason
from batchsora.service import hints
from batchsora.service.addresses import parse_link, same_origin, why_not
from batchsora.service.answers import Call, Response
from batchsora.service.complaints import read_json
from batchsora.service.dialects import read_video
from batchsora.service.loopback import is_loopback
from batchsora.service.secret import Credentials
from batchsora.service.verdicts import Kind, Verdict, judge
from batchsora.service.wire import (
    BODY_BYTES,
    CONNECT_S,
    FAILURES,
    Sent,
    Wire,
    is_packed,
    read_into,
    within,
)

Sink = Callable[[bytes], object]

CLIP_BYTES = 2 << 30  # twelve seconds take about 20 MB
MOST_HOPS = 5
FIRST_BYTE_S = 60.0
WINDOW_S = 30.0
SLOWEST_BYTES_PER_S = 1000.0  # slower, a clip of 20 MB would outlive its hour at the service

_NO_CLIP_TYPES = ("application/json", "application/problem+json", "text/")
_NO_CLIP_STARTS = (b"{", b"[", b"<")  # a clip starts with a box's length
_FIRST_BOX = slice(4, 8)  # where the first box of a clip has its name


class Pace:
    """How fast a body comes, a window at a time."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began_s = self._clock()
        self._in_window = 0

    def too_slow(self, byte_count: int) -> str:
        """Count bytes that came; once a window is over say how slow it was, if it was too slow."""
        self._in_window += byte_count
        span_s = self._clock() - self._began_s
        if span_s < WINDOW_S:
            return ""
        came, self._in_window, self._began_s = self._in_window, 0, self._clock()
        return f"{came} bytes in {span_s:.0f} s" if came < SLOWEST_BYTES_PER_S * span_s else ""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The clip is at another address."""

    target: URL


@dataclass(frozen=True, slots=True)
class Download:
    """One try to fetch one clip."""

    wire: Wire
    base: URL
    free: aiohttp.ClientSession  # goes to any address
    public: aiohttp.ClientSession  # goes to none in a private network
    credentials: Credentials
    expired: bool
    most_bytes: int = CLIP_BYTES

    async def run(self, target: URL, sink: Sink) -> Verdict:
        """Follow the way to the clip and stream it; what the sink raises goes through."""
        for _ in range(MOST_HOPS + 1):
            if why := self._why_not(target):
                return _retry("bad_link", f"the clip's host is not asked: {why}")
            found = await self._get(target, sink)
            if isinstance(found, Verdict):
                return found
            target = found.target
        return _retry("redirects", f"more than {MOST_HOPS} redirects")

    def _why_not(self, target: URL) -> str:
        home = same_origin(target, self.base)
        return "" if home else why_not(target, loopback=is_loopback(self.base))

    async def _get(self, target: URL, sink: Sink) -> Verdict | _Elsewhere:
        sent = Sent()
        try:
            async with asyncio.timeout(CONNECT_S + FIRST_BYTE_S):
                response = await self._ask(target, sent)
        except FAILURES as error:
            return self._failed(error, sent=sent.headers)
        try:
            return await self._take(response, target, sink)
        finally:
            response.close()

    async def _ask(self, target: URL, sent: Sent) -> aiohttp.ClientResponse:
        home, proxy = same_origin(target, self.base), self.wire.proxy(target)
        # a proxy resolves the target's name itself, and may well be in a private network
        session = self.free if home or proxy is not None else self.public
        return await session.get(
            target,
            # the key goes to the API's own host, and to no other
            headers=self.credentials.headers() if home else {},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            proxy=proxy,
            trace_request_ctx=sent,
        )

    async def _take(
        self, response: aiohttp.ClientResponse, target: URL, sink: Sink
    ) -> Verdict | _Elsewhere:
        if response.status in {301, 302, 303, 307, 308}:
            return self._redirected(response, target)
        try:
            first = await within(FIRST_BYTE_S, response) if response.status == 200 else b""  # noqa: PLR2004
        except FAILURES as error:
            return self._failed(error, sent=True)
        if response.status != 200 or not _is_clip(response, first):  # noqa: PLR2004
            return await self._no_clip(response, first, target)
        if is_packed({"content-encoding": response.headers.get("Content-Encoding", "")}):
            return _retry("packed", "the clip came packed although plain bytes were asked for")
        if (response.content_length or 0) > self.most_bytes:
            return self._too_big()
        return await self._stream(response, first, sink)

    def _redirected(self, response: aiohttp.ClientResponse, target: URL) -> Verdict | _Elsewhere:
        place = self.wire.scrub(response.headers.get("Location", ""))
        onward = parse_link(place, target) if place else None
        return _Elsewhere(onward) if onward else _retry("bad_link", "a redirect to no address")

    async def _no_clip(
        self, response: aiohttp.ClientResponse, first: bytes, target: URL
    ) -> Verdict | _Elsewhere:
        """Judge what came in a clip's place; a job object may say where the clip is."""
        body = bytearray(first)
        try:
            async with asyncio.timeout(FIRST_BYTE_S):
                await read_into(body, response)
        except FAILURES as error:
            return self._failed(error, sent=True)
        answer = self.wire.response(response, body, BODY_BYTES)
        foreign = not same_origin(target, self.base)
        verdict = judge(Call.DOWNLOAD, answer, foreign=foreign, expired=self.expired)
        if verdict.kind is not Kind.OK:
            return verdict
        link = _link_in(answer)
        if link is not None and link != target:
            return _Elsewhere(link)
        fault = Fault("no_clip", "something else than a clip came in its place", hints.LATER)
        if foreign:
            return Verdict(Kind.RETRY, fault)
        if self.expired:
            return Verdict(Kind.REJECT, replace(fault, hint=hints.GONE), Reason.EXPIRED)
        return Verdict(Kind.NOT_READY, fault)

    async def _stream(self, response: aiohttp.ClientResponse, chunk: bytes, sink: Sink) -> Verdict:
        pace, total = Pace(), 0
        while chunk:
            total += len(chunk)
            if total > self.most_bytes:
                return self._too_big()
            sink(chunk)  # outside of every try: a full disk is no failure of the wire
            if slow := pace.too_slow(len(chunk)):
                return _retry("too_slow", slow)
            try:
                chunk = await within(WINDOW_S, response)
            except FAILURES as error:
                return self._failed(error, sent=True)
        # a clip shorter than announced is an error of the wire's; where its length was not
        # announced, only its own boxes can tell
        return Verdict(Kind.OK)

    def _too_big(self) -> Verdict:
        return _retry("too_big", f"more than {self.most_bytes} bytes")

    def _failed(self, error: Exception, *, sent: bool) -> Verdict:
        return judge(Call.DOWNLOAD, self.wire.failure(error, sent=sent))


def _is_clip(response: aiohttp.ClientResponse, first: bytes) -> bool:
    if first[_FIRST_BOX] == b"ftyp":
        return True  # whatever it is called: some hosts send every file as text
    kind = response.headers.get("Content-Type", "").strip().lower()
    if kind.startswith(_NO_CLIP_TYPES) or not first:
        return False
    return not first.lstrip().startswith(_NO_CLIP_STARTS)


def _link_in(answer: Response) -> URL | None:
    video = read_video(read_json(answer.body), answer.headers)
    return parse_link(video.url) if video is not None and video.url else None


def _retry(code: str, message: str) -> Verdict:
    return Verdict(Kind.RETRY, Fault(code, message, hints.LATER))
