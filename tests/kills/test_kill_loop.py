"""The runner is killed again and again at random instants, and never buys a clip twice."""

from pathlib import Path

import pytest

from .lives import check_killed_rehearsal, check_kills
from .outside import SHIPPED


@pytest.mark.parametrize(
    ("listed", "seed"), [(True, 2), (False, 4)], ids=["with a list", "without a list"]
)
def test_ten_kills_in_a_storm_of_faults_lose_nothing_and_buy_nothing_twice(
    tmp_path: Path, *, listed: bool, seed: int
) -> None:
    toll = check_kills(SHIPPED, tmp_path, listed=listed, seed=seed)
    assert (toll.kills, toll.bought) == (10, 20)


def test_a_rehearsal_that_is_killed_again_and_again_resumes_and_buys_nothing_twice(
    tmp_path: Path,
) -> None:
    check_killed_rehearsal(SHIPPED, tmp_path, seed=1)
