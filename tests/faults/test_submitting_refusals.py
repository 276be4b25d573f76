"""Create requests that the service refuses for certain: the row fails, or the run stops."""

from pathlib import Path

import pytest
from aiohttp import web

from batchsora.simulator import Fault

from .ended import CREATE, case, ends, read_ledger
from .front import Ask, fronted
from .looped import bought, met, numbered, story

pytestmark = pytest.mark.looptime

JOBS = 6
ON_THE_WIRE = range(1, 5)  # of those that left before the first answer came


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        case(
            "401",
            3,
            "refuses the key",
            fault=("Submitting", "401", "the run stops (3), jobs stay pending"),
        ),
        case(
            "403_permission",
            3,
            "refuses the key",
            fault=("Submitting", "403, no permission", "the run stops (3) and speaks of the key"),
        ),
        case(
            "403_balance",
            7,
            "wants money",
            fault=("Submitting", "403, no balance", "the run stops (7) and speaks of the balance"),
        ),
        case(
            "403_html",
            5,
            "blocks requests from here",
            fault=("Submitting", "403, as HTML", "the run stops (5) and speaks of the network"),
        ),
        case(
            "429_quota",
            7,
            "wants money",
            fault=("Submitting", "429, quota", "the run stops (7): waiting does not help"),
        ),
        case(
            "model_gone",
            5,
            "does not have this model",
            fault=("Submitting", "404, no such model", "the run stops (5): it is not the rows"),
        ),
    ],
)
async def test_a_refusal_that_concerns_every_row_ends_the_run_and_leaves_the_jobs_pending(
    folder: Path, name: str, code: int, says: str
) -> None:
    ended = await met(folder, story(Fault("create", name)), JOBS)
    ends(ended, creates=ON_THE_WIRE, jobs={"pending": JOBS}, code=code)
    assert says in ended.words
    assert bought(folder) == 0


@pytest.mark.parametrize(
    "status",
    [
        case(it, fault=("Submitting", f"{it}", "never followed; the run stops (5)"))
        for it in (300, 301, 302, 304, 307, 308)
    ],
)
async def test_a_create_request_is_never_sent_on_to_where_a_redirect_leads(
    folder: Path, status: int
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != CREATE:
            return await ask.passed_on()
        return web.Response(status=status, headers={"Location": f"{ask.front.url}/elsewhere"})

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), JOBS, front=front)
    ends(ended, creates=ON_THE_WIRE, jobs={"pending": JOBS}, code=5)
    assert not [path for path in front.paths if "elsewhere" in path]


@pytest.mark.fault(
    "Submitting", "303", "never followed; in doubt (6), for so a server answers what it carried out"
)
async def test_see_other_after_a_create_request_is_a_doubt(folder: Path) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != CREATE:
            return await ask.passed_on()
        return web.Response(status=303, headers={"Location": f"{ask.front.url}/elsewhere"})

    async with fronted(folder, story(list_endpoint=False), spoil) as front:
        ended = await met(folder, story(), front=front)
    ends(ended, creates=1, jobs={"in_doubt": 1}, code=6)
    assert not [path for path in front.paths if "elsewhere" in path]


@pytest.mark.parametrize(
    "name",
    [
        case(
            "moderated",
            fault=("Submitting", "400, moderated", "that job is moderated (1), after one request"),
        ),
        case(
            "moderated_503_in_400",
            fault=(
                "Submitting",
                "400 with a policy body that says 503",
                "that job is moderated (1), after one request",
            ),
        ),
        case(
            "503_policy",
            fault=(
                "Submitting",
                "503 with a policy body",
                "that job is moderated (1), after one request",
            ),
        ),
    ],
)
async def test_what_the_service_does_not_like_fails_alone_after_one_request(
    folder: Path, name: str
) -> None:
    tale = story(Fault("create", name, match="Wave 1"))
    for _ in range(2):
        ended = await met(folder, tale, numbered(3))
        ends(ended, creates=3, jobs={"done": 2, "failed: moderated": 1}, code=1)
    (job,) = (it for it in read_ledger(folder / "run") if it["state"] == "failed")
    assert (job["attempts"], job["purchases"]) == (1, 0)
