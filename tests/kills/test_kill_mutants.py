"""The checks of this folder fail for a batchsora that has one of its promises taken out."""

from pathlib import Path

import pytest

from .mutants import CAUGHT, Check, Mutant, patched
from .promises import Broken


@pytest.mark.parametrize(("mutant", "check", "says"), CAUGHT)
def test_a_mutant_is_caught_by_the_check_that_the_shipped_source_passes(
    tmp_path: Path, mutant: Mutant, check: Check, says: str
) -> None:
    package = patched(mutant, tmp_path / "package")
    (tmp_path / "home").mkdir()
    with pytest.raises(Broken, match=says):
        check(package, tmp_path / "home")
