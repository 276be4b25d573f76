"""Clips that a person looked at: those marked as rejected are bought anew, and nothing else is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchsora.simulator import Fault

from .door import Desk, Said, Service, service

SUN, RAIN = "sun over hills", "rain on glass"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path / "state") as open_shop:
        yield open_shop


@pytest.fixture
def made(desk: Desk, shop: Service) -> Desk:
    desk.writes_rows(SUN, RAIN)
    assert desk.buys(shop.url).code == 0
    return desk


def retries(desk: Desk, table: str, *words: str) -> Said:
    desk.writes(table, "marks.csv")
    return desk.types("retry", "work.yaml", "--from", "marks.csv", *words)


def test_a_rejected_clip_is_bought_anew_and_the_old_one_stays(made: Desk, shop: Service) -> None:
    old = (made.run_folder / "videos" / "rain.mp4").read_bytes()
    said = retries(made, "\ufeffmark,id,take\r\nkeep,sun,1\r\nreject,rain,1\r\n")
    assert said.code == 0
    assert "1 clip to be bought anew: 0.40 USD; 1 clip that you have move to rejected/" in said.err
    aside = made.run_folder / "rejected" / f"rain-{hashlib.sha256(old).hexdigest()[:8]}.mp4"
    assert aside.read_bytes() == old
    assert made.statuses() == {"sun": "done", "rain": "pending"}
    assert made.buys(shop.url).code == 0
    assert shop.bought() == {SUN: 1, RAIN: 2}
    assert made.report()["rain"]["cost_usd"] == "0.80"
    assert (made.run_folder / "videos" / "rain.mp4").is_file()
    assert aside.is_file()


def test_a_mark_is_never_taken_for_that_of_another_clip(made: Desk, shop: Service) -> None:
    video = made.report()["rain"]["video_id"]
    table = f"mark,id,take,video_id\nreject,rain,1,{video}\n"
    assert retries(made, table).code == 0
    assert made.buys(shop.url).code == 0
    said = retries(made, table)  # the same table once more: that clip is gone
    assert said.code == 2
    assert "no failed job is meant" in said.err
    assert made.statuses()["rain"] == "done"


def test_lines_of_a_report_put_back_what_failed_and_no_clip(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    once = Fault("create", "moderated", match="rain", times=1)
    with service(tmp_path / "state", faults=(once,)) as shop:
        assert desk.buys(shop.url).code == 1
        report = (desk.run_folder / "report.csv").read_text("utf-8-sig")
        said = retries(desk, report.replace(",", ";"))  # as some spreadsheets save it
        assert (said.code, said.out.split(";")[0]) == (0, "1 put back")
        assert desk.statuses() == {"sun": "done", "rain": "pending"}
        assert desk.buys(shop.url).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}


def test_a_column_of_the_manifest_that_is_called_mark_marks_nothing(
    desk: Desk, shop: Service
) -> None:
    desk.writes("rows: [{id: sun, prompt: sun over hills, vars: {mark: reject}}]\n")
    assert desk.buys(shop.url).code == 0
    report = (desk.run_folder / "report.csv").read_text("utf-8-sig")
    assert ",reject," in report
    assert "no failed job is meant" in retries(desk, report).err
    assert desk.statuses() == {"sun": "done"}


def test_a_table_is_of_the_purchase_that_it_names_also_where_the_next_one_failed(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(RAIN)
    second = Fault("create", "render_failed", nth=(2,))
    with service(tmp_path / "state", faults=(second,)) as shop:
        assert desk.buys(shop.url).code == 0
        table = f"mark,id,take,video_id\nreject,rain,1,{desk.report()['rain']['video_id']}\n"
        assert retries(desk, table).code == 0
        assert desk.buys(shop.url).code == 1
        assert "no failed job is meant" in retries(desk, table).err
        assert shop.creates == 2


def test_a_clip_that_cannot_be_set_aside_leaves_all_as_it_was(made: Desk) -> None:
    (made.run_folder / "rejected").write_text("a file in its place")
    said = retries(made, "mark,id,take\nreject,sun,1\nreject,rain,1\n")
    assert said.code == 9
    assert made.statuses() == {"sun": "done", "rain": "done"}
    assert (made.run_folder / "videos" / "sun.mp4").is_file()
    (made.run_folder / "rejected").unlink()
    assert retries(made, "mark,id,take\nreject,sun,1\n").code == 0


def test_a_clip_that_was_set_aside_before_a_crash_is_put_back_by_the_same_command(
    made: Desk, shop: Service
) -> None:
    clip = made.run_folder / "videos" / "rain.mp4"
    aside = made.run_folder / "rejected" / "rain-aside.mp4"
    aside.parent.mkdir()
    clip.rename(aside)
    assert retries(made, "mark,id,take\nreject,rain,1\n").code == 0
    assert made.buys(shop.url).code == 0
    assert shop.bought() == {SUN: 1, RAIN: 2}
    assert aside.is_file()
    assert clip.is_file()


def test_line_ends_that_only_some_programs_know_do_not_break_a_table(made: Desk) -> None:
    table = 'mark,id,take,note\nreject,rain,1,odd\u2028end \x85 and \x0b\nkeep,sun,1,"two\nlines"\n'
    assert retries(made, table).code == 0
    assert made.statuses() == {"sun": "done", "rain": "pending"}


def test_the_mark_on_a_row_is_found_beside_that_on_one_that_is_gone(
    made: Desk, shop: Service
) -> None:
    first = made.report()["rain"]["video_id"]
    made.writes_rows(SUN, "rain on a roof")
    assert made.buys(shop.url).code == 0
    second = made.report_lines()[1]["video_id"]
    table = f"mark,id,take,video_id\nreject,rain,1,{second}\nreject,rain,1,{first}\n"
    said = retries(made, table)
    assert (said.code, said.out.split(";")[0]) == (0, "1 put back")


def test_an_id_that_was_disarmed_is_found(desk: Desk, shop: Service) -> None:
    desk.writes("rows: [{id: '+1', prompt: 'one more'}]\n")
    assert desk.buys(shop.url).code == 0
    assert desk.report_lines()[0]["id"] == "'+1"
    assert retries(desk, "mark,id,take\nreject,'+1,1\n").code == 0
    assert desk.states() == {"pending": 1}


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("mark,name\nreject,rain\n", "marks.csv has no column id"),
        ("", "marks.csv has no column id"),
        ("mark,id,take\nreject,wind,1\n", "marks.csv:2: there is no job wind#1 in this run"),
        ("mark,id,take\nperhaps,rain,1\n", 'marks.csv:2: mark is "perhaps"'),
        ("mark,id,take\nreject,rain,one\n", 'marks.csv:2: take is "one"'),
        (f"mark,id,take\nreject,rain,{'9' * 5000}\n", 'marks.csv:2: take is "999'),
        ("mark,id,take\nreject,\0,1\n", "marks.csv"),
        ("mark,id,take\nkeep,rain,1\n,sun,1\n", "no failed job is meant"),
    ],
)
def test_a_table_that_cannot_be_meant_changes_nothing(made: Desk, table: str, what: str) -> None:
    said = retries(made, table)
    assert said.code == 2
    assert what in said.err
    assert "mend:" in said.err
    assert made.statuses() == {"sun": "done", "rain": "done"}


def test_a_table_and_names_together_are_refused(made: Desk) -> None:
    said = retries(made, "mark,id\nreject,rain\n", "rain")
    assert said.code == 2
    assert "leave JOB away, or --from" in said.err


def test_a_missing_table_is_told(made: Desk) -> None:
    said = made.types("retry", "work.yaml", "--from", "nothing.csv")
    assert said.code == 2
    assert "nothing.csv is missing" in said.err
