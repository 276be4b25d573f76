import math
from pathlib import Path

import pytest

from batchsora.settings import Rate
from batchsora.simulator import Rate as Limit
from batchsora.simulator import Scenario
from batchsora.simulator.scenario import RetryHint

from .campaigning import Ran, campaign

pytestmark = pytest.mark.looptime(noop_cycles=5)

JOBS = 300
LIMIT = Limit(60, 60.0)  # in any minute; refused ones don't count: 299 s at a steady pace


async def submit(folder: Path, per_minute: float, hint: RetryHint) -> Ran:
    """Submit 300 jobs that are soon rendered, with slots for all that may be there at once."""
    story = Scenario(clip="tiny", rate=LIMIT, retry_hint=hint, render_s=(0.5, 1.5))
    rate = Rate(per_minute, 60.0)
    ran = await campaign(folder, story, jobs=JOBS, rate=rate, max_in_flight=JOBS)
    assert ran.done == len(ran.accepted) == JOBS
    return ran


def submitted_in_s(ran: Ran) -> float:
    return ran.accepted[-1] - ran.accepted[0]


def inside_a_wait(ran: Ran) -> list[float]:
    """List the requests of any kind that came before the service wanted to see one again."""
    waits = []
    for at in ran.refused:
        oldest = [it for it in ran.accepted if it <= at][-LIMIT.count]
        waits.append((at, at + math.ceil(oldest + LIMIT.window_s - at)))
    return [it.at for it in ran.requests if any(low < it.at < high for low, high in waits)]


async def test_the_right_rate_is_never_refused_and_takes_309_s_at_most(folder: Path) -> None:
    ran = await submit(folder, 60, "seconds")
    assert not ran.refused
    assert submitted_in_s(ran) <= 309


async def test_a_rate_three_times_too_high_has_3_percent_refused_and_takes_315_s_at_most(
    folder: Path,
) -> None:
    ran = await submit(folder, 180, "seconds")
    assert len(ran.refused) <= 0.03 * len(ran.creates)
    assert submitted_in_s(ran) <= 315
    assert inside_a_wait(ran) == []


async def test_a_rate_too_high_is_found_out_even_where_no_wait_is_named(folder: Path) -> None:
    ran = await submit(folder, 180, "none")
    assert len(ran.refused) <= 0.03 * len(ran.creates)
    assert submitted_in_s(ran) <= 345
