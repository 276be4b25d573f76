"""One request, one answer: every failure of the wire becomes a value here, and nowhere else."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from batchsora.clock import Now
from batchsora.service.addresses import ProxyError, proxy_for
from batchsora.service.answers import Answer, NeverSent, NoAnswer, Response, evidence_of
from batchsora.service.secret import Secret

BODY_BYTES = 1 << 20  # a job object is 1 kB; a service that sends more than this has gone wrong
LIST_BYTES = 10 << 20  # a hundred jobs with prompts of 32,000 characters, three bytes each
CONNECT_S = 30.0  # to one of a host's addresses
REACH_S = 45.0  # to resolve the name and try all of them

# What a request raises that got no connection, or none in time: nothing of it was written. A name
# that can't be encoded, a refusal of the proxy's and its bad address come before that, too.
_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.ClientHttpProxyError,
    ProxyError,
    UnicodeError,
)
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
    why = f"{type(error).__name__}: {_words(error)}"
    if isinstance(error, _BEFORE_SENDING) and not sent:
        return NeverSent(why)
    return NoAnswer(why)


def _words(error: Exception) -> str:
    told = next((words for kind, words in _TOLD.items() if isinstance(error, kind)), None)
    match error:
        case _ if told is not None:
            return told
        case aiohttp.ClientResponseError():
            return error.message
        case aiohttp.ClientConnectorCertificateError():
            return str(error.certificate_error)
        case aiohttp.ClientConnectorError():
            return str(error.os_error) or type(error.os_error).__name__
        case aiohttp.ClientError() | OSError():
            return str(error)
        case _:
            return "not as it should be"


# errors that say too little by themselves, or too much
_TOLD: dict[type[Exception], str] = {
    TimeoutError: "no answer in time",
    aiohttp.InvalidURL: "not an address",
    ProxyError: "the environment's proxy is no http proxy",
    UnicodeError: "a name or a text that can't be sent",
}


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
        sent, heard = Sent(), bytearray()
        response: aiohttp.ClientResponse | None = None
        # the total bounds a body that trickles; the upload of an image has its time, too
        timeout = aiohttp.ClientTimeout(
            total=2 * self.timeout_s + REACH_S,
            connect=REACH_S,
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
                proxy=self.proxy(url),
                trace_request_ctx=sent,
            ) as response:
                await read_into(heard, response, most_bytes)
                return self.response(response, heard, most_bytes)
        except FAILURES as error:
            answer = self.failure(error, sent=sent.headers)
            if response is None or isinstance(answer, NeverSent):
                return answer
            return replace(answer, heard=evidence_of(self.response(response, heard, most_bytes)))

    def proxy(self, url: URL) -> URL | None:
        """Name the proxy that leads to an address, where the environment is trusted."""
        return proxy_for(url) if self.trust_env else None

    def response(
        self, response: aiohttp.ClientResponse, body: bytes | bytearray, most_bytes: int
    ) -> Response:
        """Make an answer of ours, without the key wherever the service repeats it."""
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            headers.setdefault(name.lower(), self.scrub(value))
        raw = _unpacked(bytes(body[:most_bytes]), headers, most_bytes)
        if self.secret is not None:
            raw = self.secret.scrub(raw)
        return Response(response.status, headers, raw, self.now())

    def failure(self, error: Exception, *, sent: bool) -> NeverSent | NoAnswer:
        """Make an answer of ours out of an error of the wire's, without the key."""
        answer = answer_of(error, sent=sent)
        return replace(answer, why=self.scrub(answer.why))

    def scrub(self, text: str) -> str:
        """Mask the key in a text."""
        return text if self.secret is None else self.secret.scrub_text(text)


async def read_into(
    body: bytearray, response: aiohttp.ClientResponse, most_bytes: int = BODY_BYTES
) -> None:
    """Read a body, but not much more of it than so many bytes."""
    while len(body) < most_bytes and (chunk := await response.content.readany()):
        body += chunk


def is_packed(headers: Mapping[str, str]) -> bool:
    """Tell whether a body came packed, although plain bytes were asked for."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    return coding not in {"identity", ""}


def _unpacked(raw: bytes, headers: Mapping[str, str], most_bytes: int) -> bytes:
    """Unpack what was packed although plain bytes were asked for, but only up to the limit."""
    if not is_packed(headers):
        return raw
    try:
        return zlib.decompressobj(wbits=47).decompress(raw, most_bytes)  # gzip or zlib, it tells
    except zlib.error:
        return raw


async def within(seconds: float, response: aiohttp.ClientResponse) -> bytes:
    """Read the next bytes of a body, or raise TimeoutError; none means that it is at its end."""
    async with asyncio.timeout(seconds):
        return await response.content.readany()
