"""Slots: fewer jobs at once after a refusal, and more again later, but never too many."""

import asyncio

import pytest

from batchsora.runner.bell import Bell
from batchsora.runner.slots import AGAIN_S, Slots

pytestmark = pytest.mark.looptime


async def test_no_number_of_refusals_and_takes_leads_beyond_what_was_asked_for() -> None:
    slots = Slots(3, Bell())
    for at_service in (3, 5, 1, 4):
        slots.refused(at_service, 0.0)
        for _ in range(200):
            slots.taken(slots.limit)
            assert 1 <= slots.limit <= 3
        async with asyncio.timeout(3 * AGAIN_S):
            while slots.limit < 3:
                await slots.change()
    assert slots.limit == 3


async def test_who_waits_for_room_gets_a_try_in_time_although_nothing_moves() -> None:
    slots = Slots(5, Bell())
    slots.refused(2, 0.0)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(slots.change() for _ in range(4)))
    assert slots.limit == 3  # one more, however many wait
    assert asyncio.get_running_loop().time() - began == pytest.approx(AGAIN_S)


async def test_a_service_that_names_a_longer_wait_is_not_tried_before() -> None:
    slots = Slots(5, Bell())
    slots.refused(2, 300.0)
    began = asyncio.get_running_loop().time()
    await slots.change()
    assert asyncio.get_running_loop().time() - began == pytest.approx(300)
