import asyncio
from collections.abc import Callable

import pytest

from batchsora.settings import Rate

from .sliding import Crowd, Sliding

pytestmark = pytest.mark.looptime(noop_cycles=5)

JOBS = 300
STEADY_S = 305  # 299 gaps of 1.02 s


def always(limit: int | None) -> Callable[[float], int | None]:
    return lambda _: limit


@pytest.mark.parametrize("factor", [1.1, 1.5, 2, 3, 10, 100])
async def test_a_rate_too_high_settles_just_under_the_limit(factor: float) -> None:
    service = Sliding(always(60))
    await Crowd(service, Rate(60 * factor, 60.0)).ask(JOBS)
    assert len(service.refused) <= 0.02 * JOBS
    assert service.took_s <= STEADY_S + 5


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [2, 3, 10])
async def test_without_a_hint_it_finds_the_limit_nearly_as_well(factor: int, seed: int) -> None:
    service = Sliding(always(60), names_wait=False)
    await Crowd(service, Rate(60 * factor, 60.0), seed=seed).ask(JOBS)
    assert len(service.refused) <= 0.03 * JOBS
    assert service.took_s <= STEADY_S + 20


@pytest.mark.parametrize("answers_s", [0.3, 2.0, 5.0])
async def test_slow_answers_cost_only_the_requests_on_the_wire(answers_s: float) -> None:
    service = Sliding(always(60), answers_s=answers_s)
    await Crowd(service, Rate(180, 60.0)).ask(JOBS)
    assert len(service.refused) <= 0.04 * JOBS
    assert service.took_s <= max(STEADY_S + 10, answers_s * JOBS / 4 + 60)


@pytest.mark.parametrize("answers_s", [0.0, 2.0])
async def test_the_right_rate_is_never_refused(answers_s: float) -> None:
    service = Sliding(always(60), answers_s=answers_s)
    await Crowd(service).ask(JOBS)
    assert not service.refused
    assert service.took_s <= STEADY_S + 1


@pytest.mark.parametrize("names_wait", [True, False])
@pytest.mark.parametrize("nth", [1, 2, 10, 100])
async def test_a_stray_429_costs_less_than_a_minute(nth: int, *, names_wait: bool) -> None:
    service = Sliding(always(None), names_wait=names_wait, strays=frozenset({nth}))
    await Crowd(service).ask(JOBS)
    assert len(service.refused) == 1
    assert service.took_s <= STEADY_S + 40


@pytest.mark.parametrize("every_s", [10, 20, 300])
async def test_a_stray_429_costs_less_than_a_minute_where_little_was_asked_before(
    every_s: int,
) -> None:
    service = Sliding(always(None), strays=frozenset({11}))
    crowd = Crowd(service)
    for _ in range(10):
        await crowd.ask(1)
        await asyncio.sleep(every_s)
    await crowd.ask(60)
    assert service.accepted[-1] - service.refused[0] <= 60 * 1.02 + 55


async def test_a_limit_that_was_passed_is_believed_no_more() -> None:
    service = Sliding(lambda now: 60 if now < 1500 else None)
    crowd = Crowd(service, Rate(180, 60.0))
    await crowd.ask(2500)
    assert crowd.gate.per_minute == pytest.approx(180 / 1.02)
    assert service.took_s <= 1500 + 650


async def test_a_service_that_becomes_generous_gets_the_full_rate_again() -> None:
    service = Sliding(lambda now: 60 if now < 200 else None)
    crowd = Crowd(service, Rate(180, 60.0))
    await crowd.ask(200)
    assert crowd.gate.per_minute < 70
    await crowd.ask(500)
    assert crowd.gate.per_minute == pytest.approx(180 / 1.02)
    assert service.accepted[-1] < 200 + 300


async def test_a_service_that_becomes_stricter_is_followed() -> None:
    service = Sliding(lambda now: 60 if now < 120 else 20)
    await Crowd(service).ask(JOBS)
    assert len(service.refused) <= 0.02 * JOBS
    assert service.took_s <= 1.15 * (120 + (JOBS - 120) * 3)


@pytest.mark.parametrize("names_wait", [True, False])
async def test_an_outage_is_no_limit(*, names_wait: bool) -> None:
    service = Sliding(lambda now: 0 if 100 < now < 400 else None, names_wait=names_wait)
    crowd = Crowd(service)
    await crowd.ask(JOBS)
    assert service.took_s <= 300 + STEADY_S + 200
    assert crowd.gate.per_minute == pytest.approx(60 / 1.02)


async def test_a_limit_that_proves_right_is_tried_ever_more_rarely() -> None:
    service = Sliding(always(60))
    await Crowd(service, Rate(180, 60.0)).ask(1500)
    first, last = (sum(low <= at < low + 500 for at in service.refused) for low in (60, 1060))
    assert last < first
    assert len(service.refused) <= 0.01 * 1500
    assert service.took_s <= 1.03 * 1500


@pytest.mark.parametrize(
    ("limit", "window_s", "rate"),
    [(5, 1.0, Rate(10, 1.0)), (6, 60.0, Rate(60, 60.0)), (100, 600.0, Rate(60, 60.0))],
)
async def test_limits_of_other_windows_are_found_too(
    limit: int, window_s: float, rate: Rate
) -> None:
    service = Sliding(always(limit), window_s=window_s)
    await Crowd(service, rate).ask(120)
    assert len(service.refused) <= 0.08 * 120
    assert service.took_s <= 1.2 * 120 * window_s / limit
