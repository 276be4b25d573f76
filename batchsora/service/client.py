"""The Videos API: create, poll, list, fetch. Every call ends in a verdict, never in an error."""

from __future__ import annotations

import io
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from batchsora import __version__
from batchsora.clock import Now, system_now
from batchsora.errors import Stop, StopReason
from batchsora.job import Fault, Order, Reason
from batchsora.service import hints
from batchsora.service.addresses import (
    PublicResolver,
    api_url,
    parse_base_url,
    parse_link,
)
from batchsora.service.answers import Answer, Call, NoAnswer, Response
from batchsora.service.complaints import clean, read_complaint, read_json
from batchsora.service.dialects import (
    Page,
    Video,
    on_our_clock,
    read_list,
    read_video,
    valid_id,
)
from batchsora.service.downloads import CLIP_BYTES, Download, Sink
from batchsora.service.loopback import is_loopback
from batchsora.service.secret import Auth, Credentials, Secret
from batchsora.service.verdicts import Kind, Verdict, judge
from batchsora.service.waits import clock_ahead
from batchsora.service.wire import LIST_BYTES, Wire, open_session

__all__ = ["Auth", "Offer", "Secret", "Upload", "VideoService", "parse_base_url"]

USER_AGENT = f"batchsora/{__version__}"  # an edge refuses some libraries' own names
MOST_LISTED = 100  # videos in a list: as many as a service gives at once
MODEL_CHARS = 100  # of a name that is shown
_NOT_THERE = frozenset({404, 410, 501})
_NOT_OFFERED = _NOT_THERE | {405}  # there, but not to be read


