"""An image's way from any address into a file: redirects, limits, second tries; never the key."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import aiohttp
from yarl import URL

from batchsora.backoff import Backoff
from batchsora.clock import Now, system_now
from batchsora.service.addresses import (
    PrivateAddressError,
    ProxyError,
    PublicResolver,
    parse_link,
    proxy_for,
    why_not,
)
from batchsora.service.client import USER_AGENT
from batchsora.service.downloads import FIRST_BYTE_S, MOST_HOPS, WINDOW_S, Pace
from batchsora.service.waits import retry_after_s
from batchsora.service.wire import CONNECT_S, FAILURES, is_packed, open_session, within

TRIES = 3
RETRIES = Backoff(first_s=1.0, ceiling_s=10.0)
LONGEST_WAIT_S = 30.0  # asked for by a host; a run can be started again after a longer one

# some hosts choose a format by this: the photograph as it is comes before what is made of it
ACCEPT = "image/jpeg,image/png,image/webp;q=0.9,image/*;q=0.8,*/*;q=0.5"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")  # in a line of HTTP; people write blanks

_RIGHT = "see that the address is right"
_OPEN = "give an address that everybody can open: http or https, without a password"
_NETWORK = "see that the network is there and the address right"
_LATER = "run it again later: what was fetched is kept"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image that came: its bytes are in the file."""

    sha256: str
    bytes: int
    is_whole: bool  # its end was announced; else only the image itself can tell


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no image, in whole phrases without its address, and how to mend it."""

    what: str
    mend: str
    unreached: bool = False  # nobody answered: it may be the network


@dataclass(frozen=True, slots=True)
class _Again:
    """It may come when it is asked for once more."""

    refusal: Refusal
    wait_s: float | None = None  # as its host asks


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """It is at another address."""

    target: URL


class _NewFile:
    """A file that was not there; it is afterwards only if it was kept."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self._path = path
        self._file = os.fdopen(os.open(path, flags, 0o644), "wb")
        self._kept = False

    @property
    def write(self) -> Callable[[bytes], object]:
        """What takes the bytes as they come."""
        return self._file.write

    def keep(self) -> None:
        """Keep it: it is whole."""
        self._file.close()  # a disk that is full may say so only now
        self._kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        finally:
            if not self._kept:
                self._path.unlink(missing_ok=True)


