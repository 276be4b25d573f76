"""Marks: kept by the browser, exported for spreadsheets and for `batchsora retry --from`."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

from batchsora.cli.marks import read_marks
from batchsora.reports.tables import csv_line

from .browsing import Visit
from .conftest import Opens
from .rehearsal import JOBS
from .sample_page import Cells, Sample, made_up, page_of, sample


def exported(visit: Visit) -> bytes:
    visit.page.locator("#marks-open").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Export as CSV").click()
    return Path(download.value.path()).read_bytes()


def lines_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def marked(visit: Visit, name: str) -> str | None:
    return visit.card(name).get_attribute("data-marked")


def test_marks_survive_a_reload_and_are_counted(visit: Visit) -> None:
    visit.card("cat-hat").get_by_role("button", name="Keep").click()
    visit.card("cat-hat#2").get_by_role("button", name="Reject").click()
    visit.card("cat-hat#3").get_by_role("button", name="Reject").click()
    visit.card("cat-hat#3").get_by_role("button", name="Reject").click()  # taken back
    visit.goes_to()
    assert [marked(visit, it) for it in ("cat-hat", "cat-hat#2", "cat-hat#3")] == [
        "keep",
        "reject",
        None,
    ]
    assert visit.page.locator("#marks-open").inner_text() == "Marks: 1 ✓ 1 ✕"


def test_the_table_says_what_was_marked_and_retry_reads_it(visit: Visit, tmp_path: Path) -> None:
    visit.card("cat-hat").get_by_role("button", name="Keep").click()
    visit.card("cat-hat#2").get_by_role("link", name="Open").click()
    viewer = visit.page.locator("#viewer")
    viewer.get_by_role("button", name="Reject").click()
    viewer.get_by_label("Note").fill('=the "hat",\nfloats')
    visit.presses("Escape")
    table = exported(visit)
    assert table.startswith(b"\xef\xbb\xbfmark,id,take,status,file,prompt,note,video_id\r\n")
    assert table.endswith(b"\r\n")
    kept, rejected = lines_of(table)
    assert (kept["mark"], kept["id"], kept["take"]) == ("keep", "cat-hat", "1")
    assert (rejected["mark"], rejected["take"]) == ("reject", "2")
    assert rejected["file"] == "videos/cat-hat-2.mp4"
    assert rejected["note"] == '\'=the "hat",\nfloats'  # no formula for a spreadsheet
    (tmp_path / "marks.csv").write_bytes(table)
    assert list(read_marks(tmp_path / "marks.csv").named) == [("cat-hat", 2)]
    panel = visit.page.locator("#marks")
    assert "--from work-marks.csv" in panel.inner_text()


def test_marks_are_a_filter_and_who_marks_goes_on_with_the_next(visit: Visit) -> None:
    visit.page.get_by_role("group", name="Mark").get_by_text("Unmarked").click()
    visit.presses("j", "a")
    visit.told(f"{JOBS - 1} of {JOBS} jobs")
    visit.has_come_to("cat-hat")
    assert marked(visit, "cat-hat#2") is None
    visit.presses("r")
    visit.told(f"{JOBS - 2} of {JOBS} jobs")
    counts = visit.page.get_by_role("group", name="Mark").locator(".count").all_inner_texts()
    assert counts == ["1", "1", str(JOBS - 2)]


def test_takes_are_compared_side_by_side_and_the_best_is_kept(visit: Visit) -> None:
    visit.card("cat-hat").get_by_role("link", name="Open").click()
    viewer = visit.page.locator("#viewer")
    viewer.get_by_role("button", name="Compare its 3 takes").click()
    assert viewer.locator(".takes video").count() == 3
    viewer.get_by_role("button", name="Keep cat-hat#2").click()
    visit.presses("Escape")
    visit.waits_until("document.querySelectorAll('video').length === 0")
    assert [marked(visit, it) for it in ("cat-hat", "cat-hat#2")] == [None, "keep"]


def test_all_marks_are_cleared_only_when_asked_twice(visit: Visit) -> None:
    visit.card("cat-hat").get_by_role("button", name="Keep").click()
    visit.page.locator("#marks-open").click()
    visit.page.get_by_role("button", name="Clear all marks").click()
    assert marked(visit, "cat-hat") == "keep"
    visit.page.get_by_role("button", name="Clear them").click()
    assert marked(visit, "cat-hat") is None


def test_runs_of_one_name_share_no_marks(opens: Opens) -> None:
    first = sample(12)
    with opens(of=first) as visit:
        visit.card("sku-00001").get_by_role("button", name="Keep").click()
        names = visit.page.evaluate("Object.keys(localStorage).filter(it => it.includes('marks'))")
        assert names == ["batchsora marks made-up 1790000000000"]


def test_a_browser_that_keeps_nothing_says_so_and_marks_all_the_same(opens: Opens) -> None:
    with opens(stores=False) as visit:
        assert "keeps nothing for this page" in visit.page.locator("#notice").inner_text()
        visit.card("cat-hat").get_by_role("button", name="Keep").click()
        assert marked(visit, "cat-hat") == "keep"
        assert [line["id"] for line in lines_of(exported(visit))] == ["cat-hat"]


def test_what_a_spreadsheet_would_run_is_disarmed(opens: Opens) -> None:
    starts = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "plain")
    jobs = [made_up(it, random.Random(1), id=text, name=text) for it, text in enumerate(starts)]
    with opens(of=Sample(jobs)) as visit:
        for number in range(len(starts)):
            visit.page.locator(".card .keep").nth(number).click()
        ids = [line["id"] for line in lines_of(exported(visit))]
        assert ids == [*(f"'{it}" for it in starts[:-1]), "plain"]


def done(number: int, video_id: str = "video_1", /, **cells: Any) -> Cells:
    told: Cells = {"status": "done", "reason": None, "video_id": video_id, **cells}
    return made_up(number, random.Random(1), **told)


def becomes(visit: Visit, made: Sample) -> None:
    """Write the page anew, and open it in the same browser."""
    visit.file.write_text(page_of(made), encoding="utf-8")
    visit.goes_to()


def test_the_next_clip_of_a_job_is_not_marked_as_the_one_before_it_was(opens: Opens) -> None:
    with opens(of=Sample([done(0), done(1)])) as visit:
        for number in (0, 1):
            visit.card(f"sku-0000{number}").get_by_role("button", name="Reject").click()
        becomes(visit, Sample([done(0, "video_2"), done(1)]))
        assert [marked(visit, it) for it in ("sku-00000", "sku-00001")] == [None, "reject"]
        assert visit.page.locator("#marks-open").inner_text() == "Marks: 0 ✓ 1 ✕"
        counts = visit.page.get_by_role("group", name="Mark").locator(".count").all_inner_texts()
        assert counts == ["0", "1", "1"]
        visit.presses("j", "Enter")
        viewer = visit.page.locator("#viewer")
        assert viewer.get_attribute("data-marked") is None
        visit.presses("j")
        assert viewer.get_attribute("data-marked") == "reject"
        visit.presses("Escape")
        assert [line["id"] for line in lines_of(exported(visit))] == ["sku-00001"]


def test_marks_of_clips_that_a_page_leaves_out_are_kept_until_all_are_cleared(
    opens: Opens,
) -> None:
    whole, summary = Sample([done(0), done(1)]), Sample([done(1)])
    with opens(of=whole) as visit:
        visit.card("sku-00000").get_by_role("button", name="Keep").click()
        becomes(visit, summary)
        assert visit.page.locator("#marks-open").inner_text() == "Marks"
        visit.card("sku-00001").get_by_role("button", name="Reject").click()
        assert [line["id"] for line in lines_of(exported(visit))] == ["sku-00001"]
        assert (
            "of 1 clip of this run, not on this page" in visit.page.locator("#marks").inner_text()
        )
        becomes(visit, whole)
        assert [marked(visit, it) for it in ("sku-00000", "sku-00001")] == ["keep", "reject"]
        becomes(visit, summary)
        visit.page.locator("#marks-open").click()
        visit.page.get_by_role("button", name="Clear all marks").click()
        visit.page.get_by_role("button", name="Clear them").click()
        becomes(visit, whole)
        assert [marked(visit, it) for it in ("sku-00000", "sku-00001")] == [None, None]


UNFIT = (
    "plain", "a;=1+1", "a,b", "a\tb", "\ta", "\ra", "-1", "@x", 'say "hat"', "two\r\nlines",
    "\x00\x01\x08\x0b\x0c\x1b[31mred\x1f\x7f\x80\x9f\xa0", "\x1b=1", " =1", "ü 🐈 \u202e\u2028",
    "x" * 32_767, "x" * 32_768, "x" * 32_765 + "🐈🐈", "=" * 32_767,
)  # fmt: skip


def test_cells_are_written_as_those_of_the_report_are(opens: Opens) -> None:
    jobs = [done(it, name=str(it), id=str(it), prompt=text) for it, text in enumerate(UNFIT)]
    with opens(of=Sample(jobs), size=(1280, 4000)) as visit:
        for number in range(len(UNFIT)):
            visit.page.locator(".card .keep").nth(number).click()
        _, *written = exported(visit).decode("utf-8-sig").split("\r\nkeep,")
    columns = ("id", "take", "status", "file", "prompt")
    expected = [csv_line([*(job[it] for it in columns), None, job["video_id"]]) for job in jobs]
    assert [f"{it.removesuffix(chr(13) + chr(10))}\r\n" for it in written] == expected


def test_a_note_without_a_mark_is_exported_too(opens: Opens) -> None:
    with opens(of=Sample([done(1), done(2)])) as visit:
        visit.page.locator(".card").first.get_by_text("Open", exact=True).click()
        visit.page.get_by_label("Note").fill("slower, please")
        visit.page.keyboard.press("Escape")
        (line,) = csv.DictReader(io.StringIO(exported(visit).decode("utf-8-sig")))
    assert (line["mark"], line["note"]) == ("", "slower, please")
