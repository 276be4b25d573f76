"""report.csv and report.json on disk."""

from __future__ import annotations

import csv
import json
import os
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.job import Job, Order, Size
from batchsora.ledger.answers import Entry
from batchsora.reports import csv_report, json_report, report_columns, report_row

Write = Callable[[Path, Iterable[Entry]], None]


def write_csv(path: Path, entries: Iterable[Entry], own: Sequence[str]) -> None:
    with csv_report(path, own) as add:
        for entry in entries:
            add(report_row(entry, own))


def write_json(
    path: Path,
    *,
    run: Mapping[str, Any],
    entries: Iterable[Entry],
    totals: Mapping[str, Any],
    own: Sequence[str],
) -> None:
    with json_report(path, run=run, totals=totals) as add:
        for entry in entries:
            add(report_row(entry, own))


def as_csv(path: Path, entries: Iterable[Entry]) -> None:
    write_csv(path, entries, ["mood"])


def as_json(path: Path, entries: Iterable[Entry]) -> None:
    write_json(path, run={}, entries=entries, totals={}, own=["mood"])


both = pytest.mark.parametrize("write", [as_csv, as_json])


def asked(prompt: str = "a cat", row: int = 1, **columns: str) -> Entry:
    order = Order(prompt, "sora-2", 4, Size(720, 1280))
    job = Job(f"{row:032x}", f"cat-{row}", order, f"videos/{row}.mp4", Decimal("0.40"))
    return Entry(job, row, None, row + 1, (), columns, datetime(2026, 1, 31, tzinfo=UTC))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_csv_begins_with_a_byte_order_mark_and_the_header(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_csv(path, [], ["mood"])
    header = ",".join(report_columns(["mood"]))
    assert path.read_bytes() == b"\xef\xbb\xbf" + header.encode() + b"\r\n"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(tmp_path: Path, sign: str) -> None:
    path = tmp_path / "report.csv"
    danger = f"{sign}1+2"
    write_csv(path, [asked(danger, mood=danger)], ["mood"])
    (line,) = read_csv(path)
    assert (line["prompt"], line["mood"]) == (f"'{danger}", f"'{danger}")


def test_the_name_of_an_own_column_is_disarmed_too(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_csv(path, [], ["=cmd()"])
    assert ",'=cmd()," in path.read_text(encoding="utf-8-sig")


def test_a_sign_in_the_middle_of_a_cell_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_csv(path, [asked("a = b", mood="calm - ish")], ["mood"])
    (line,) = read_csv(path)
    assert (line["prompt"], line["mood"]) == ("a = b", "calm - ish")


def test_the_json_keeps_what_the_csv_disarms(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    as_json(path, [asked("=1+2")])
    assert json.loads(path.read_text("utf-8"))["jobs"][0]["prompt"] == "=1+2"


@given(prompt=st.text(), mood=st.text())
def test_any_text_comes_back_from_the_csv_and_the_json(
    tmp_path_factory: pytest.TempPathFactory, prompt: str, mood: str
) -> None:
    folder = tmp_path_factory.mktemp("run")
    as_csv(folder / "report.csv", [asked(prompt, mood=mood)])
    (line,) = read_csv(folder / "report.csv")
    for cell, text in ((line["prompt"], prompt), (line["mood"], mood)):
        seen = "".join(map(picture, text))
        assert cell == (f"'{seen}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else seen)
    as_json(folder / "report.json", [asked(prompt, mood=mood)])
    (job,) = json.loads((folder / "report.json").read_text("utf-8"))["jobs"]
    assert (job["prompt"], job["mood"]) == (prompt, mood)


def picture(letter: str) -> str:
    """Say how a letter stands in a cell."""
    if letter in "\t\n\r" or unicodedata.category(letter) != "Cc":
        return letter
    if letter < " ":
        return chr(ord("\N{SYMBOL FOR NULL}") + ord(letter))
    return "\N{SYMBOL FOR DELETE}" if letter == "\x7f" else f"\\x{ord(letter):02x}"


@both
def test_no_letter_of_a_report_drives_a_terminal(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"
    write(path, [asked("red \x1b[31m \x9b31m", mood="beep\x07 back\x08 gone\x7f \x00")])
    told = path.read_text("utf-8-sig")
    assert {it for it in told if unicodedata.category(it) == "Cc"} <= {"\t", "\n", "\r"}
    assert "31m" in told


def test_a_cell_that_is_too_long_for_spreadsheets_is_cut_there_and_whole_in_the_json(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report"
    just, more = "-" + "🎩" * 16_382 + "x", "-" + "🎩" * 16_383
    as_csv(path, [asked(mood=just), asked(mood=more)])
    whole, cut = (line["mood"] for line in read_csv(path))
    assert whole == f"'{just}"
    assert cut == "'-" + "🎩" * 16_382 + "…"
    assert len(cut.encode("utf-16-le")) == 2 * 32_767
    as_json(path, [asked(mood=more)])
    assert json.loads(path.read_text("utf-8"))["jobs"][0]["mood"] == more


def test_every_line_of_the_csv_ends_with_cr_and_lf(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    as_csv(path, [asked(row=1), asked(row=2)])
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") == 3


@both
def test_half_a_surrogate_pair_stops_no_report(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"
    write(path, [asked("broken \udc80")])
    assert "broken \\udc80" in path.read_text("utf-8")


def test_the_json_has_numbers_as_numbers_and_money_as_text(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    run = {"name": "autumn", "began_at": datetime(2026, 1, 31, 9, 30, 0, 5, tzinfo=UTC)}
    write_json(path, run=run, entries=[asked()], totals={"cost_usd": Decimal("0.4")}, own=[])
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    (job,) = report.pop("jobs")
    assert report == {
        "version": 1,
        "run": {"name": "autumn", "began_at": "2026-01-31T09:30:00Z"},
        "totals": {"cost_usd": "0.40"},
    }
    assert list(job) == report_columns([])
    assert (job["row"], job["seconds"], job["attempts"], job["manifest_line"]) == (1, 4, 0, 2)
    assert (job["cost_usd"], job["bytes"], job["queue_s"]) == ("0.00", None, None)


def test_the_json_of_no_jobs_is_json(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    as_json(path, [])
    assert json.loads(path.read_text("utf-8")) == {
        "version": 1,
        "run": {},
        "totals": {},
        "jobs": [],
    }


@pytest.mark.parametrize("unsaid", [float("nan"), object()])
def test_what_json_cannot_say_leaves_the_old_report_whole(tmp_path: Path, unsaid: object) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises((TypeError, ValueError)):
        write_json(path, run={}, entries=[], totals={"it": unsaid}, own=[])
    assert path.read_text() == "old"


@both
@pytest.mark.parametrize("leaving", [OSError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_the_old_report_whole(
    tmp_path: Path, write: Write, leaving: type[BaseException]
) -> None:
    path = tmp_path / "report"
    write(path, [asked()])
    old = path.read_bytes()

    def breaks() -> Iterator[Entry]:
        yield from (asked(row=row) for row in range(1, 1000))
        raise leaving

    with pytest.raises(leaving):
        write(path, breaks())
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@both
def test_a_reader_never_sees_half_a_report(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"
    write(path, [asked()])
    old = path.read_bytes()

    def watched() -> Iterator[Entry]:
        for row in range(1, 1000):
            assert path.read_bytes() == old
            yield asked(row=row)

    write(path, watched())
    assert path.read_bytes() != old
    assert list(tmp_path.iterdir()) == [path]


@both
def test_two_that_write_at_once_do_not_mix(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"

    def meanwhile() -> Iterator[Entry]:
        yield asked("outer")
        write(path, [asked("inner")])

    write(path, meanwhile())
    assert b"outer" in path.read_bytes()
    assert b"inner" not in path.read_bytes()


@both
def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"
    (tmp_path / ".report.0123abcd.part").write_text("half a rep")
    others = tmp_path / ".reports.0123abcd.part"
    others.touch()
    write(path, [asked()])
    assert set(tmp_path.iterdir()) == {path, others}


@both
def test_the_report_may_be_read_by_whom_the_umask_allows(tmp_path: Path, write: Write) -> None:
    before = os.umask(0o022)
    try:
        write(tmp_path / "report", [])
    finally:
        os.umask(before)
    assert (tmp_path / "report").stat().st_mode & 0o777 == 0o644


@both
def test_the_report_is_on_the_disk_before_it_takes_the_old_ones_place(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    synced: list[bool] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        synced.append(path.exists())
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    write(path, [asked()])
    assert synced == [False, True]  # the file, then the folder that names it


@both
def test_a_hundred_thousand_jobs_stream_in_bounded_memory(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "report"
    tracemalloc.start()
    try:
        write(path, (asked(row=row, mood="calm") for row in range(1, 100_001)))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.read_bytes().count(b"cat-") == 100_000
    assert peak_bytes < 2_000_000
