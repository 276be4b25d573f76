"""Create requests that are too many for the service: fewer at once, or none of them, for long."""

from pathlib import Path

import pytest

from batchsora.simulator import Fault

from .ended import ends
from .looped import creates_at, met, story

pytestmark = pytest.mark.looptime

JOBS = 12


@pytest.mark.fault(
    "Submitting",
    "429, too many running",
    "as many at once as the service took, nobody is paused; later one more is tried",
)
async def test_a_service_with_too_many_running_gets_no_more_than_it_takes(folder: Path) -> None:
    ended = await met(folder, story(max_running=2, render_s=(10.0, 10.0)), JOBS)
    ends(ended, creates=range(JOBS, JOBS + 8), jobs={"done": JOBS}, code=0)
    assert max(creates_at(folder)) < JOBS / 2 * 10 * 1.3  # its room was used all the time


@pytest.mark.fault(
    "Submitting",
    "429, too many running, by jobs of others",
    "one is tried again after a wait; nothing is lost",
)
async def test_a_service_that_is_full_of_others_jobs_is_waited_for(folder: Path) -> None:
    tale = story(Fault("create", "429_concurrency", times=6))
    ended = await met(folder, tale, 1)
    ends(ended, creates=7, jobs={"done": 1}, code=0)


@pytest.mark.fault(
    "Submitting",
    "429 without an end",
    "asked ever more rarely; after `--job-timeout` the run stops (5), jobs stay pending",
)
async def test_a_service_that_puts_every_order_off_is_left_alone_after_an_hour(
    folder: Path,
) -> None:
    tale = story(Fault("create", "429"), retry_hint="none")
    ended = await met(folder, tale, JOBS, job_timeout_s=3600.0)
    ends(ended, creates=range(30, 80), jobs={"pending": JOBS}, code=5)
    assert "put every order off" in ended.words
    assert creates_at(folder)[-1] < 3600 + 240
