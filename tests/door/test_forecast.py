"""How long a run still takes: honest, and steady."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.cli.forecast import Load, Steady, left_s, rounded_s

LOAD = Load(to_order=100, under_way=20, usual_s=60.0, late_s=90.0, orders_a_second=1.0, slots=20.0)


def test_nothing_is_said_before_it_is_known_how_long_a_clip_takes() -> None:
    assert left_s(replace(LOAD, usual_s=None)) is None


def test_nothing_is_left_when_all_is_here() -> None:
    assert left_s(replace(LOAD, to_order=0, under_way=0, usual_s=None)) == 0.0


@pytest.mark.parametrize(
    ("load", "expected_s"),
    [
        (LOAD, 100 / (20 / 60) + 60),  # slots hold it up: 20 at once, a minute each
        (replace(LOAD, slots=1000.0), 100 / 1.0 + 60),  # the rate does
        (replace(LOAD, seen_a_second=0.1), 100 / 0.1 + 60),  # it was slower than it should be
        (replace(LOAD, slots=1000.0, orders_a_second=0.5, seen_a_second=1.0), 100 / 0.5 + 60),
        (replace(LOAD, slots=1000.0, pause_s=30.0), 30 + 100 / 1.0 + 60),
    ],
)
def test_what_holds_orders_up_says_how_long_it_takes(load: Load, expected_s: float) -> None:
    assert left_s(load) == pytest.approx(expected_s)


def test_when_all_is_ordered_the_newest_job_says_how_long_it_takes() -> None:
    last = replace(LOAD, to_order=0)
    assert left_s(replace(last, youngest_s=10.0)) == 80.0
    assert left_s(replace(last, youngest_s=200.0)) == pytest.approx(30.0)  # later than all others


def test_a_time_left_runs_down_by_the_clock() -> None:
    steady = Steady()
    told = [steady.left_s(float(now_s), 100.0 - now_s) for now_s in range(100)]
    assert told == [pytest.approx(100.0 - now_s) for now_s in range(100)]


@given(st.lists(st.floats(0, 10_000), min_size=2, max_size=50))
def test_a_time_left_does_not_jump_however_estimates_do(estimates: list[float]) -> None:
    steady = Steady()
    told = [steady.left_s(0.25 * at, it) for at, it in enumerate(estimates)]
    for estimate, before, after in zip(estimates[1:], told, told[1:], strict=False):
        assert before is not None
        assert after is not None
        expected = max(0.0, before - 0.25)
        # a quarter of the way at most, while a second of four goes by; and never past the estimate
        assert min(expected, estimate) - 1e-6 <= after <= max(expected, estimate) + 1e-6
        assert abs(after - expected) <= 0.25 * abs(estimate - expected) + 1e-6


def test_a_new_estimate_is_reached_after_a_while() -> None:
    steady = Steady()
    steady.left_s(0.0, 1000.0)
    told = [steady.left_s(float(now_s), 300.0) for now_s in range(1, 200)]
    assert told[-1] == pytest.approx(300.0, abs=25.0)


def test_what_was_unknown_for_a_while_begins_anew() -> None:
    steady = Steady()
    steady.left_s(0.0, 1000.0)
    assert steady.left_s(1.0, None) is None
    assert steady.left_s(2.0, 50.0) == 50.0


@pytest.mark.parametrize(
    ("seconds", "rounded"), [(0, 0), (3, 5), (59, 60), (61, 70), (601, 660), (3601, 3900)]
)
def test_a_span_is_told_no_finer_than_it_is_known(seconds: float, rounded: float) -> None:
    assert rounded_s(seconds) == rounded
