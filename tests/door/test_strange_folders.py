"""A run folder is a file like any other, and may be a stranger's: it leads to no place outside."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from .door import Desk, Service, service

HIDDEN = "what nobody is to see"
COMMANDS = (
    ("report", "runs/work", "--embed"),
    ("retry", "runs/work", "--from", "marks.csv"),
    ("report", "runs/work", "--junit", "report.xml"),
    ("status", "runs/work"),
    ("show", "runs/work", "sun"),
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path / "state") as open_shop:
        yield open_shop


@pytest.fixture
def made(desk: Desk, shop: Service) -> Desk:
    desk.writes_rows("sun over hills")
    assert desk.buys(shop.url).code == 0
    desk.writes("mark,id,take\nreject,sun,1\n", "marks.csv")
    desk.writes(HIDDEN, "mine.txt")
    return desk


@pytest.mark.parametrize("place", ["../../mine.txt", "videos/../../../mine.txt", "/etc/hostname"])
@pytest.mark.parametrize(
    "change", ["update jobs set file = ?", "update jobs set output = ?"], ids=["clip", "output"]
)
def test_a_ledger_that_names_a_place_outside_is_refused(
    made: Desk, place: str, change: str
) -> None:
    with sqlite3.connect(made.run_folder / "ledger.db") as ledger:
        ledger.execute(change, (place,))
    ledger.close()
    for words in COMMANDS:
        said = made.types(*words)
        if words[0] == "status":  # it counts, and reads no job
            continue
        assert said.code == 9, (words, said)
        assert "the ledger names a place outside videos/" in said.err
    assert (made.folder / "mine.txt").read_text() == HIDDEN
    assert not (made.run_folder / "rejected").exists()


def test_a_link_among_the_clips_brings_nothing_into_the_page(made: Desk) -> None:
    clip = made.run_folder / "videos" / "sun.mp4"
    clip.unlink()
    clip.symlink_to(made.folder / "mine.txt")
    assert made.types("report", "runs/work", "--embed").code == 0
    page = (made.run_folder / "report.html").read_text()
    assert base64.b64encode(HIDDEN.encode()).decode() not in page
    assert 'class="clip"' not in page


def test_a_junit_file_takes_the_place_of_another_one_only(made: Desk) -> None:
    before = (made.run_folder / "ledger.db").read_bytes()
    for path in ("runs/work/ledger.db", "work.yaml", "mine.txt"):
        said = made.types("report", "runs/work", "--junit", path)
        assert said.code == 2
        assert "would be replaced" in said.err
    assert (made.run_folder / "ledger.db").read_bytes() == before
    for _ in range(2):
        assert made.types("report", "runs/work", "--junit", "report.xml").code == 0


def test_a_clip_that_is_gone_everywhere_is_told_by_whatever_tells_of_the_run(
    made: Desk, shop: Service
) -> None:
    (made.run_folder / "videos" / "sun.mp4").unlink()
    with sqlite3.connect(made.run_folder / "ledger.db") as ledger:
        ledger.execute("update jobs set expires_at = '2020-01-01T00:00:00.000000Z'")
    ledger.close()
    said = made.buys(shop.url, "--on-done", "env | grep BATCHSORA_MISSING >missing.txt")
    assert said.code == 1
    assert (made.folder / "missing.txt").read_text() == "BATCHSORA_MISSING=1\n"
    assert "missing:    1 clip, removed here and gone at the service" in said.err
    assert "missing:    1 clip" in made.types("status", "runs/work").out
    assert '"missing": 1' in made.types("status", "runs/work", "--json").out
    assert '"missing": 1' in (made.run_folder / "report.json").read_text()
