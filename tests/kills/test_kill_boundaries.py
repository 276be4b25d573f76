"""The runner is killed at each boundary of a job's life, as it is seen from outside."""

from pathlib import Path

import pytest

from .between import Boundary
from .boundaries import (
    ANSWER_SENT,
    HALF_WAY,
    ID_WRITTEN,
    INTENT_WRITTEN,
    REQUEST_RECEIVED,
    check_boundary,
    check_full_wire,
)
from .outside import SHIPPED

# a list makes a difference only where a submission is left open
CASES = [
    (INTENT_WRITTEN, True),
    (INTENT_WRITTEN, False),
    (REQUEST_RECEIVED, True),
    (REQUEST_RECEIVED, False),
    (ANSWER_SENT, False),
    (ID_WRITTEN, False),
    (HALF_WAY, False),
]


@pytest.mark.fault(
    "Here",
    "SIGKILL at each boundary of a job's life",
    "run again, none is bought twice, none is lost, no half file is a clip (0, or 6 and settled)",
)
@pytest.mark.parametrize(
    ("boundary", "listed"),
    CASES,
    ids=[f"{it.name}, {'with' if listed else 'without'} a list" for it, listed in CASES],
)
def test_a_kill_at_the_boundary_is_made_good(
    tmp_path: Path, boundary: Boundary, *, listed: bool
) -> None:
    check_boundary(SHIPPED, tmp_path, boundary, listed=listed)


@pytest.mark.fault(
    "Here",
    "SIGKILL while four create requests are on the wire",
    "no more jobs in doubt than that (6)",
)
def test_a_kill_puts_no_more_jobs_in_doubt_than_requests_were_on_the_wire(tmp_path: Path) -> None:
    check_full_wire(SHIPPED, tmp_path)
