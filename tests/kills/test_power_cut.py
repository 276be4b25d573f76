"""The power is cut at random instants, and nothing is lost that was acknowledged by then."""

from pathlib import Path

import pytest

from .cuts import JOBS_A_CUT, check_cuts
from .disks import why_not
from .mutants import patched
from .mutations import NO_SYNC
from .outside import SHIPPED
from .promises import Broken


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a folder in which disks can be mounted."""
    if reason := why_not():
        pytest.skip(reason)
    return tmp_path


@pytest.mark.fault(
    "Here",
    "the power is cut",
    "nothing is lost that was acknowledged; run again, none is bought twice (0)",
)
def test_power_cuts_lose_nothing_that_was_acknowledged(home: Path) -> None:
    tally = check_cuts(SHIPPED, home, listed=False, seed=1, cuts=3)
    assert tally.cuts == 3
    assert tally.intents >= tally.ids >= JOBS_A_CUT


def test_a_ledger_that_is_not_synced_is_found_out_by_a_power_cut(home: Path) -> None:
    package = patched(NO_SYNC, home / "package")
    with pytest.raises(Broken, match=r"lost|intents are on disk|damaged"):
        check_cuts(package, home, listed=False, seed=1, cuts=3)