@dataclass(frozen=True, slots=True)
class Upload:
    """An image as it is sent."""

    content: bytes = field(repr=False)
    file_name: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a service tells when it is asked for its models."""

    models: tuple[str, ...] | None  # None where it offers no list of them
    clock_ahead: timedelta | None  # how far our clock is ahead of its; None where it does not tell


class VideoService:
    """A service that speaks the Videos API; an async context manager."""

    def __init__(
        self,
        base_url: URL,
        key: Secret | None,
        *,
        auth: Auth = Auth.BEARER,
        trust_env: bool = False,
        now: Now = system_now,
        timeout_s: float = 120.0,
        user_agent: str = USER_AGENT,
        clip_bytes: int = CLIP_BYTES,
    ) -> None:
        self._base = base_url
        self._credentials = Credentials(key, auth)
        self._wire = Wire(now=now, timeout_s=timeout_s, trust_env=trust_env, secret=key)
        self._user_agent = user_agent
        self._clip_bytes = clip_bytes
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession
        self._submissions: aiohttp.ClientSession
        self._abroad: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            self._session = await enter(open_session(self._user_agent))
            # a fresh connection each: a stale one looks like a submit whose answer was lost
            self._submissions = await enter(open_session(self._user_agent, force_close=True))
            resolver = PublicResolver(loopback=is_loopback(self._base))
            self._abroad = await enter(open_session(self._user_agent, resolver=resolver))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def create(self, order: Order, image: Upload | None) -> tuple[Video | None, Verdict]:
        """Order one clip: one POST, never repeated. OK exactly when the video has an id."""
        if not _is_sendable(f"{order.prompt}{order.model}"):
            fault = Fault("bad_text", "the prompt holds half a character", hints.REJECTED)
            return None, Verdict(Kind.REJECT, fault, Reason.REJECTED)
        answer = await self._wire.exchange(
            self._submissions,
            "POST",
            api_url(self._base, "videos"),
            headers=self._credentials.headers(),
            form=_form(order, image),
        )
        verdict = judge(Call.SUBMIT, answer)
        return (_video(answer) if verdict.kind is Kind.OK else None), verdict

    async def poll(self, video_id: str, *, age_s: float) -> tuple[Video | None, Verdict]:
        """Ask how far a video is."""
        if valid_id(video_id) is None:
            return None, _no_address("what is asked for is no video's id")
        answer = await self._wire.exchange(
            self._session,
            "GET",
            api_url(self._base, "videos", video_id),
            headers=self._credentials.headers(),
        )
        verdict = judge(Call.POLL, answer, age_s=age_s)
        return (_video(answer) if verdict.kind is Kind.OK else None), verdict

    async def newest(self, limit: int = MOST_LISTED) -> tuple[Page | None, Verdict]:
        """List the newest videos; None with an OK where the service offers no list."""
        answer = await self._listed(limit)
        verdict = judge(Call.LIST, answer)
        if verdict.kind is not Kind.OK or not isinstance(answer, Response):
            return None, verdict
        body = read_json(answer.body)
        if body is None and "json" in answer.headers.get("content-type", ""):
            # broken or cut, but a list: "not offered" would be the wrong thing to learn from it
            return None, judge(Call.LIST, NoAnswer("a list that is not whole"))
        listed = read_list(body, answer.headers)
        ahead = clock_ahead(answer.headers, answer.at)
        if listed is None:
            return None, verdict
        videos = (on_our_clock(video, ahead) for video in listed.videos)
        return replace(listed, videos=tuple(videos)), verdict

    async def models(self) -> tuple[Offer | None, Verdict]:
        """Ask which models there are; an Offer exactly with an OK. It is free.

        Where a web page answers, the list of videos is asked for, too: if that is another page, the
        address is no API's.
        """
        answer = await self._read(api_url(self._base, "models"))
        verdict = judge(Call.LIST, answer)
        if verdict.kind is not Kind.OK or not isinstance(answer, Response):
            return None, verdict
        body = read_json(answer.body)
        if body is None and answer.status not in _NOT_OFFERED:
            return None, _no_api("it answers, but not in JSON")
        if _is_page(answer) and _is_page(await self._listed(1)):
            return None, _no_api("it answers with web pages")
        headers = answer.headers
        told = "date" in headers and "age" not in headers
        ahead = clock_ahead(headers, answer.at) if told else None
        return Offer(_model_names(body), ahead), verdict

    async def _listed(self, limit: int) -> Answer:
        query = {"limit": str(limit), "order": "desc"}
        return await self._read(api_url(self._base, "videos").with_query(query))

    async def _read(self, url: URL) -> Answer:
        headers = self._credentials.headers()
        return await self._wire.exchange(
            self._session, "GET", url, headers=headers, most_bytes=LIST_BYTES
        )

    async def fetch(
        self, video: Video | str, url: str | None, sink: Sink, *, expired: bool
    ) -> Verdict:
        """Stream a clip into a sink, from the API or from the link given.

        What the sink raises goes through. After anything but OK, what it got is no clip.
        """
        video_id = video if isinstance(video, str) else video.id
        if url is not None:
            target = parse_link(url)
        else:
            sound = valid_id(video_id) is not None
            target = api_url(self._base, "videos", video_id or "", "content") if sound else None
        if target is None:
            return _no_address("the clip's address is none")
        download = Download(
            wire=self._wire,
            base=self._base,
            free=self._session,
            public=self._abroad,
            credentials=self._credentials,
            expired=expired,
            most_bytes=self._clip_bytes,
        )
        return await download.run(target, sink)


def _model_names(body: object) -> tuple[str, ...] | None:
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    names = (it.get("id") for it in listed if isinstance(it, dict))
    return tuple(clean(name, MODEL_CHARS) for name in names if isinstance(name, str))


def _is_page(answer: Answer) -> bool:
    """Tell whether a web page answers in the place of what was asked for.

    A service may well lack a list, and say so in a page; one that forbids, or is down, does not
    say what it is.
    """
    if not isinstance(answer, Response) or answer.status not in _NOT_THERE | {200}:
        return False
    return read_complaint(answer.body, answer.headers.get("content-type", "")).html


def _no_api(why: str) -> Verdict:
    what, mend = hints.STOPS[StopReason.WRONG_ADDRESS]
    return Verdict(Kind.STOP, stop=Stop(StopReason.WRONG_ADDRESS, f"{what}: {why}", mend))


def _is_sendable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _form(order: Order, image: Upload | None) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("prompt", order.prompt)
    form.add_field("model", order.model)
    form.add_field("seconds", str(order.seconds))
    form.add_field("size", str(order.size))
    if image is not None:
        form.add_field(
            "input_reference",
            io.BytesIO(image.content),  # plain bytes of over a MiB make aiohttp warn
            filename=image.file_name,
            content_type=image.mime_type,
        )
    return form


def _no_address(what: str) -> Verdict:
    return Verdict(Kind.RETRY, Fault("bad_link", what, hints.LATER))


def _video(answer: Answer) -> Video | None:
    if not isinstance(answer, Response):
        return None
    video = read_video(read_json(answer.body), answer.headers)
    return video and on_our_clock(video, clock_ahead(answer.headers, answer.at))
