"""The suite as it is fails for a batchsora that has one of its promises taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutants import Mutant, Patch, patched
from .mutations import MUTANTS
from .outside import SHIPPED
from .suite import BROKEN, FAILED, PASSED, SKIPPED, run_tests


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
    assert nodes
    assert {node: shipped[node] for node in nodes} == dict.fromkeys(nodes, PASSED)
    caught = run_tests(nodes, patched(mutant, tmp_path / "package"), tmp_path / "home")
    assert caught == dict.fromkeys(nodes, FAILED)


@pytest.mark.parametrize(
    "patch",
    [
        Patch("BUSY_TRIES = 6", "BUSY_TRIES = no_such_name"),
        Patch("    def claim(self, name", "    def claims(self, name"),
    ],
    ids=["that can't be imported", "that fails before it comes to a judgement"],
)
def test_a_source_is_not_taken_for_caught(tmp_path: Path, patch: Patch) -> None:
    (node,) = (it for it in MUTANTS[0].caught_by if "ledger/test_opening" in it)
    package = patched(Mutant("broken", (patch,), ()), tmp_path / "package")
    assert run_tests([node], package, tmp_path / "home") == {node: BROKEN}
