"""How long to wait before the next try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.backoff import Backoff

BACKOFF = Backoff(first_s=2.0, ceiling_s=120.0)

failures = st.integers(1, 1_000_000)
chances = st.floats(0, 1, exclude_max=True)


def test_the_wait_doubles_up_to_its_ceiling() -> None:
    assert [BACKOFF.wait_s(it, 0.0) for it in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


@given(failures, chances)
def test_half_of_the_wait_is_sure_and_half_is_chance(failures: int, chance: float) -> None:
    least_s = BACKOFF.wait_s(failures, 0.0)
    assert least_s <= BACKOFF.wait_s(failures, chance) <= 2 * least_s
    assert BACKOFF.first_s / 2 <= least_s <= BACKOFF.ceiling_s / 2


@given(failures, chances)
def test_one_more_failure_never_makes_the_wait_shorter(failures: int, chance: float) -> None:
    assert BACKOFF.wait_s(failures, chance) <= BACKOFF.wait_s(failures + 1, chance)


@pytest.mark.parametrize("factor", [1.0, 1.5, 10.0])
def test_a_job_that_failed_for_days_waits_for_its_ceiling_at_most(factor: float) -> None:
    backoff = Backoff(first_s=1.0, ceiling_s=60.0, factor=factor)
    assert backoff.wait_s(10**9, 0.999) <= 60.0
