"""Create requests that the service puts off: everybody waits, as long as it asks for."""

from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from runner.campaigning import BEGAN_AT

from batchsora.settings import Rate
from batchsora.simulator import Fault
from batchsora.simulator.scenario import Rate as Limit

from .ended import CREATE, case, ends
from .front import Ask, fronted
from .looped import creates_at, met, story

pytestmark = pytest.mark.looptime

JOBS = 8
BACKOFF_S = 1.0, 2.0  # the shortest and the longest first wait where no hint is given
A_QUARTER_HOUR = "more than a quarter of an hour"
REFUSAL = {"error": {"message": "Rate limit reached for requests.", "code": "rate_limit_exceeded"}}


def the_pause(times: list[float]) -> float:
    """Say how long nobody asked after the first requests, which all left at once."""
    return next(at for at in times if at > times[0] + 0.5) - times[0]


@pytest.mark.fault(
    "Submitting", "429 without a hint", "all wait, with jitter; the limiter slows down"
)
async def test_a_429_without_a_hint_lets_all_wait_for_a_while_of_chance_and_slows_down(
    folder: Path,
) -> None:
    pauses = []
    for seed in (1, 2):
        place = folder / str(seed)
        place.mkdir()
        # four are on the wire at once; then one goes first, and is refused once more
        tale = story(Fault("create", "429", nth=tuple(range(1, 10))), retry_hint="none")
        ended = await met(place, tale, JOBS, seed=seed)
        ends(ended, creates=9 + JOBS, jobs={"done": JOBS}, code=0)
        times = creates_at(place)
        assert the_pause(times) >= BACKOFF_S[0]
        pauses.append(times[9] - times[8])
    assert all(32 <= pause < 65 for pause in pauses)  # twice as long each time, half of it sure
    assert abs(pauses[0] - pauses[1]) > 1
    tale = story(rate=Limit(10, 20.0), retry_hint="none")
    ended = await met(folder, tale, 20, rate=Rate(60, 60.0), burst=1)
    ends(ended, creates=21, jobs={"done": 20}, code=0)
    times = creates_at(folder)
    gaps = [later - at for at, later in pairwise(times)]
    assert min(gaps[10:]) > max(gaps[:10])


def hinted(*headers: tuple[str, str]) -> web.Response:
    answer = web.json_response(REFUSAL, status=429)
    for name, value in headers:
        answer.headers.add(name, value)
    return answer


def a_date(in_s: float) -> str:
    return formatdate(BEGAN_AT + in_s, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "least_s", "most_s"),
    [
        case(
            [("Retry-After", "3")],
            3.0,
            3.5,
            id="3",
            fault=("Submitting", "429 with `Retry-After: 3`", "all wait for 3 s"),
        ),
        case(
            [("Retry-After", "0")],
            0.0,
            0.0,
            id="0",
            fault=("Submitting", "429 with `Retry-After: 0`", "sent again at once, and then taken"),
        ),
        case(
            [("Retry-After", "-1")],
            *BACKOFF_S,
            id="-1",
            fault=("Submitting", "429 with `Retry-After: -1`", "no hint: all wait, with jitter"),
        ),
        case(
            [("Retry-After", "abc")],
            *BACKOFF_S,
            id="abc",
            fault=("Submitting", "429 with `Retry-After: abc`", "no hint: all wait, with jitter"),
        ),
        case(
            [("Retry-After", "4"), ("Retry-After", "9")],
            4.0,
            4.5,
            id="twice",
            fault=("Submitting", "429 with two `Retry-After`", "all wait as the first one says"),
        ),
        case(
            [("Date", a_date(500)), ("Retry-After", a_date(507))],
            7.0,
            7.5,
            id="date",
            fault=(
                "Submitting",
                "429 with an HTTP date",
                "all wait for the time between the answer's own `Date` and that",
            ),
        ),
        case(
            [("retry-after-ms", "2500"), ("Retry-After", "60")],
            2.5,
            3.0,
            id="ms",
            fault=("Submitting", "429 with `retry-after-ms`", "all wait so long"),
        ),
    ],
)
async def test_a_429_lets_all_wait_as_it_says(
    folder: Path, headers: list[tuple[str, str]], least_s: float, most_s: float
) -> None:
    times: list[float] = []

    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route == CREATE:
            times.append(ask.now)
        if ask.route == CREATE and ask.nth == 1:
            return hinted(*headers)
        return await ask.passed_on()

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), JOBS, front=front)
    ends(ended, creates=JOBS + 1, jobs={"done": JOBS}, code=0)
    if most_s:
        assert least_s <= the_pause(times) < most_s + 0.2
    else:
        assert times[-1] - times[0] < 1


@pytest.mark.parametrize(
    "headers",
    [
        case(
            [("Retry-After", "1e9")],
            id="1e9",
            fault=(
                "Submitting",
                "429 with `Retry-After: 1e9`",
                "the run stops (5), and says when to come back",
            ),
        ),
        case(
            [("Retry-After", "901")],
            id="901",
            fault=(
                "Submitting",
                "429 that asks for more than 15 minutes",
                "the run stops (5), and says when to come back",
            ),
        ),
    ],
)
async def test_a_wait_that_nobody_would_wait_for_ends_the_run_with_the_time_to_come_back(
    folder: Path, headers: list[tuple[str, str]]
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        return hinted(*headers) if ask.route == CREATE else await ask.passed_on()

    async with fronted(folder, story(), spoil) as front:
        ended = await met(folder, story(), JOBS, front=front)
    ends(ended, creates=range(1, 5), jobs={"pending": JOBS}, code=5)
    assert A_QUARTER_HOUR in ended.words
    assert "start again after 20" in ended.words


@pytest.mark.fault(
    "Submitting",
    "429 that asks for an hour, with jobs at the service",
    "no more is bought (5), but what was bought is fetched: it expires",
)
async def test_a_wait_for_orders_does_not_let_what_was_bought_expire(folder: Path) -> None:
    tale = story(Fault("create", "429", nth=(3,), retry_after="3600"), render_s=(60.0, 60.0))
    ended = await met(folder, tale, JOBS, max_in_flight=2, rate=Rate(1, 2.0), burst=1)
    ends(ended, creates=3, jobs={"done": 2, "pending": JOBS - 2}, code=5)
