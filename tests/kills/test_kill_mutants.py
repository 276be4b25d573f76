"""The suite as it is fails for a batchsora that has one of its promises taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutants import Mutant, patched
from .mutations import MUTANTS
from .outside import SHIPPED
from .suite import FAILED, PASSED, SKIPPED, run_tests


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run all the tests that are named on the shipped source, once."""
    nodes = {node: None for mutant in MUTANTS for node in mutant.caught_by}
    return run_tests(list(nodes), SHIPPED, tmp_path_factory.mktemp("shipped") / "home")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_caught_by_tests_that_the_shipped_source_passes(
    shipped: dict[str, str], tmp_path: Path, mutant: Mutant
) -> None:
    # what is skipped here (no strace, not root) is so for both, and is told by the suite itself
    nodes = [node for node in mutant.caught_by if shipped[node] != SKIPPED]
    assert {node: shipped[node] for node in nodes} == dict.fromkeys(nodes, PASSED)
    caught = run_tests(nodes, patched(mutant, tmp_path / "package"), tmp_path / "home")
    assert caught == dict.fromkeys(nodes, FAILED)
    assert nodes
