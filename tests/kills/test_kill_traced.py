"""What strace sees of the runner: the order of its writes, and kills between two of them."""

from pathlib import Path

import pytest

from .boundaries import story
from .order import check_order
from .outside import SHIPPED, simulator
from .points import check_point, find_points, some_of
from .traced import why_not
from .traps import check_after_the_rename, check_before_the_rename, check_each_sync

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def test_an_intent_is_synced_before_its_request_leaves(tmp_path: Path) -> None:
    check_order(SHIPPED, tmp_path)


@pytest.mark.fault(
    "Here", "SIGKILL before a clip has its name", "no clip; run again, it is fetched (0)"
)
def test_a_kill_before_the_rename_leaves_no_clip_and_a_resume_fetches_it(tmp_path: Path) -> None:
    check_before_the_rename(SHIPPED, tmp_path)


@pytest.mark.fault("Here", "SIGKILL after a clip has its name", "run again, it is kept (0)")
def test_a_kill_after_the_rename_leaves_a_clip_that_the_resume_keeps(tmp_path: Path) -> None:
    check_after_the_rename(SHIPPED, tmp_path)


@pytest.mark.fault(
    "Here",
    "SIGKILL at each sync of the ledger",
    "run again, none is bought twice, none is lost, no half file is a clip (0, or 6 and settled)",
)
def test_a_rehearsal_that_is_killed_at_each_sync_of_its_ledger_resumes(tmp_path: Path) -> None:
    check_each_sync(SHIPPED, tmp_path)


@pytest.mark.fault(
    "Here",
    "SIGKILL at each write, sync, rename, send and receive (30 of them by chance)",
    "run again, none is bought twice, none is lost, no half file is a clip (0, or 6 and settled)",
)
def test_a_kill_at_any_system_call_is_made_good(tmp_path: Path) -> None:
    with simulator(tmp_path / "service", story(listed=False)) as url:
        points = some_of(find_points(tmp_path / "watched", url), 30, seed=1)
        met = [check_point(tmp_path / str(it), url, point) for it, point in enumerate(points)]
    assert sum(met) > 25, "on a busy machine a run may differ a little from that which was watched"
