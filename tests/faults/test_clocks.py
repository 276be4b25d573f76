"""A wall clock that jumps under a run: waits are the loop's, and a paid clip is not given up."""

import asyncio
from pathlib import Path

import pytest

from batchsora.simulator import Fault

from .ended import case, ends
from .looped import AT_ONCE, met, now_s, story

pytestmark = pytest.mark.looptime

PART = "Here"
JOBS = 3
HOUR_S = 3600.0
JUMPS = {"an hour back": -HOUR_S, "a month ahead": 30 * 24 * HOUR_S}
WHEN_S = 3.0  # while the jobs render


def jumping(by_s: float) -> float:
    """Say how far the clock is astray at this moment."""
    return by_s if asyncio.get_running_loop().time() > WHEN_S else 0.0


@pytest.mark.parametrize(
    "by_s",
    [
        case(
            by_s,
            fault=(
                PART,
                f"the clock jumps {what} under a run",
                "the run goes on; each clip comes (0)",
            ),
        )
        for what, by_s in JUMPS.items()
    ],
)
async def test_a_clock_that_jumps_under_a_run_changes_nothing(folder: Path, by_s: float) -> None:
    tale = story(Fault("create", "429", nth=(2,), retry_after="2"), render_s=(20.0, 20.0))
    ended = await met(folder, tale, JOBS, astray_s=lambda: jumping(by_s), **AT_ONCE)
    ends(ended, creates=JOBS + 1, jobs={"done": JOBS}, code=0)
    assert now_s() < 120


@pytest.mark.parametrize(
    "by_s",
    [
        case(
            by_s,
            fault=(
                PART,
                f"the clock jumps {what} between two runs",
                "the next run fetches what was bought (0)",
            ),
        )
        for what, by_s in JUMPS.items()
    ],
)
async def test_a_clock_that_jumps_between_two_runs_buys_nothing_again(
    folder: Path, by_s: float
) -> None:
    tale = story(render_s=(20.0, 20.0))
    ended = await met(folder, tale, JOBS, job_timeout_s=5.0)
    ends(ended, creates=JOBS, jobs={"running": JOBS}, code=4)
    ended = await met(folder, tale, JOBS, astray_s=lambda: by_s)
    ends(ended, creates=JOBS, jobs={"done": JOBS}, code=0)
