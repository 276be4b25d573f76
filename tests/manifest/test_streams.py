"""Memory does not grow with a manifest."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from batchsora.manifest import Planned, open_manifest

ROWS = 10_000
MOST_GROWTH_BYTES = 300_000


def fill(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        if path.suffix == ".csv":
            stream.write("image,prompt,seconds,sku\n")
            stream.writelines(f"cat.png,A cat on its way number {n},8,S{n}\n" for n in range(rows))
        else:
            stream.writelines(
                f'{{"image": "cat.png", "prompt": "Cat number {n}", "sku": {n}}}\n'
                for n in range(rows)
            )


@pytest.mark.parametrize("name", ["many.csv", "many.jsonl"])
def test_memory_does_not_grow_with_the_rows(folder: Path, name: str) -> None:
    path = folder / name
    fill(path, ROWS)
    jobs = open_manifest(path).jobs()
    for _ in range(1000):  # caches are filled, modules loaded
        assert isinstance(next(jobs), Planned)
    tracemalloc.start()
    try:
        rows = sum(isinstance(job, Planned) for job in jobs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == ROWS - 1000
    assert peak < MOST_GROWTH_BYTES


MEASURED = """
import resource, sys
from pathlib import Path
from batchsora.manifest import open_manifest
print(sum(1 for _ in open_manifest(Path(sys.argv[1])).jobs()))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kb(path: Path, rows: int) -> int:
    """Read a table in a process of its own, and ask the kernel what that took."""
    fill(path, rows)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    read, peak = done.stdout.split()
    assert int(read) == rows
    return int(peak)


def test_a_hundred_thousand_rows_take_the_memory_of_a_thousand(folder: Path) -> None:
    assert peak_kb(folder / "t.csv", 100_000) - peak_kb(folder / "t.csv", 1000) < 4000


def test_memory_does_not_grow_with_the_problems(folder: Path) -> None:
    path = folder / "many.csv"
    path.write_text("image,prompt,seconds\n" + "gone.png,,7\n" * ROWS)
    found = open_manifest(path).jobs()
    for _ in range(1000):
        next(found)
    tracemalloc.start()
    try:
        problems = sum(1 for _ in found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problems == 3 * ROWS - 1000
    assert peak < MOST_GROWTH_BYTES


def test_rows_can_be_read_again(folder: Path) -> None:
    path = folder / "few.csv"
    fill(path, 5)
    manifest = open_manifest(path)
    assert list(manifest.jobs()) == list(manifest.jobs())


def test_a_row_that_stands_for_many_jobs_keeps_little_of_each(folder: Path) -> None:
    path = folder / "many.yaml"
    many = list(range(100))
    path.write_text(f"rows: [{{prompt: '{{a}} {{b}}', matrix: {{a: {many}, b: {many}}}}}]\n")
    jobs = open_manifest(path).jobs()
    for _ in range(1000):
        assert isinstance(next(jobs), Planned)
    tracemalloc.start()
    try:
        assert sum(isinstance(job, Planned) for job in jobs) == ROWS - 1000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500 * ROWS  # a job itself takes twice that
