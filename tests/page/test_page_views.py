"""The timeline and the numbers: where time and money went."""

from __future__ import annotations

import random

from .browsing import Visit
from .conftest import Opens
from .rehearsal import JOBS
from .sample_page import BEGAN_MS, Sample, made_up, sample

HOUR_MS = 3_600_000


def test_each_job_has_a_lane_that_says_its_times_in_words(visit: Visit) -> None:
    visit.presses("t")
    lane = visit.page.locator(".row").first.locator(".lane")
    words = lane.get_attribute("aria-label")
    assert words is not None
    assert "rendering" in words or "waiting to be fetched" in words
    assert visit.page.locator(".row").first.get_attribute("aria-setsize") == str(JOBS)
    assert visit.page.locator(".legend li").all_inner_texts() == [
        "Waiting here",
        "Queued there",
        "Rendering",
        "Waiting to be fetched",
        "Downloading",
    ]


def test_kinds_of_time_differ_by_more_than_their_colour(visit: Visit) -> None:
    visit.presses("t")
    looks = visit.page.locator(".legend .span").evaluate_all(
        "them => them.map(getComputedStyle).map("
        "it => it.backgroundImage.slice(0, 9) + it.backgroundColor + it.borderStyle)"
    )
    assert len(set(looks)) == 5


def test_pauses_are_bands_by_the_clock_and_a_list(visit: Visit) -> None:
    visit.presses("t")
    assert visit.page.locator(".band.pause").count() == 1
    visit.page.get_by_text("1 pause that the service asked for").click()
    assert "Rate limit reached" in visit.page.locator(".pauses").inner_text()
    visit.page.get_by_role("button", name="Each from its order").click()
    assert visit.page.locator(".band").count() == 0


def test_a_night_without_work_is_cut_out_of_the_clock(opens: Opens) -> None:
    evening = sample(20)
    morning = [
        {name: value + 9 * HOUR_MS if name.endswith("_ms") else value for name, value in it.items()}
        for it in sample(20, seed=2).jobs
    ]
    for number, job in enumerate(morning):
        job["key"] = f"{1000 + number:032x}"
    with opens("#view=timeline&status=done", of=Sample([*evening.jobs, *morning])) as visit:
        assert visit.page.locator(".band.cut").count() == 1
        widths = visit.page.locator(".row .span.rendering").evaluate_all(
            "them => them.map(it => it.getBoundingClientRect().width)"
        )
        assert min(widths) > 100  # a minute or so, of the two that are left


def test_what_has_not_ended_is_drawn_until_the_report(opens: Opens) -> None:
    running = made_up(0, random.Random(1), status="running", reason=None, file=None)
    running.update(rendering_ms=BEGAN_MS + 5000, completed_ms=None, fetching_ms=None, kept_ms=None)
    with opens("#view=timeline", of=Sample([running])) as visit:
        words = visit.page.locator(".lane").get_attribute("aria-label")
        assert words is not None
        assert words.endswith("so far")


def test_the_timeline_is_filtered_and_opens_jobs_like_the_gallery(visit: Visit) -> None:
    visit.goes_to("#view=timeline&q=scene-2")
    visit.told(f"10 of {JOBS} jobs")
    visit.presses("j", "j", "Enter")
    assert visit.page.locator("#viewer-title").inner_text() == "scene-21"
    visit.presses("Escape")
    visit.has_come_to("scene-21")


def test_of_two_thousand_lanes_few_are_in_the_page(opens: Opens) -> None:
    with opens("#view=timeline", of=sample(2000)) as visit:
        assert visit.page.locator(".row").count() < 120
        visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        visit.page.locator(".row[aria-posinset='2000']").wait_for()
        assert visit.page.locator(".row").count() < 120


def test_numbers_stand_in_tables_beside_their_drawings(visit: Visit) -> None:
    visit.presses("n")
    table = visit.page.get_by_role("table", name="Spend by model and size")
    assert "720\u00d71280" in table.inner_text()
    assert "USD" in table.inner_text()
    failures = visit.page.get_by_role("table", name="Failures by reason").inner_text()
    assert "Moderated" in failures
    assert "Render failed" in failures
    drawing = visit.page.get_by_role("img", name="Render times: sora-2, 4 s")
    assert drawing.is_visible()
    visit.page.get_by_text("As a table").first.click()
    assert visit.page.get_by_role("table", name="Render times: sora-2, 4 s").is_visible()


def test_the_manifests_own_columns_stand_before_hashes_ids_and_times(visit: Visit) -> None:
    visit.presses("j", "Enter")
    names = visit.page.locator(".all-facts dt").all_inner_texts()
    assert names[:8] == ["Model", "Length", "Size", "Take", "Tags", "mood", "remark", "Cost"]
    assert len(set(names)) == len(names)
