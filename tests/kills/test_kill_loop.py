"""The runner is killed again and again at random instants, and never buys a clip twice."""

from pathlib import Path

import pytest

from .lives import check_killed_rehearsal, check_kills
from .outside import SHIPPED

JOBS = 32  # so many are not done before the tenth kill


@pytest.mark.fault(
    "Here",
    "SIGKILL at ten random instants, in a storm of faults",
    "run again, none is bought twice, none is lost, no half file is a clip (0, or 6 and settled)",
)
@pytest.mark.parametrize(
    ("listed", "seed"), [(True, 2), (False, 4)], ids=["with a list", "without a list"]
)
def test_ten_kills_in_a_storm_of_faults_lose_nothing_and_buy_nothing_twice(
    tmp_path: Path, *, listed: bool, seed: int
) -> None:
    toll = check_kills(SHIPPED, tmp_path, listed=listed, seed=seed, jobs=JOBS)
    assert (toll.kills, toll.bought) == (10, JOBS)


@pytest.mark.fault(
    "Here",
    "SIGKILL again and again, and the service dies, too",
    "run again, none is bought twice, none is lost, no half file is a clip (0, or 6 and settled)",
)
def test_a_rehearsal_that_is_killed_again_and_again_resumes_and_buys_nothing_twice(
    tmp_path: Path,
) -> None:
    check_killed_rehearsal(SHIPPED, tmp_path, seed=1)