class ImageSource:
    """Fetches images from the open internet; an async context manager."""

    def __init__(
        self,
        *,
        most_bytes: int,
        user_agent: str = USER_AGENT,
        trust_env: bool = False,
        loopback: bool = False,
        now: Now = system_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`loopback` lets images be on this very machine, too."""
        self._most_bytes = most_bytes
        self._user_agent = user_agent
        self._trust_env = trust_env
        self._loopback = loopback
        self._now = now
        self._chance = chance
        self._stack = AsyncExitStack()
        self._public: aiohttp.ClientSession
        self._proxied: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            resolver = PublicResolver(loopback=self._loopback)
            session = open_session(self._user_agent, resolver=resolver)
            self._public = await stack.enter_async_context(session)
            # a proxy resolves the names itself, and may well be in a private network
            self._proxied = await stack.enter_async_context(open_session(self._user_agent))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def fetch(self, address: str, path: Path) -> Fetched | Refusal:
        """Fetch an image into a new file, in bounded time; after a refusal there is no file.

        Raises OSError where the disk refuses, or the file is there already.
        """
        failures = 0
        while True:
            found = await self._try(address, path)
            if not isinstance(found, _Again):
                return found
            failures += 1
            if failures == TRIES:
                return found.refusal
            wait_s = found.wait_s
            if wait_s is None:
                wait_s = RETRIES.wait_s(failures, self._chance())
            await asyncio.sleep(wait_s)

    async def _try(self, address: str, path: Path) -> Fetched | Refusal | _Again:
        """Follow the way to the image once."""
        target, after = _read(address), ""
        plain_http = target is not None and target.scheme != "https"
        for _ in range(MOST_HOPS + 1):
            if target is None:
                return _refusal(f"{after}its address is none", _RIGHT)
            if why := why_not(target, loopback=self._loopback, plain_http=plain_http):
                return _refusal(after + why, _OPEN)
            found = await self._get(target, path)
            if not isinstance(found, _Elsewhere):
                return found
            # who began with https goes on with it; all others may change to it
            plain_http = plain_http and target.scheme != "https"
            target, after = found.target, "after a redirect "
        return _refusal(f"more than {MOST_HOPS} redirects", _RIGHT)

    async def _get(self, target: URL, path: Path) -> Fetched | Refusal | _Again | _Elsewhere:
        try:
            async with asyncio.timeout(CONNECT_S + FIRST_BYTE_S):
                response = await self._ask(target)
        except FAILURES as error:
            return _failed(error)
        try:
            return await self._take(response, target, path)
        finally:
            response.close()

    async def _ask(self, target: URL) -> aiohttp.ClientResponse:
        proxy = proxy_for(target) if self._trust_env else None
        session = self._public if proxy is None else self._proxied
        return await session.get(
            target,
            headers={"Accept": ACCEPT},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            proxy=proxy,
        )

    async def _take(
        self, response: aiohttp.ClientResponse, target: URL, path: Path
    ) -> Fetched | Refusal | _Again | _Elsewhere:
        if response.status in _REDIRECTS:
            place = response.headers.get("Location", "")
            onward = _read(place, target) if place else None
            return _Elsewhere(onward) if onward else _refusal("a redirect to no address", _RIGHT)
        if response.status != HTTPStatus.OK:
            return self._no_image(response)
        if is_packed({"content-encoding": response.headers.get("Content-Encoding", "")}):
            return _refusal("it came packed although plain bytes were asked for", _OTHER_HOST)
        if (response.content_length or 0) > self._most_bytes:
            return self._too_big()
        return await self._save(response, path)

    def _no_image(self, response: aiohttp.ClientResponse) -> Refusal | _Again:
        """Say what a status means that is not OK: whose fault it is, and whether it passes."""
        status = response.status
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
            return _refusal(f"HTTP {status}", _MENDS.get(status, _RIGHT))
        refusal, wait_s = _refusal(f"HTTP {status}", _LATER), None
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            headers = {name.lower(): value for name, value in response.headers.items()}
            wait_s = retry_after_s(headers, self._now())
            if wait_s is not None and wait_s > LONGEST_WAIT_S:
                return _refusal(f"HTTP {status}, come back in {wait_s:.0f} s", _LATER)
        return _Again(refusal, wait_s)

    async def _save(
        self, response: aiohttp.ClientResponse, path: Path
    ) -> Fetched | Refusal | _Again:
        with _NewFile(path) as file:
            found = await self._stream(response, file.write)
            if isinstance(found, Fetched):
                file.keep()
        return found

    async def _stream(
        self, response: aiohttp.ClientResponse, write: Callable[[bytes], object]
    ) -> Fetched | Refusal | _Again:
        digest, total, pace = hashlib.sha256(), 0, Pace()
        while True:
            try:
                chunk = await within(WINDOW_S, response)
            except FAILURES as error:
                return _failed(error)
            if not chunk:
                break
            total += len(chunk)
            if total > self._most_bytes:
                return self._too_big()
            digest.update(chunk)
            write(chunk)  # outside of every try: a full disk is no failure of the wire
            if slow := pace.too_slow(len(chunk)):
                return _Again(_refusal(f"too slow, {slow}", _LATER))
        if not total:
            return _refusal("what came is empty", _RIGHT)
        chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
        is_whole = chunked or response.content_length is not None
        return Fetched(digest.hexdigest(), total, is_whole)

    def _too_big(self) -> Refusal:
        most_mb = self._most_bytes / 1e6
        return _refusal(f"more than {most_mb:.0f} MB", "give the address of a smaller one")


_OTHER_HOST = "download it, and give the path of the file"
_MENDS: Mapping[int, str] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: _OPEN,
        HTTPStatus.FORBIDDEN: f"{_RIGHT}, and not expired; or download it, and give its path",
    }
)


def _read(text: str, page: URL | None = None) -> URL | None:
    """Read an address as people write them: with blanks, which are sent as %20."""
    return parse_link(_UNSENDABLE.sub(lambda it: f"%{ord(it[0]):02X}", text.strip()), page)


def _refusal(why: str, mend: str, *, unreached: bool = False) -> Refusal:
    return Refusal(f"the image can't be fetched: {why}", mend, unreached)


def _failed(error: Exception) -> Refusal | _Again:
    """Say what a failure of the wire means; aiohttp's own words are for programmers."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _refusal("the certificate of its host is not trusted", _RIGHT)
        case aiohttp.ClientConnectorError(os_error=PrivateAddressError()):
            return _refusal("its address is a private one", _OPEN)
        case ProxyError():
            return _refusal("the environment's proxy is no http proxy", "mend HTTPS_PROXY")
        case aiohttp.ClientHttpProxyError():
            return _refusal(
                f"the proxy refuses it: HTTP {error.status}", "see what the proxy lets by"
            )
        case aiohttp.InvalidURL() | UnicodeError():
            return _refusal("its address is none", _RIGHT)
        case _:
            words = next(words for kind, words in _TOLD.items() if isinstance(error, kind))
            unreached = isinstance(error, (aiohttp.ClientConnectorError, TimeoutError))
            mend = _NETWORK if unreached else _LATER
            return _Again(_refusal(words, mend, unreached=unreached))


# the first that fits
_TOLD: Mapping[type[Exception], str] = MappingProxyType(
    {
        aiohttp.ClientConnectorDNSError: "the name of its host is not known",
        aiohttp.ClientSSLError: "no secure connection to its host",
        aiohttp.ClientConnectorError: "its host can't be reached",
        TimeoutError: "no answer in time",
        aiohttp.ClientPayloadError: "it broke off",
        aiohttp.ClientResponseError: "its host does not answer in HTTP",
        Exception: "the connection broke off",
    }
)
