"""What a fault left: the requests that the service counted, each job's state, the exit code."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from door.door import Desk, Said, Service

CREATE = "POST /v1/videos"
LIST = "GET /v1/videos"
POLL = "GET /v1/videos/{id}"
OURS = "GET /simulator/"  # the tests' own question
FETCH = "GET /v1/videos/{id}/content"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command, or a run in a loop of its own, ended."""

    code: int
    asked: Counter[str]  # requests by their routes, each counted before it was read
    jobs: Counter[str]  # by state, a failed one with its reason; empty where there is no ledger
    words: str = ""  # what a person was told


def ends(
    ended: Ended, *, creates: int | range, jobs: Mapping[str, int], code: int, **asked: int
) -> None:
    """See how many requests were sent, what the ledger says of the jobs, and the exit code.

    A range of creates is for what chance settles; `polls` and `fetches` are looked at where given.
    """
    came = ended.asked[CREATE]
    enough = came in creates if isinstance(creates, range) else came == creates
    found = {"polls": ended.asked[POLL], "fetches": ended.asked[FETCH]}
    assert (enough or f"{came} creates", dict(ended.jobs), ended.code) == (True, jobs, code), (
        ended.words
    )
    assert {name: found[name] for name in asked} == asked


def left(desk: Desk, shop: Service, said: Said) -> Ended:
    """Say how a command ended that ran the manifest on a desk."""
    came = {it: sum(answers.values()) for it, answers in shop.record()["requests"].items()}
    asked = Counter({it: count for it, count in came.items() if not it.startswith(OURS)})
    return Ended(said.code, asked, read_jobs(desk.run_folder), said.err)


def case(*values: object, fault: tuple[str, str, str], id: str | None = None) -> Any:  # noqa: A002 - as pytest calls it
    """Make a case of a parametrised test: its values, and the fault that it shows."""
    return pytest.param(*values, marks=pytest.mark.fault(*fault), id=id or fault[1])


def read_jobs(run_folder: Path) -> Counter[str]:
    """Count the jobs of a ledger by their states; nothing where there is none."""
    return Counter(
        ": ".join(filter(None, (row["state"], row["reason"]))) for row in read_ledger(run_folder)
    )


def read_ledger(run_folder: Path, table: str = "jobs") -> list[sqlite3.Row]:
    """Read the rows of a ledger's table, in the order in which they were written."""
    file = run_folder / "ledger.db"
    if not file.is_file():
        return []
    ledger = sqlite3.connect(file)
    ledger.row_factory = sqlite3.Row
    try:
        return ledger.execute(f"select * from {table} order by rowid").fetchall()  # noqa: S608 - our own word
    finally:
        ledger.close()
