"""Whoever marks goes on with the clip that followed, also where the marked one leaves the list."""

from __future__ import annotations

import random

from .browsing import Visit
from .conftest import Opens
from .rehearsal import JOBS
from .sample_page import Sample, made_up

PLAYS = "document.querySelector('.card video')?.currentTime > 0.05"


def viewed(visit: Visit) -> str:
    return visit.page.locator("#viewer-title").inner_text()


def shows_the_unmarked(visit: Visit, where: str = "") -> None:
    visit.goes_to(f"#mark=unmarked{where}")
    visit.told(f"{JOBS} jobs")


def test_in_the_viewer_one_goes_on_with_the_clip_that_followed(visit: Visit) -> None:
    shows_the_unmarked(visit)
    visit.presses(*"jjjjj", "Enter")
    assert viewed(visit) == "scene-02"
    visit.presses("a", "j")
    assert viewed(visit) == "scene-03"
    visit.presses("r", "j", "a", "k")
    assert viewed(visit) == "scene-01"
    visit.presses("Escape")
    visit.told(f"{JOBS - 3} of {JOBS} jobs")
    visit.has_come_to("scene-01")


def test_who_closes_the_viewer_goes_on_behind_what_was_marked(visit: Visit) -> None:
    shows_the_unmarked(visit)
    visit.presses(*"jjjjj", "Enter", "a", "Escape")
    visit.has_come_to("scene-03")
    visit.presses("j")
    visit.has_come_to("scene-04")


def test_behind_the_last_one_that_was_marked_there_is_none_but_one_before(visit: Visit) -> None:
    visit.goes_to("#mark=unmarked&q=cat-hat")
    visit.told(f"3 of {JOBS} jobs")
    visit.presses(*"jjj", "Enter", "a", "j")
    assert viewed(visit) == "cat-hat take 3"
    visit.page.get_by_text("This is the last one").wait_for()
    visit.presses("Escape")
    visit.has_come_to("cat-hat")
    assert visit.page.locator(".card:focus .take").inner_text().strip() == "take 2"


def test_what_was_told_in_the_viewer_is_told_again_after_a_step(visit: Visit) -> None:
    visit.presses("j", "Enter", "a", "j", "a")
    assert viewed(visit) == "cat-hat take 2"
    visit.page.get_by_text("cat-hat#2: kept").wait_for()
    visit.presses("j", "r", "Escape", "u")
    visit.page.get_by_text("cat-hat#3: no mark").wait_for()


def test_in_the_gallery_the_focus_stays_in_its_place(visit: Visit) -> None:
    shows_the_unmarked(visit)
    visit.presses(*"jjjjj", "a")
    visit.has_come_to("scene-03")
    visit.presses("r", "j")
    visit.told(f"{JOBS - 2} of {JOBS} jobs")
    visit.has_come_to("scene-05")


def test_in_the_timeline_the_focus_stays_in_its_place(visit: Visit) -> None:
    shows_the_unmarked(visit, "&view=timeline")
    visit.presses(*"jjjjj", "a")
    visit.told(f"{JOBS - 1} of {JOBS} jobs")
    visit.has_come_to("scene-03")


def test_no_key_marks_what_is_out_of_sight(opens: Opens) -> None:
    jobs = [made_up(it, random.Random(1), status="done", reason=None) for it in range(3)]
    with opens("#mark=unmarked", of=Sample(jobs)) as visit:
        visit.presses("j")
        visit.has_come_to("sku-00000")
        visit.page.evaluate("document.activeElement.blur()")
        visit.presses("a", "r")
        visit.told("2 of 3 jobs")
        assert visit.page.locator("#marks-open").inner_text() == "Marks: 1 ✓ 0 ✕"


def test_a_clip_that_plays_stops_when_one_goes_on_to_the_next(visit: Visit) -> None:
    visit.presses("j", "Space")
    visit.waits_until(PLAYS)
    visit.presses("a")
    visit.card("cat-hat").get_by_role("button", name="Reject").focus()  # still the same card
    assert visit.page.locator(".card video").count() == 1
    visit.presses("j")
    assert visit.page.locator(".card video").count() == 0
