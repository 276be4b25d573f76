"""The table of faults: a name, what goes wrong under it, and the places where it can."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, get_args

from batchsora.simulator import mischief
from batchsora.simulator.job import Fate
from batchsora.simulator.mischief import Act, Answering, Struck
from batchsora.simulator.refusal import edge_page, gateway_error, model_not_found, openai_error
from batchsora.simulator.scenario import Place, ScenarioError
from batchsora.simulator.service import service_of, too_many_running

if TYPE_CHECKING:
    from aiohttp import web

    from batchsora.simulator.job import Job
    from batchsora.simulator.scenario import Fault, Scenario


@dataclass(frozen=True, slots=True)
class Wrong:
    """One way to go wrong, and the places where it can happen."""

    act: Act
    places: frozenset[Place]


ANYWHERE: frozenset[Place] = frozenset(get_args(Place))
CREATE: frozenset[Place] = frozenset({"create"})
CONTENT: frozenset[Place] = frozenset({"content"})
JOBS: frozenset[Place] = frozenset({"create", "poll", "list"})
ONE_JOB: frozenset[Place] = frozenset({"create", "poll"})
NOT_READY = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."

FAULTS: dict[str, Wrong] = {
    # refused before anything is accepted
    "401": Wrong(mischief.always(gateway_error(401, "Invalid Token")), ANYWHERE),
    "403_balance": Wrong(mischief.always(gateway_error(403, "Insufficient balance")), ANYWHERE),
    "403_html": Wrong(mischief.always(edge_page(403, "Attention Required!")), ANYWHERE),
    "403_permission": Wrong(
        mischief.always(gateway_error(403, "This key has no permission for the model")), ANYWHERE
    ),
    "404": Wrong(mischief.refusing(mischief.missing), ANYWHERE),
    "429": Wrong(mischief.refusing(mischief.too_fast), ANYWHERE),
    "429_concurrency": Wrong(mischief.always(too_many_running()), ANYWHERE),
    "429_quota": Wrong(mischief.always(mischief.NO_QUOTA), ANYWHERE),
    "500": Wrong(mischief.always(mischief.SERVER_ERROR), ANYWHERE),
    "502": Wrong(mischief.always(edge_page(502, "502 Bad Gateway")), ANYWHERE),
    "503_overload": Wrong(mischief.refusing(mischief.overloaded), ANYWHERE),
    "503_policy": Wrong(mischief.always(mischief.POLICY_503), CREATE),
    "lost_before": Wrong(mischief.lost_before, ANYWHERE),
    "model_gone": Wrong(mischief.refusing(lambda struck: model_not_found(struck.model)), CREATE),
    "moderated": Wrong(mischief.always(mischief.BLOCKED), CREATE),
    "moderated_503_in_400": Wrong(mischief.always(mischief.POLICY), CREATE),
    "moved": Wrong(mischief.moved, ANYWHERE),
    "not_ready": Wrong(mischief.always(openai_error(404, NOT_READY)), CONTENT),
    # done, and then the answer is lost or spoiled
    "500_after": Wrong(mischief.answered_after(mischief.SERVER_ERROR), ANYWHERE),
    "502_after": Wrong(mischief.answered_after(edge_page(502, "502 Bad Gateway")), ANYWHERE),
    "cut": Wrong(mischief.cut, ANYWHERE),
    "endless": Wrong(mischief.endless, ANYWHERE),
    "html_200": Wrong(mischief.html_200, ANYWHERE),
    "lost_after": Wrong(mischief.lost_after, ANYWHERE),
    "silent": Wrong(mischief.silent, ANYWHERE),
    "slow": Wrong(mischief.slow, ANYWHERE),
    # done, and answered in another dress
    "bad_id": Wrong(mischief.changing(lambda video: video.update(id="../../admin")), JOBS),
    "bare": Wrong(mischief.replacing(mischief.bare), CREATE),
    "error_in_200": Wrong(
        mischief.replacing(lambda _: {"code": 500, "message": "internal error", "data": None}),
        ONE_JOB,
    ),
    "no_id": Wrong(mischief.changing(lambda video: video.pop("id")), JOBS),
    "number_seconds": Wrong(
        mischief.changing(lambda video: video.update(seconds=int(video["seconds"]))), JOBS
    ),
    "progress_text": Wrong(
        mischief.changing(lambda video: video.update(progress=f"{video['progress']}%")), JOBS
    ),
    "string_times": Wrong(mischief.changing(mischief.times_as_text), JOBS),
    "unknown_status": Wrong(mischief.changing(lambda video: video.update(status="brewing")), JOBS),
    "wrapped": Wrong(mischief.replacing(mischief.wrapped), ONE_JOB),
    # settled on create, seen later
    "moderated_late": Wrong(mischief.fated(Fate.MODERATED), CREATE),
    "render_failed": Wrong(mischief.fated(Fate.FAILS), CREATE),
    "stuck": Wrong(mischief.fated(Fate.STUCK), CREATE),
    # the clip is somewhere else
    "json_content": Wrong(mischief.json_content, CONTENT),
    "redirect": Wrong(mischief.redirect, CONTENT),
}


def check_faults(scenario: Scenario) -> None:
    """Raise ScenarioError for a fault that does not exist, or not at its place."""
    for number, fault in enumerate(scenario.faults, 1):
        where = f"faults, number {number}"
        if fault.name not in FAULTS:
            raise ScenarioError(f"{where}: no fault {fault.name!r}; there are {', '.join(FAULTS)}")
        places = FAULTS[fault.name].places
        if fault.at not in places:
            known = ", ".join(sorted(places))
            raise ScenarioError(f"{where}: {fault.name} happens at {known}, not at {fault.at!r}")
        if fault.match and fault.at in ("list", "models"):
            raise ScenarioError(f"{where}: match needs one video, and {fault.at} has none")


async def answer_at(
    request: web.Request,
    place: Place,
    answering: Answering,
    *,
    job: Job | None = None,
    prompt: str | None = None,
    model: str = "",
) -> web.StreamResponse:
    """Answer a request by way of every fault at this place that strikes it."""
    service = service_of(request)
    here = [(n, fault) for n, fault in enumerate(service.scenario.faults) if fault.at == place]

    async def go_on(rest: list[tuple[int, Fault]], fate: Fate) -> web.StreamResponse:
        for met, (number, fault) in enumerate(rest, 1):
            if service.strikes(number, fault, job.id if job else "", prompt):
                struck = Struck(request, fault, job, model, fate, partial(go_on, rest[met:]))
                return await FAULTS[fault.name].act(struck)
        return await answering(fate)

    return await go_on(here, Fate.COMPLETES)
