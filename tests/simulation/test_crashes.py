"""The runner is killed at awaits of its own, on virtual time; `make simulate` does all of them."""

import pytest

from .crashes import check_sample, count_awaits
from .plot import PLOTS, Plot

ONCE, TWICE = 14, 2  # so many kills, and pairs of kills, take a few seconds
EACH = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


@EACH
def test_a_crash_at_an_await_loses_nothing_and_buys_nothing_twice(plot: Plot) -> None:
    assert check_sample(plot, once=ONCE, twice=TWICE, seed=1) >= ONCE + TWICE


@EACH
def test_a_life_has_hundreds_of_awaits_and_needs_all_that_it_is_told_to_meet(plot: Plot) -> None:
    assert count_awaits(plot) > 200
