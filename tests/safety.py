"""What the tests of safety showed on this machine: those of faults, and those of kills. Pure.

A test that says "not shown: …" when it is skipped needs what a machine may lack (the right to
mount a disk, say). Any other skip is one too many where it is insisted on all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

KILLS = "tests/kills/"
NOT_SHOWN = "not shown: "
PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
_SHOWN_BY = re.compile(r"\[(test_\w+)\]\(\.\./(tests/[\w/]+\.py)\)")


class Report(Protocol):
    """What pytest reports of a test, whichever process ran it."""

    nodeid: str
    keywords: Mapping[str, object]
    longrepr: object


def is_of_safety(report: Report) -> bool:
    """Tell whether a test belongs to what must never be skipped unseen."""
    return "fault" in report.keywords or report.nodeid.startswith(KILLS)


def why(report: Report) -> str:
    """Say why a test was skipped."""
    told = report.longrepr
    return str(told[2] if isinstance(told, tuple) else told).removeprefix("Skipped: ")


def not_shown(skipped: Iterable[Report]) -> list[str]:
    """Name the tests of safety that this machine can't run, with what it lacks."""
    lacking = ((it, why(it)) for it in skipped if is_of_safety(it))
    return [
        f"{it.nodeid}: {reason.removeprefix(NOT_SHOWN)}"
        for it, reason in lacking
        if reason.startswith(NOT_SHOWN)
    ]


def complaints(passed: Iterable[Report], skipped: Iterable[Report], page: str) -> Iterator[str]:
    """Say which tests of safety should have run and did not, and which a page names in vain."""
    skipped = list(skipped)
    for report in skipped:
        if is_of_safety(report) and not why(report).startswith(NOT_SHOWN):
            yield f"{report.nodeid} was skipped: {why(report)}"
    met = {report.nodeid.partition("[")[0] for report in (*passed, *skipped)}
    for name, file in sorted(set(_SHOWN_BY.findall(page))):
        if f"{file}::{name}" not in met:
            yield f"{file}::{name} is in the table of faults, and did not run"
