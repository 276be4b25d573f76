"""Mischief: what can go wrong with a request, a small function for each.

A fault stands in front of the proper answer: it may refuse before it, spoil it, or change it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from batchsora.simulator.direct_url import direct_url, other_origin
from batchsora.simulator.job import Fate
from batchsora.simulator.refusal import (
    Refusal,
    edge_page,
    invalid,
    not_found,
    openai_error,
)
from batchsora.simulator.service import rate_limited, service_of
from batchsora.simulator.wire import (
    json_answer,
    json_of,
    send_forever,
    send_part,
    send_slowly,
    sever,
)

if TYPE_CHECKING:
    from batchsora.simulator.job import Job
    from batchsora.simulator.scenario import Fault

Answering = Callable[[Fate], Awaitable[web.StreamResponse]]

FAULT_RETRY_S = 2.0  # what a fault's own hint asks for: short, as rehearsals are
SHARE_SENT = 0.5  # of a body that is cut


@dataclass(frozen=True, slots=True)
class Struck:
    """A request that a fault has struck, and the way to its proper answer."""

    request: web.Request
    fault: Fault
    job: Job | None
    model: str
    fate: Fate
    answering: Answering

    async def proper(self, fate: Fate | None = None) -> web.StreamResponse:
        """Return the answer that would have been given; on create, the video is accepted."""
        return await self.answering(fate or self.fate)

    def hint(self) -> dict[str, str]:
        """Return the headers that say when to come back."""
        return service_of(self.request).hint(FAULT_RETRY_S, self.fault.retry_after)


Act = Callable[[Struck], Awaitable[web.StreamResponse]]


# -- refused: nothing is accepted -------------------------------------------------------------


def refusing(refusal: Callable[[Struck], Refusal]) -> Act:
    """Answer with a refusal that depends on the request."""

    async def act(struck: Struck) -> web.StreamResponse:
        return refusal(struck).response()

    return act


def always(refusal: Refusal) -> Act:
    """Answer with this refusal."""
    return refusing(lambda _: refusal)


def overloaded(struck: Struck) -> Refusal:
    """Return a 503 that says how long to wait."""
    message = "The engine is currently overloaded, please try again later."
    return openai_error(503, message, kind="server_error", headers=struck.hint())


def too_fast(struck: Struck) -> Refusal:
    """Return a 429 that says how long to wait."""
    return rate_limited(struck.hint())


def missing(struck: Struck) -> Refusal:
    """Return the 404 for a video that does not exist."""
    return not_found(struck.request.match_info.get("id", ""))


SERVER_ERROR = openai_error(500, "The server had an error.", kind="server_error")
NO_QUOTA = openai_error(
    429, "You exceeded your current quota.", kind="insufficient_quota", code="insufficient_quota"
)
BLOCKED = invalid("Your request was blocked by our moderation system.", code="moderation_blocked")
POLICY = Refusal(400, {"code": 503, "message": "Content policy violation", "type": "error"})
POLICY_503 = Refusal(503, {"error": {"message": "Blocked by safety guidelines", "code": 503}})


# -- cut and spoiled: before the answer, or in the middle of it ---------------------------------


async def lost_before(struck: Struck) -> web.StreamResponse:
    """Cut the connection; nothing was done."""
    return sever(struck.request)


async def lost_after(struck: Struck) -> web.StreamResponse:
    """Do what was asked, durably, and cut the connection."""
    await struck.proper()
    return sever(struck.request)


def answered_after(refusal: Refusal) -> Act:
    """Do what was asked, and answer with an error nevertheless."""

    async def act(struck: Struck) -> web.StreamResponse:
        await struck.proper()
        return refusal.response()

    return act


async def silent(struck: Struck) -> web.StreamResponse:
    """Do what was asked, and never answer."""
    await struck.proper()
    await service_of(struck.request).closing.wait()
    return sever(struck.request)


async def slow(struck: Struck) -> web.StreamResponse:
    """Answer in a trickle."""
    slow_s = service_of(struck.request).scenario.slow_s
    return await send_slowly(struck.request, await struck.proper(), slow_s)


async def cut(struck: Struck) -> web.StreamResponse:
    """Break off in the middle of the body."""
    return await send_part(struck.request, await struck.proper(), SHARE_SENT)


async def endless(struck: Struck) -> web.StreamResponse:
    """Do what was asked, and answer without an end."""
    await struck.proper()
    return await send_forever(struck.request, service_of(struck.request).closing)


# -- changed: a good answer in another dress ------------------------------------------------------


def changing(change: Callable[[dict[str, Any]], object]) -> Act:
    """Change each video in a good answer."""

    async def act(struck: Struck) -> web.StreamResponse:
        answer = await struck.proper()
        body = json_of(answer)
        if body is None:
            return answer
        for video in body["data"] if body.get("object") == "list" else [body]:
            change(video)
        return json_answer(body)

    return act


def replacing(replaced: Callable[[Any], object]) -> Act:
    """Put something else in the place of a good answer."""

    async def act(struck: Struck) -> web.StreamResponse:
        answer = await struck.proper()
        body = json_of(answer)
        return answer if body is None else json_answer(replaced(body))

    return act


def times_as_text(video: dict[str, Any]) -> None:
    """Write the times of a video as strings."""
    times = ("created_at", "completed_at", "expires_at")
    video.update({name: str(video[name]) for name in times if video.get(name) is not None})


def bare(video: dict[str, Any]) -> dict[str, Any]:
    """Leave only what the barest servers answer."""
    return {name: video[name] for name in ("id", "status", "created_at") if name in video}


def wrapped(body: dict[str, Any]) -> dict[str, Any]:
    """Put an answer into `data`."""
    return {"code": 200, "message": "success", "data": body}


async def html_200(struck: Struck) -> web.StreamResponse:
    """Do what was asked, and answer with an HTML page and a 200."""
    await struck.proper()
    return edge_page(200, "Just a moment...").response()


# -- content only -----------------------------------------------------------------------------


async def json_content(struck: Struck) -> web.StreamResponse:
    """Answer with a queued job where the clip should be, as the provider's page shows it."""
    answer = await struck.proper()
    if struck.job is None or answer.status >= web.HTTPBadRequest.status_code:
        return answer
    job = struck.job
    return json_answer(
        {
            "id": job.id,
            "object": "video",
            "model": job.model,
            "status": "queued",
            "progress": 0,
            "created_at": int(job.created_at),
            "seconds": job.seconds,
            "size": job.size,
            "quality": "standard",
        }
    )


async def redirect(struck: Struck) -> web.StreamResponse:
    """Lead to the clip on another host."""
    answer = await struck.proper()
    if struck.job is None or answer.status >= web.HTTPBadRequest.status_code:
        return answer
    expires_at = service_of(struck.request).standing(struck.job).expires_at or 0
    url = direct_url(struck.request, struck.job, expires_at)
    return web.Response(status=302, headers={"Location": url})


async def moved(struck: Struck) -> web.StreamResponse:
    """Lead to the same path on another host; nothing was done."""
    url = f"{other_origin(struck.request)}{struck.request.rel_url.raw_path_qs}"
    return web.Response(status=302, headers={"Location": url})


def fated(fate: Fate) -> Act:
    """Settle how the video will end."""

    async def act(struck: Struck) -> web.StreamResponse:
        return await struck.proper(fate)

    return act
