"""One request, one answer: every failure of the wire becomes a value here, and nowhere else."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from batchsora.clock import Now
from batchsora.service.addresses import proxy_for
from batchsora.service.answers import Answer, NeverSent, NoAnswer, Response
from batchsora.service.complaints import clean
from batchsora.service.secret import Secret

BODY_BYTES = 1 << 20  # a job object is 1 kB; a service that sends more than this has gone wrong
LIST_BYTES = 16 << 20  # a hundred jobs with prompts of 32,000 characters
CONNECT_S = 30.0

# a request that got no connection, or none in time: nothing of it was written
_BEFORE_SENDING = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
# all that a request is seen to raise; CancelledError is none of them, and goes on its way
FAILURES = (aiohttp.ClientError, OSError, ValueError)


@dataclass(slots=True)
class Sent:
    """Tells whether the headers of one request have left."""

    headers: bool = False


def answer_of(error: Exception, *, sent: bool) -> NeverSent | NoAnswer:
    """Turn an error of the wire into an answer.

    No error is shown whole: some of aiohttp's carry the request, and with it the key.
    """
    why = _words(error)
    if isinstance(error, _BEFORE_SENDING) and not sent:
        return NeverSent(why)
    return NoAnswer(why)


def _words(error: Exception) -> str:
    name = type(error).__name__
    match error:
        case TimeoutError():
            return f"{name}: no answer in time"
        case aiohttp.ClientResponseError():
            return f"{name}: {clean(error.message)}"
        case aiohttp.InvalidURL():
            return f"{name}: not an address"
        case aiohttp.ClientConnectorError():
            return f"{name}: {clean(str(error.os_error))}"
        case aiohttp.ClientError() | OSError():
            return f"{name}: {clean(str(error))}"
        case _:
            return name


def open_session(
    user_agent: str, *, force_close: bool = False, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """Open a session that keeps no cookies, unpacks nothing and tells when headers have left."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_note_sent)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=force_close, resolver=resolver, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
        auto_decompress=False,  # a gzip bomb of 300 kB takes 600 MB
        trace_configs=[trace],
    )


async def _note_sent(
    _: aiohttp.ClientSession,
    context: SimpleNamespace,
    __: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    if isinstance(context.trace_request_ctx, Sent):
        context.trace_request_ctx.headers = True


@dataclass(frozen=True, slots=True)
class Wire:
    """What every request needs beside itself."""

    now: Now
    timeout_s: float
    trust_env: bool
    secret: Secret | None

    async def exchange(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str],
        form: aiohttp.FormData | None = None,
        most_bytes: int = BODY_BYTES,
    ) -> Answer:
        """Send one request and read its answer, in bounded time and memory. Never repeats it."""
        sent = Sent()
        # the total bounds a body that trickles; the upload of an image has its time, too
        timeout = aiohttp.ClientTimeout(
            total=2 * self.timeout_s + CONNECT_S,
            sock_connect=CONNECT_S,
            sock_read=self.timeout_s,
        )
        try:
            async with session.request(
                method,
                url,
                headers=headers,
                data=form,
                allow_redirects=False,
                timeout=timeout,
                proxy=proxy_for(url) if self.trust_env else None,
                trace_request_ctx=sent,
            ) as response:
                body = await read_body(response, most_bytes)
                return self.response(response, body)
        except FAILURES as error:
            return self.scrubbed(answer_of(error, sent=sent.headers))

    def response(self, response: aiohttp.ClientResponse, body: bytes) -> Response:
        """Make an answer of ours, without the key wherever the service repeats it."""
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            headers.setdefault(name.lower(), self.scrub(value))
        if self.secret is not None:
            body = self.secret.scrub(body)
        return Response(response.status, headers, body, self.now())

    def scrubbed(self, answer: NeverSent | NoAnswer) -> NeverSent | NoAnswer:
        """Take the key out of what the wire's error says."""
        return type(answer)(self.scrub(answer.why))

    def scrub(self, text: str) -> str:
        """Mask the key in a text."""
        return text if self.secret is None else self.secret.scrub_text(text)


async def read_body(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """Read a body up to so many bytes, and unpack it up to as many."""
    body = bytearray()
    while len(body) < most_bytes:
        chunk = await response.content.readany()
        if not chunk:
            break
        body += chunk
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    raw = bytes(body[:most_bytes])
    return _unpack(raw, most_bytes) if coding in {"gzip", "x-gzip", "deflate"} else raw


def _unpack(raw: bytes, most_bytes: int) -> bytes:
    """Unpack what was packed although plain bytes were asked for, but only up to the limit."""
    try:
        return zlib.decompressobj(wbits=47).decompress(raw, most_bytes)
    except zlib.error:
        return raw


async def within(seconds: float, response: aiohttp.ClientResponse) -> bytes:
    """Read the next bytes of a body, or raise TimeoutError; none means that it is at its end."""
    async with asyncio.timeout(seconds):
        return await response.content.readany()
