"""The simulated service as an aiohttp application."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from random import Random
from typing import TYPE_CHECKING

from aiohttp import web

from batchsora.simulator import routes
from batchsora.simulator.clip import MediaMissing
from batchsora.simulator.fault import check_faults
from batchsora.simulator.order import MAX_BODY_BYTES
from batchsora.simulator.refusal import Refusal, gateway_error, openai_error
from batchsora.simulator.service import SERVICE, Service, service_of
from batchsora.simulator.state import SimulatorState
from batchsora.simulator.studio import Studio

if TYPE_CHECKING:
    from pathlib import Path

    from batchsora.simulator.scenario import Scenario
    from batchsora.simulator.studio import Offload

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(
    state_dir: Path,
    scenario: Scenario,
    *,
    clock: Callable[[], float] = time.time,
    chance: Random | None = None,
    offload: Offload = asyncio.to_thread,
) -> web.Application:
    """Return the service over the memory in `state_dir`.

    `clock` returns epoch seconds. `offload` runs slow functions; on a virtual clock, which must
    not jump while a thread works, give one that calls them in place. Raises MediaMissing without
    PyAV, and ScenarioError for faults that do not exist.
    """
    if importlib.util.find_spec("av") is None:
        raise MediaMissing
    check_faults(scenario)
    app = web.Application(
        middlewares=[_counted, _refused, _admitted], client_max_size=MAX_BODY_BYTES
    )
    app.add_routes(ROUTES)

    async def life(app: web.Application) -> AsyncIterator[None]:
        state = SimulatorState(state_dir)
        studio = Studio(state_dir, tiny=scenario.clip == "tiny", offload=offload)
        # Not the seed alone: a restarted service must not live through the same day again.
        luck = chance or Random(f"{scenario.seed} {state.requests_so_far()}")
        app[SERVICE] = Service(
            scenario, state, studio, clock, luck, offload, closing=asyncio.Event()
        )
        yield
        state.close()

    app.cleanup_ctx.append(life)
    app.on_shutdown.append(_close)
    app.on_response_prepare.append(_date)
    return app


ROUTES = [
    web.post("/v1/videos", routes.create),
    web.get("/v1/videos", routes.list_videos),
    web.get("/v1/videos/{id}", routes.poll),
    web.delete("/v1/videos/{id}", routes.delete),
    web.get("/v1/videos/{id}/content", routes.content),
    web.get("/v1/models", routes.list_models),
    web.get("/signed/{id}", routes.signed),
    web.get("/simulator/record", routes.record),
]


async def _date(request: web.Request, answer: web.StreamResponse) -> None:
    """Date every answer by the service's own clock, which need not be this machine's."""
    answer.headers["Date"] = formatdate(service_of(request).clock(), usegmt=True)


async def _close(app: web.Application) -> None:
    app[SERVICE].closing.set()
    await app[SERVICE].studio.close()


@web.middleware
async def _counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every request before it is read, and its status once it is answered."""
    service = service_of(request)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unknown"
    number = service.state.count_request(request.method, route, service.clock())
    answer = await handler(request)
    service.state.count_answer(number, answer.status)
    return answer


@web.middleware
async def _refused(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, the framework's own too, into answers."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.response()
    except web.HTTPException as error:
        message = f"{error.reason} ({request.method} {request.path[:200]})"
        return openai_error(error.status, message).response()


@web.middleware
async def _admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who has a good key. No key is kept or logged anywhere, not even hashed."""
    scenario = service_of(request).scenario
    if scenario.auth_required and request.path.startswith("/v1/"):
        key = _key(request)
        if not key:
            raise gateway_error(401, "Invalid signature")
        if scenario.good_keys is not None and key not in scenario.good_keys:
            raise gateway_error(401, "Invalid Token")
    return await handler(request)


def _key(request: web.Request) -> str:
    scheme, _, rest = request.headers.get("Authorization", "").strip().partition(" ")
    key = rest if scheme.lower() == "bearer" else scheme
    return key.strip() or request.headers.get("api-key", "").strip()
