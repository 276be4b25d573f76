import asyncio
from itertools import pairwise

import pytest

from batchsora.runner.pacing import Gate, Pause
from batchsora.settings import Rate

pytestmark = pytest.mark.looptime(noop_cycles=5)

MINUTE = Rate(60, 60.0)
TICK_S = 0.001  # what a gate may be late or early by: its clock counts in microseconds


def now() -> float:
    return asyncio.get_running_loop().time()


async def leave(gate: Gate, requests: int, *, accepted: bool = False) -> list[float]:
    """Let so many requests through at once, and tell when each left."""
    left: list[float] = []

    async def go() -> None:
        await gate.admit()
        left.append(now())
        if accepted:
            await gate.let_in()

    async with asyncio.TaskGroup() as group:
        for _ in range(requests):
            group.create_task(go())
    return left


def least_gap(left: list[float]) -> float:
    return min(later - at for at, later in pairwise(left))


@pytest.mark.parametrize(
    ("rate", "gap_s"), [(Rate(5, 1.0), 0.2), (Rate(30, 60.0), 2.0), (Rate(60, 60.0), 1.0)]
)
async def test_requests_leave_evenly_with_two_percent_to_spare(rate: Rate, gap_s: float) -> None:
    left = await leave(Gate(rate, 1, Pause()), 300)
    assert left[0] == 0
    assert least_gap(left) >= gap_s * 1.02
    assert left[-1] == pytest.approx(299 * gap_s * 1.02, abs=299 * TICK_S)


async def test_hundreds_leave_in_the_order_in_which_they_came() -> None:
    pause = Pause()
    gate = Gate(Rate(10, 1.0), 1, pause)
    left: list[int] = []

    async def go(number: int) -> None:
        await gate.admit()
        left.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(200):
            group.create_task(go(number))
        await asyncio.sleep(7.01)
        pause.push(5.0)
        await gate.pushed_back(gate.generation)
        for number in range(200, 400):
            group.create_task(go(number))
            await asyncio.sleep(0.05)
    assert left == list(range(400))


@pytest.mark.parametrize("burst", [1, 5])
async def test_no_window_holds_more_than_the_burst_and_the_rate(burst: int) -> None:
    left = await leave(Gate(MINUTE, burst, Pause()), 200)
    assert left[burst - 1] == 0
    for window_s in (1.0, 10.0, 60.0):
        most = max(sum(at <= it < at + window_s for it in left) for at in left)
        assert most <= burst + window_s


@pytest.mark.parametrize("burst", [1, 5])
async def test_nothing_leaves_in_a_pause_and_no_burst_after_it(burst: int) -> None:
    pause = Pause()
    gate = Gate(MINUTE, burst, pause)
    leaving = asyncio.create_task(leave(gate, 20))
    await asyncio.sleep(4.5)
    pause.push(30.0)
    left = await leaving
    after = [at for at in left if at > 4.5]
    assert after[0] == pytest.approx(34.5, abs=TICK_S)
    assert least_gap(after) >= 1.02


async def test_a_pause_that_ends_does_not_shorten_the_gap_before_it() -> None:
    pause = Pause()
    gate = Gate(MINUTE, 1, pause)
    await gate.admit()
    pause.push(0.1)
    assert (await leave(gate, 1)) == [pytest.approx(1.02, abs=TICK_S)]


async def test_a_pause_can_be_made_longer_but_not_shorter() -> None:
    pause = Pause()
    gate = Gate(MINUTE, 1, pause)
    pause.push(10.0)
    leaving = asyncio.create_task(leave(gate, 2))
    await asyncio.sleep(9.0)
    pause.push(20.0)
    pause.push(1.0)
    assert (await leaving)[0] == pytest.approx(29.0, abs=TICK_S)


async def test_one_pause_holds_every_gate_up() -> None:
    pause = Pause()
    gates = [Gate(MINUTE, 1, pause), Gate(Rate(600, 60.0), 5, pause)]
    pause.push(7.0)
    lefts = await asyncio.gather(*(leave(gate, 3) for gate in gates))
    assert all(left[0] == pytest.approx(7.0, abs=TICK_S) for left in lefts)


async def test_a_generation_slows_the_gate_once() -> None:
    pause = Pause()
    gate = Gate(Rate(10, 1.0), 4, pause)
    generations = [await gate.admit() for _ in range(4)]
    pause.push(3.0)
    await gate.pushed_back(generations[0])
    slowed = gate.per_minute
    for generation in generations[1:]:
        await gate.pushed_back(generation)
    assert gate.per_minute == slowed < 600 / 1.02
    pause.push(3.0)
    await gate.pushed_back(await gate.admit())
    assert gate.per_minute < slowed


async def test_requests_that_left_before_a_429_was_known_do_not_slow_what_follows() -> None:
    pause = Pause()
    gate = Gate(Rate(10, 1.0), 4, pause)
    old = await gate.admit()
    await gate.pushed_back(await gate.admit())
    await gate.let_in()
    slowed = gate.per_minute
    pause.push(30.0)
    await gate.pushed_back(old)
    assert gate.per_minute == slowed


async def test_a_gate_that_speeds_up_never_lets_two_through_at_once() -> None:
    pause = Pause()
    gate = Gate(MINUTE, 5, pause)
    generation = await gate.admit()
    pause.push(20.0)
    await gate.pushed_back(generation)
    assert gate.per_minute < 30
    left = await leave(gate, 300, accepted=True)
    assert gate.per_minute == pytest.approx(60 / 1.02)
    assert least_gap(left) >= 1.02


async def test_the_first_request_after_a_429_that_names_no_wait_goes_far_ahead() -> None:
    gate = Gate(Rate(10, 1.0), 1, Pause())
    await leave(gate, 5, accepted=True)
    await gate.pushed_back(await gate.admit(), named=False)
    began_at = now()
    left = await leave(gate, 3)
    assert [round(at - began_at) for at in left] == [10, 20, 30]


async def test_who_waits_behind_the_first_goes_as_soon_as_that_was_taken() -> None:
    gate = Gate(Rate(10, 1.0), 1, Pause())
    await leave(gate, 5, accepted=True)
    await gate.pushed_back(await gate.admit(), named=False)
    await gate.admit()
    following = asyncio.create_task(leave(gate, 1))
    await asyncio.sleep(2.0)
    taken_at = now()
    await gate.let_in()
    assert (await following)[0] == pytest.approx(taken_at, abs=TICK_S)


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    gate = Gate(MINUTE, 1, Pause())
    await gate.admit()
    leaving = asyncio.create_task(gate.admit())
    behind = asyncio.create_task(leave(gate, 1))
    await asyncio.sleep(0.5)
    leaving.cancel()
    assert (await behind) == [pytest.approx(1.02, abs=TICK_S)]
