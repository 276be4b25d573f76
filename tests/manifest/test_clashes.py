"""Ids that come from keys: two rows whose keys begin alike are told apart all the same."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from batchsora.clock import system_now
from batchsora.errors import Problem
from batchsora.ledger.opening import empty
from batchsora.ledger.records import Records
from batchsora.manifest import Planned, open_manifest
from batchsora.manifest.orders import ID_DIGITS
from batchsora.runner.choosing import Choice
from batchsora.runner.planning import Gone, Met, meet
from batchsora.runner.unique import LONG_ID_DIGITS

from .conftest import write

# Found by a search of 1.3 million prompts: among so many, two keys with ten digits in common are
# to be expected.
ALIKE = ("Cat number 1004039", "Cat number 1259669")


def met(content: str, name: str = "t.csv") -> list[Planned | Problem]:
    """Read a manifest as a run does, against an empty ledger."""
    manifest = open_manifest(write(name, content))
    with closing(empty()) as ledger:
        found = meet(manifest, Records(ledger), Path(os.devnull), Choice(), system_now())
        return [
            it.planned if isinstance(it, Met) else it for it in found if not isinstance(it, Gone)
        ]


def jobs_of(content: str, name: str = "t.csv") -> list[Planned]:
    """Read a manifest that has no problem."""
    found = met(content, name)
    jobs = [job for job in found if isinstance(job, Planned)]
    assert jobs == found
    return jobs


def test_two_keys_that_begin_alike_make_two_ids_and_two_files() -> None:
    first, second = jobs_of("prompt\n" + "\n".join(ALIKE) + "\n")
    assert first.key[:ID_DIGITS] == second.key[:ID_DIGITS]
    assert first.key != second.key
    assert (first.id, second.id) == (first.key[:ID_DIGITS], second.key[:LONG_ID_DIGITS])
    assert (first.output, second.output) == (
        f"videos/{first.id}.mp4",
        f"videos/{second.id}.mp4",
    )


def test_they_are_told_apart_however_far_apart_they_stand() -> None:
    between = "".join(f"dog {n}\n" for n in range(1200))  # more than are compared at once
    jobs = jobs_of(f"prompt\n{ALIKE[0]}\n{between}{ALIKE[1]}\n")
    assert len({job.id for job in jobs}) == len({job.output for job in jobs}) == len(jobs)
    assert (len(jobs[0].id), len(jobs[-1].id)) == (ID_DIGITS, LONG_ID_DIGITS)


@pytest.mark.parametrize("takes", [(1, 2), (2, 1), (2, 3)])
def test_all_takes_of_the_second_get_one_longer_id(takes: tuple[int, int]) -> None:
    rows = "".join(f"{prompt},{count}\n" for prompt, count in zip(ALIKE, takes, strict=True))
    jobs = jobs_of(f"prompt,takes\n{rows}")
    ids = [{job.id for job in jobs if job.order.prompt == prompt} for prompt in ALIKE]
    firsts = [next(job.key for job in jobs if job.order.prompt == prompt) for prompt in ALIKE]
    assert ids == [{firsts[0][:ID_DIGITS]}, {firsts[1][:LONG_ID_DIGITS]}]
    assert len({job.output for job in jobs}) == sum(takes)


def test_takes_keep_their_longer_id_when_many_rows_are_compared_in_parts() -> None:
    between = "".join(f"dog {n},1\n" for n in range(498))  # 500 are compared at once
    jobs = jobs_of(f"prompt,takes\n{ALIKE[0]},1\n{between}{ALIKE[1]},3\n")
    assert {job.id for job in jobs[-3:]} == {jobs[-3].key[:LONG_ID_DIGITS]}


def test_a_name_that_is_given_is_left_alone() -> None:
    first, *_ = jobs_of(f"prompt\n{ALIKE[0]}\n")
    named, derived = jobs_of(f"prompt,id\na dog,{first.id}\n{ALIKE[1]},\n")
    assert (named.id, derived.id) == (first.id, derived.key[:LONG_ID_DIGITS])
