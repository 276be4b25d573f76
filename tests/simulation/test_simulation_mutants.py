"""The simulation fails for a batchsora that has one of its promises taken out."""

from pathlib import Path

import pytest
from kills.mutants import Mutant, patched
from kills.promises import Broken

from .suspects import CAUGHT, Check


@pytest.mark.parametrize(("mutant", "check", "says"), CAUGHT)
def test_a_mutant_is_caught_by_the_kills_that_the_shipped_source_survives(
    tmp_path: Path, mutant: Mutant, check: Check, says: str
) -> None:
    package = patched(mutant, tmp_path / "package")
    (tmp_path / "home").mkdir()
    with pytest.raises(Broken, match=says):
        check(package, tmp_path / "home")
