"""Mutants: the shipped package with one promise taken out, and the tests that see it.

What a patch takes out must stand exactly once in the whole package, wherever that is.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

from .outside import SHIPPED


@dataclass(frozen=True, slots=True)
class Patch:
    """A text of the shipped source, and what stands in its place."""

    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A promise that is taken out, and the tests of which each must fail then."""

    name: str
    patches: tuple[Patch, ...]
    caught_by: tuple[str, ...]  # pytest's names: file::test, or file::test[case]


def patched(mutant: Mutant, folder: Path) -> Path:
    """Copy the shipped package into a folder and patch it there; returns the folder."""
    copy = folder / "batchsora"
    shutil.copytree(SHIPPED / "batchsora", copy)
    for patch in mutant.patches:
        _apply(patch, copy, mutant.name)
    return folder


def _apply(patch: Patch, package: Path, name: str) -> None:
    found = {it: it.read_text("utf-8") for it in package.rglob("*.py")}
    places = [it for it, text in found.items() for _ in range(text.count(patch.was))]
    assert len(places) == 1, f"{name}: adapt the patch, {patch.was!r} stands at {places}"
    (place,) = places
    place.write_text(found[place].replace(patch.was, patch.now), "utf-8")
    # all others are taken as they were compiled, which saves most of a start
    Path(cache_from_source(str(place))).unlink(missing_ok=True)
