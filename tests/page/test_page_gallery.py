"""The gallery: clips are watched, and however many there are, the page stays small."""

from __future__ import annotations

from batchsora.lifecycle import FILE_MISSING_HINT

from .browsing import Visit
from .conftest import Opens
from .rehearsal import DONE, DOUBTS, FAILED, JOBS
from .sample_page import sample

PLAYS = "document.querySelector('.card video')?.currentTime > 0.05"


def test_the_head_says_first_what_needs_a_person_and_shows_it(visit: Visit) -> None:
    page = visit.page
    assert f"{FAILED + DOUBTS} jobs need a person" in page.locator("#attention").inner_text()
    assert f"{DONE} of {JOBS}" in page.locator("#glance").inner_text()
    page.get_by_role("button", name=f"{FAILED} failed").click()
    visit.told(f"{FAILED} of {JOBS} jobs")
    assert set(page.locator(".card").evaluate_all("them => them.map(it => it.dataset.status)")) == {
        "failed"
    }


def test_clips_that_are_gone_everywhere_need_a_person_too(opens: Opens) -> None:
    made = sample(30)
    gone = [job for job in made.jobs if job["status"] == "done"][:2]
    for job in gone:
        job["hint"] = FILE_MISSING_HINT
    bad = sum(job["status"] in {"failed", "in_doubt"} for job in made.jobs)
    with opens(of=made) as visit:
        attention = visit.page.locator("#attention")
        assert f"{bad + 2} jobs need a person" in attention.inner_text()
        attention.get_by_role("button", name="2 clips missing").click()
        visit.told("2 of 30 jobs")
        assert visit.names() == [job["id"] for job in gone]
        visit.waits_until("location.hash === '#reason=missing'")


def test_a_card_shows_the_first_frame_of_its_own_clip_and_the_image_beside_it(visit: Visit) -> None:
    card = visit.card("cat-hat")
    frame = card.locator("canvas.frame")
    frame.wait_for()
    assert frame.evaluate("it => it.width < it.height")  # 720x1280
    assert card.locator("img.source").evaluate("it => it.naturalWidth > 0")
    assert visit.page.locator("video").count() == 0  # and no decoder is held for it


def test_a_clip_plays_under_the_pointer_and_stops_when_it_leaves(visit: Visit) -> None:
    visit.card("cat-hat").locator(".stage").hover()
    visit.waits_until(PLAYS)
    video = visit.card("cat-hat").locator("video")
    assert video.evaluate("it => it.muted && it.loop && it.playsInline")
    visit.page.mouse.move(5, 5)
    video.wait_for(state="detached")


def test_a_clip_plays_at_a_click_until_the_next_click(visit: Visit) -> None:
    play = visit.card("cat-hat#2").locator(".play")
    play.click()
    visit.waits_until(PLAYS)
    visit.page.mouse.move(5, 5)
    assert play.get_attribute("aria-pressed") == "true"  # a click means it, wherever the pointer is
    play.click()
    visit.card("cat-hat#2").locator("video").wait_for(state="detached")


def test_nothing_plays_unasked_where_calm_is_wanted(opens: Opens) -> None:
    with opens(calm=True) as visit:
        visit.card("cat-hat").locator(".stage").hover()
        visit.page.wait_for_timeout(400)
        assert visit.page.locator("video").count() == 0
        visit.card("cat-hat").locator(".play").click()
        visit.waits_until(PLAYS)


def test_a_failed_row_says_why_and_a_doubt_what_to_do(visit: Visit) -> None:
    visit.goes_to("#status=failed&status=in_doubt")
    moderated = visit.card("scene-03")
    assert "Moderated" in moderated.inner_text()
    assert "blocked by our moderation" in moderated.inner_text()
    doubt = visit.card("scene-12")
    assert "In doubt" in doubt.inner_text()
    doubt.get_by_role("button", name="Copy").click()
    visit.page.get_by_text("Copied").wait_for()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("batchsora resolve ")
    assert copied.endswith(" 'scene-12#1' --video VIDEO_ID | --not-made | --lost")


def test_of_two_thousand_jobs_few_are_in_the_page_wherever_one_scrolls(opens: Opens) -> None:
    with opens(of=sample(2000)) as visit:
        page = visit.page
        for part in (0, 0.4, 1):
            page.evaluate(f"scrollTo(0, {part} * document.body.scrollHeight)")
            page.wait_for_timeout(100)
            assert 3 <= page.locator(".card").count() <= 40
            assert page.evaluate("document.querySelectorAll('*').length") < 2000
            assert page.locator("video[src]").count() <= 12
        last = page.locator(".card").last
        assert (last.get_attribute("aria-posinset"), last.get_attribute("aria-setsize")) == (
            "2000",
            "2000",
        )


def test_a_clip_that_is_not_beside_the_page_is_missed_in_words(opens: Opens) -> None:
    with opens("#status=done", of=sample(30)) as visit:
        visit.page.get_by_text("Not found beside this page").first.wait_for()


def test_smaller_cards_are_remembered(visit: Visit) -> None:
    before = visit.page.locator(".card").first.bounding_box()
    assert before is not None
    is_smaller = f"() => document.querySelector('.card').offsetWidth < {before['width'] / 1.5}"
    visit.page.get_by_role("button", name="Small").click()
    visit.page.wait_for_function(is_smaller)
    visit.goes_to()
    visit.page.wait_for_function(is_smaller)  # when it is laid out
