"""An image's way from any address into a file: redirects, limits, second tries; never the key."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from batchsora.backoff import Backoff
from batchsora.clock import Now, system_now
from batchsora.service.addresses import (
    PublicResolver,
    parse_link,
    proxy_for,
    why_not,
)
from batchsora.service.client import USER_AGENT
from batchsora.service.downloads import FIRST_BYTE_S, MOST_HOPS, WINDOW_S, Pace
from batchsora.service.refusals import (
    BY_HAND,
    LATER,
    OPEN,
    RIGHT,
    SMALLER,
    Again,
    Refusal,
    refuse,
    refuse_failure,
    refuse_status,
)
from batchsora.service.waits import retry_after_s
from batchsora.service.wire import CONNECT_S, FAILURES, is_packed, open_session, within

TRIES = 3
RETRIES = Backoff(first_s=1.0, ceiling_s=10.0)

# some hosts choose a format by this: the photograph as it is comes before what is made of it
ACCEPT = "image/jpeg,image/png,image/webp;q=0.9,image/*;q=0.8,*/*;q=0.5"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")  # in a line of HTTP; people write blanks


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image that came: its bytes are in the file."""

    sha256: str
    bytes: int


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
            if not isinstance(found, Again):
                return found
            failures += 1
            if failures == TRIES:
                return found.refusal
            wait_s = found.wait_s
            if wait_s is None:
                wait_s = RETRIES.wait_s(failures, self._chance())
            await asyncio.sleep(wait_s)

    async def _try(self, address: str, path: Path) -> Fetched | Refusal | Again:
        """Follow the way to the image once."""
        target, after = _read(address), ""
        plain_http = target is not None and target.scheme != "https"
        for _ in range(MOST_HOPS + 1):
            if target is None:
                return refuse(f"{after}its address is none", RIGHT)
            if why := why_not(target, loopback=self._loopback, plain_http=plain_http):
                return refuse(after + why, OPEN)
            found = await self._get(target, path)
            if not isinstance(found, _Elsewhere):
                return found
            # who began with https goes on with it; all others may change to it
            plain_http = plain_http and target.scheme != "https"
            target, after = found.target, "after a redirect "
        return refuse(f"more than {MOST_HOPS} redirects", RIGHT)

    async def _get(self, target: URL, path: Path) -> Fetched | Refusal | Again | _Elsewhere:
        try:
            async with asyncio.timeout(CONNECT_S + FIRST_BYTE_S):
                response = await self._ask(target)
        except FAILURES as error:
            return refuse_failure(error)
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
    ) -> Fetched | Refusal | Again | _Elsewhere:
        if response.status in _REDIRECTS:
            place = response.headers.get("Location", "")
            onward = _read(place, target) if place else None
            return _Elsewhere(onward) if onward else refuse("a redirect to no address", RIGHT)
        if response.status != HTTPStatus.OK:
            return self._no_image(response)
        if is_packed({"content-encoding": response.headers.get("Content-Encoding", "")}):
            return refuse("it came packed although plain bytes were asked for", BY_HAND)
        if (response.content_length or 0) > self._most_bytes:
            return self._too_big()
        return await self._save(response, path)

    def _no_image(self, response: aiohttp.ClientResponse) -> Refusal | Again:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return refuse_status(response.status, retry_after_s(headers, self._now()))

    async def _save(
        self, response: aiohttp.ClientResponse, path: Path
    ) -> Fetched | Refusal | Again:
        with _NewFile(path) as file:
            found = await self._stream(response, file.write)
            if isinstance(found, Fetched):
                file.keep()
        return found

    async def _stream(
        self, response: aiohttp.ClientResponse, write: Callable[[bytes], object]
    ) -> Fetched | Refusal | Again:
        digest, total, pace = hashlib.sha256(), 0, Pace()
        while True:
            try:
                chunk = await within(WINDOW_S, response)
            except FAILURES as error:
                return refuse_failure(error)
            if not chunk:
                break
            total += len(chunk)
            if total > self._most_bytes:
                return self._too_big()
            digest.update(chunk)
            write(chunk)  # outside of every try: a full disk is no failure of the wire
            if slow := pace.too_slow(len(chunk)):
                return Again(refuse(f"too slow, {slow}", LATER))
        if not total:
            return refuse("what came is empty", RIGHT)
        # where its end was not announced, only the image itself can tell whether this is all of it
        return Fetched(digest.hexdigest(), total)

    def _too_big(self) -> Refusal:
        most_mb = self._most_bytes / 1e6
        return refuse(f"more than {most_mb:.0f} MB", SMALLER)


def _read(text: str, page: URL | None = None) -> URL | None:
    """Read an address as people write them: with blanks, which are sent as %20."""
    return parse_link(_UNSENDABLE.sub(lambda it: f"%{ord(it[0]):02X}", text.strip()), page)
