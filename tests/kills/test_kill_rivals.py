"""Two runners are started on one run folder, and a third when the one that got in is killed."""

from pathlib import Path

import pytest

from .outside import SHIPPED
from .rivals import check_rivals


@pytest.mark.fault(
    "Here",
    "two runners at once, and the first one is killed",
    "the second is sent away (9), a third takes over and buys none twice (0)",
)
@pytest.mark.parametrize("seed", [1, 2])
def test_of_two_runners_one_is_sent_away_and_a_third_takes_over_from_a_killed_one(
    tmp_path: Path, seed: int
) -> None:
    check_rivals(SHIPPED, tmp_path, seed=seed)
