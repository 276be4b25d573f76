from dataclasses import replace
from random import Random

import pytest

from batchsora.runner.render_times import RenderTimes

from .watched import ORDER, SLOTS, WARM, Drawn, Fixed, Learned, looks_each, lost, took_s, watch

ALWAYS_S = 600.0  # a poll interval that is in nobody's way
SEEDS = range(3)


def exactly(render_s: float) -> Drawn:
    return lambda _: render_s


def between(least_s: float, most_s: float) -> Drawn:
    return lambda chance: chance.uniform(least_s, most_s)


def two_kinds(chance: Random) -> float:
    return chance.choice((30.0, 200.0))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("drawn", "part", "looks"),
    [
        (exactly(2.0), 0.06, 3.0),
        (between(1.0, 3.0), 0.08, 5.0),
        (exactly(65.0), 0.03, 3.0),
        (between(60.0, 70.0), 0.03, 4.0),
        (between(120.0, 180.0), 0.05, 5.0),
        (between(60.0, 300.0), 0.09, 6.0),
        (two_kinds, 0.10, 5.0),
    ],
)
def test_what_is_learned_loses_little_time_with_few_looks(
    drawn: Drawn, part: float, looks: float, seed: int
) -> None:
    warm = watch(Learned(ALWAYS_S), drawn, seed)[WARM:]
    assert lost(warm) <= part
    assert looks_each(warm) <= looks


@pytest.mark.parametrize("seed", SEEDS)
def test_short_renders_end_sooner_than_by_looks_each_second_with_fewer_than_by_four(
    seed: int,
) -> None:
    each_second, four = (watch(Fixed(every_s), between(1, 3), seed) for every_s in (1.0, 0.25))
    learned = watch(Learned(10.0), between(1, 3), seed)
    assert took_s(learned) < 0.92 * took_s(each_second)
    assert took_s(learned) < 1.05 * took_s(four)
    assert looks_each(learned) < 0.6 * looks_each(four)


@pytest.mark.parametrize("seed", SEEDS)
def test_long_renders_end_sooner_than_by_looks_at_the_poll_interval(seed: int) -> None:
    plain, learned = (watch(it, between(60, 70), seed) for it in (Fixed(10.0), Learned(10.0)))
    assert took_s(learned) < took_s(plain)
    assert lost(learned[WARM:]) < 0.5 * lost(plain[WARM:])
    assert looks_each(learned[WARM:]) < looks_each(plain[WARM:]) + 3


@pytest.mark.parametrize(("render_s", "looks"), [(2.0, 3), (65.0, 14), (300.0, 38)])
def test_a_first_batch_of_a_kind_nobody_knows_is_not_hammered(render_s: float, looks: int) -> None:
    first = watch(Learned(10.0), exactly(render_s))[:SLOTS]
    assert looks_each(first) <= looks
    assert lost(first) <= 0.2


@pytest.mark.parametrize("longest_s", [0.5, 3.0, 10.0])
def test_no_wait_is_longer_than_the_poll_interval(longest_s: float) -> None:
    times = RenderTimes(longest_s)
    for age_s in (0.0, 1.0, 30.0, 3000.0):
        assert times.next_look_s(ORDER, age_s) <= longest_s
    for took_s_ in (60.0, 70.0, 90.0):
        times.learn(ORDER, took_s_, looks=5, going_at_s=took_s_ - 1)
    for age_s in (0.0, 59.0, 61.0, 95.0, 3000.0):
        assert times.next_look_s(ORDER, age_s) <= longest_s


def test_the_first_look_is_when_a_job_is_about_due_then_looks_are_close_then_rarer() -> None:
    times = RenderTimes(ALWAYS_S)
    for _ in range(8):
        times.learn(ORDER, 65.0, looks=4, going_at_s=64.0)
    assert times.next_look_s(ORDER, 0.0) == pytest.approx(64.5)
    assert times.next_look_s(ORDER, 64.5) == pytest.approx(0.03 * 64.5)
    assert times.next_look_s(ORDER, 68.0) < times.next_look_s(ORDER, 80.0) < 10.0


def test_each_kind_is_learned_by_itself() -> None:
    times = RenderTimes(ALWAYS_S)
    times.learn(ORDER, 65.0, looks=4, going_at_s=64.0)
    times.learn(replace(ORDER, seconds=12), 180.0, looks=4, going_at_s=178.0)
    assert times.next_look_s(replace(ORDER, prompt="another"), 0.0) == pytest.approx(64.5)
    assert times.next_look_s(replace(ORDER, seconds=12), 0.0) == pytest.approx(179.0)
    assert times.next_look_s(replace(ORDER, model="sora-2-pro"), 0.0) == 1.0


def test_a_service_that_gets_faster_is_followed() -> None:
    renders = iter([65.0] * 150 + [20.0] * 1000)
    jobs = watch(Learned(10.0), lambda _: next(renders))
    assert lost(jobs[-50:]) <= 0.06
    renders = iter([65.0] * 150 + [20.0] * 1000)
    told = watch(Learned(ALWAYS_S, told=True), lambda _: next(renders))
    assert lost(told[-50:]) <= 0.06


def test_a_service_that_gets_slower_is_followed() -> None:
    renders = iter([20.0] * 150 + [65.0] * 1000)
    jobs = watch(Learned(ALWAYS_S), lambda _: next(renders))
    assert lost(jobs[-50:]) <= 0.04
    assert looks_each(jobs[-50:]) <= 4.0


def test_what_the_service_tells_of_a_render_is_believed_within_what_was_seen() -> None:
    times = RenderTimes(ALWAYS_S)
    times.learn(ORDER, 70.0, looks=3, going_at_s=60.0, told_s=65.0)
    assert times.next_look_s(ORDER, 0.0) == pytest.approx(65.0)
    absurd = RenderTimes(ALWAYS_S)
    absurd.learn(ORDER, 70.0, looks=3, going_at_s=60.0, told_s=3665.0)
    assert absurd.next_look_s(ORDER, 0.0) == pytest.approx(65.0)


def test_a_job_that_nobody_looked_at_for_a_night_teaches_nothing() -> None:
    times = RenderTimes(10.0)
    times.learn(ORDER, 8 * 3600.0, looks=1)
    assert times.next_look_s(ORDER, 0.0) == 1.0
    times.learn(ORDER, 8 * 3600.0, looks=1, told_s=65.0)
    assert times.next_look_s(ORDER, 60.0) == pytest.approx(5.0)
