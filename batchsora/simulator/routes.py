"""The routes: one function for each call of the Videos API, and for the simulator's record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from batchsora.simulator.byte_range import Unsatisfiable, byte_range
from batchsora.simulator.clip import Abandoned
from batchsora.simulator.direct_url import check_direct_url, direct_url
from batchsora.simulator.fault import answer_at
from batchsora.simulator.job import Fate, Job, resource
from batchsora.simulator.order import read_order
from batchsora.simulator.picture import check_picture
from batchsora.simulator.refusal import invalid, not_found, openai_error
from batchsora.simulator.service import service_of
from batchsora.simulator.wire import json_answer, sever

if TYPE_CHECKING:
    from collections.abc import Mapping

    from batchsora.simulator.mischief import Answering
    from batchsora.simulator.scenario import Place
    from batchsora.simulator.service import Service

DEFAULT_LIMIT, MAX_LIMIT = 20, 100


async def create(request: web.Request) -> web.StreamResponse:
    """`POST /v1/videos`: order a video."""
    service = service_of(request)
    order = await read_order(request, service.scenario)
    picture = None
    if order.picture is not None:
        picture = await service.offload(check_picture, order.picture, order.size)

    async def proper(fate: Fate) -> web.Response:
        return _status(request, await service.accept(order, picture, fate))

    return await answer_at(request, "create", proper, prompt=order.prompt, model=order.card.model)


async def poll(request: web.Request) -> web.StreamResponse:
    """`GET /v1/videos/{id}`: how a video stands."""

    async def proper(_fate: Fate) -> web.Response:
        return _status(request, _job(request))

    return await _answer_for_job(request, "poll", proper)


async def content(request: web.Request) -> web.StreamResponse:
    """`GET /v1/videos/{id}/content`: the clip, or a picture of it."""

    async def proper(_fate: Fate) -> web.Response:
        return await _content(request, _job(request))

    return await _answer_for_job(request, "content", proper)


async def signed(request: web.Request) -> web.StreamResponse:
    """`GET /signed/{id}`: the clip, as from a store on another host."""

    async def proper(_fate: Fate) -> web.Response:
        check_direct_url(request, request.match_info["id"], service_of(request).clock())
        return await _content(request, _job(request))

    return await _answer_for_job(request, "signed", proper)


async def delete(request: web.Request) -> web.StreamResponse:
    """`DELETE /v1/videos/{id}`: take a video away."""

    async def proper(_fate: Fate) -> web.Response:
        service = service_of(request)
        _offered(request, offered=service.scenario.delete_endpoint)
        job = _job(request)
        service.state.delete(job.id, service.clock())
        return json_answer({"id": job.id, "object": "video.deleted", "deleted": True})

    return await _answer_for_job(request, "delete", proper)


async def list_videos(request: web.Request) -> web.StreamResponse:
    """`GET /v1/videos`: a page of videos."""

    async def proper(_fate: Fate) -> web.Response:
        _offered(request, offered=service_of(request).scenario.list_endpoint)
        return json_answer(_page(request))

    return await answer_at(request, "list", proper)


async def list_models(request: web.Request) -> web.StreamResponse:
    """`GET /v1/models`: the models on offer."""

    async def proper(_fate: Fate) -> web.Response:
        scenario = service_of(request).scenario
        _offered(request, offered=scenario.models_endpoint)
        models = [
            {"id": card.model, "object": "model", "created": 0, "owned_by": "simulator"}
            for card in scenario.models
        ]
        return json_answer({"object": "list", "data": models})

    return await answer_at(request, "models", proper)


async def record(request: web.Request) -> web.Response:
    """`GET /simulator/record`: the bill and the counters of all requests."""
    return json_answer(service_of(request).state.record())


async def _answer_for_job(
    request: web.Request, place: Place, proper: Answering
) -> web.StreamResponse:
    job = service_of(request).state.job(request.match_info["id"])
    prompt = None if job is None else job.prompt
    return await answer_at(request, place, proper, job=job, prompt=prompt)


def _job(request: web.Request) -> Job:
    video_id = request.match_info["id"]
    job = service_of(request).state.job(video_id)
    if job is None:
        raise not_found(video_id)
    return job


def _offered(request: web.Request, *, offered: bool) -> None:
    if not offered:
        raise openai_error(404, f"Invalid URL ({request.method} {request.path[:200]})")


def _status(request: web.Request, job: Job) -> web.Response:
    service = service_of(request)
    wait_ms = service.scenario.poll_after_ms
    headers = {} if wait_ms is None else {"openai-poll-after-ms": str(wait_ms)}
    return json_answer(_resource(request, service, job), headers)


def _resource(request: web.Request, service: Service, job: Job) -> dict[str, Any]:
    at = service.standing(job)
    body = resource(job, at)
    if at.expires_at is not None and service.scenario.tells_url(job.prompt):
        body["soraVideoUrl"] = direct_url(request, job, at.expires_at)
    return body


def _page(request: web.Request) -> dict[str, Any]:
    service = service_of(request)
    limit, after, order = _paging(request.query)
    if after is not None and service.state.job(after) is None:
        raise invalid(f"No video with id '{after[:200]}'.", "after")
    found = service.state.jobs(
        until=service.clock() - service.scenario.list_lag_s,
        after=after,
        newest_first=order == "desc",
        limit=limit + 1,
    )
    videos = [_resource(request, service, job) for job in found[:limit]]
    return {
        "object": "list",
        "data": videos,
        "first_id": videos[0]["id"] if videos else None,
        "last_id": videos[-1]["id"] if videos else None,
        "has_more": len(found) > limit,
    }


def _paging(query: Mapping[str, str]) -> tuple[int, str | None, str]:
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and int(limit[:9]) <= MAX_LIMIT):
        raise invalid(f"Invalid 'limit': not an integer from 0 to {MAX_LIMIT}.", "limit")
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid("Invalid 'order': it is 'asc' or 'desc'.", "order")
    return int(limit), query.get("after"), order


async def _content(request: web.Request, job: Job) -> web.Response:
    service = service_of(request)
    at = service.standing(job)
    if at.status != "completed":
        message = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
        raise openai_error(service.scenario.not_ready_status, message)
    if at.has_expired(service.clock()):
        raise openai_error(404, "The video has expired.", param="video_id", code="video_expired")
    try:
        match request.query.get("variant", "video"):
            case "video":
                return _ranged(request, await service.studio.clip(job), "video/mp4")
            case "thumbnail":
                return _ranged(request, await service.studio.thumbnail(job), "image/webp")
            case other:
                raise invalid(f"Invalid 'variant': no '{other[:80]}' of this video.", "variant")
    except Abandoned:
        return sever(request)


def _ranged(request: web.Request, body: bytes, content_type: str) -> web.Response:
    headers = {"Accept-Ranges": "bytes", "Content-Type": content_type}
    try:
        part = byte_range(request.headers.get("Range"), len(body))
    except Unsatisfiable:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
    if part is None:
        return web.Response(body=body, headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
    return web.Response(status=206, body=body[part.start : part.stop], headers=headers)
