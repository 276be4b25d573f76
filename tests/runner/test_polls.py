from itertools import pairwise
from pathlib import Path

import pytest

from batchsora.settings import Rate
from batchsora.simulator import Scenario

from .campaigning import campaign

pytestmark = pytest.mark.looptime(noop_cycles=5)

FAST = Rate(600, 60.0)


async def test_full_slots_of_short_renders_lose_little_time_to_few_polls(folder: Path) -> None:
    story = Scenario(clip="tiny", render_s=(1.0, 3.0))
    ran = await campaign(folder, story, jobs=100, rate=FAST, max_in_flight=10)
    assert ran.done == 100
    assert ran.lost <= 0.12  # a look each second loses a quarter
    assert len(ran.polls) <= 5 * 100  # a look every quarter of a second takes eight


async def test_full_slots_of_renders_of_a_minute_lose_little_time(folder: Path) -> None:
    story = Scenario(clip="tiny", render_s=(60.0, 70.0))
    ran = await campaign(folder, story, jobs=40, rate=FAST, max_in_flight=8)
    assert ran.done == 40
    assert ran.lost <= 0.05


@pytest.mark.parametrize("after_s", [3.0, 17.0])
async def test_the_wait_that_the_service_names_wins(folder: Path, after_s: float) -> None:
    story = Scenario(clip="tiny", render_s=(59.0, 59.0), poll_after_ms=int(after_s * 1000))
    ran = await campaign(folder, story, jobs=1, poll_interval_s=10.0)
    assert {round(later - at, 2) for at, later in pairwise(ran.polls)} == {after_s}


async def test_no_look_is_later_than_the_poll_interval(folder: Path) -> None:
    story = Scenario(clip="tiny", render_s=(59.0, 59.0))
    ran = await campaign(folder, story, jobs=3, rate=FAST, max_in_flight=1, poll_interval_s=4.0)
    assert max(later - at for at, later in pairwise(ran.polls)) <= 4.0 + 0.1
