"""Filters, search and order: what is asked for is shown, counted, and kept in the address."""

from __future__ import annotations

import pytest

from .browsing import Visit
from .conftest import Opens
from .rehearsal import DONE, DOUBTS, FAILED, JOBS
from .sample_page import sample


def number_beside(visit: Visit, facet: str, value: str) -> int:
    group = visit.page.get_by_role("group", name=facet, exact=True)
    label = group.locator("label", has=visit.page.get_by_text(value, exact=True))
    return int(label.locator(".count").inner_text())


def picks(visit: Visit, facet: str, value: str) -> None:
    group = visit.page.get_by_role("group", name=facet, exact=True)
    group.locator("label", has=visit.page.get_by_text(value, exact=True)).click()


def test_filters_narrow_each_other_and_say_what_a_choice_would_show(visit: Visit) -> None:
    assert number_beside(visit, "Status", "Done") == DONE
    picks(visit, "Tag", "hero")
    visit.told(f"6 of {JOBS} jobs")  # three takes, and three scenes of which one is in doubt
    assert number_beside(visit, "Status", "Done") == 5
    assert number_beside(visit, "Tag", "animals") == 3  # of its own facet, the others stay
    picks(visit, "Status", "In doubt")
    visit.told(f"1 of {JOBS} jobs")
    assert visit.names() == ["scene-30"]
    visit.page.get_by_role("button", name="Clear all filters").click()
    visit.told(f"{JOBS} jobs")


def test_any_column_of_the_manifest_is_a_filter(visit: Visit) -> None:
    visit.page.get_by_label("Filter by a column").select_option(label="mood")
    picks(visit, "mood", "bright")
    visit.told(f"13 of {JOBS} jobs")
    visit.page.get_by_label("Filter by a column").select_option(label="remark")
    assert number_beside(visit, "remark", "empty") == 13
    visit.page.get_by_role("button", name="Stop filtering by mood").click()
    visit.told(f"{JOBS} jobs")


def test_search_looks_into_prompts_columns_and_errors_for_each_of_the_words(visit: Visit) -> None:
    search = visit.page.get_by_role("searchbox", name="Search ids, prompts, columns, errors")
    search.fill("STORM push-in")
    visit.told(f"2 of {JOBS} jobs")
    search.fill("moderation system")
    visit.told(f"2 of {JOBS} jobs")
    search.fill("scene-07 calm")
    visit.told(f"No job fits: 0 of {JOBS} jobs")
    search.fill("scene-07 bright")
    visit.told(f"1 of {JOBS} jobs")


@pytest.mark.parametrize("words", ["cat-hat take 2", "CAT-HAT  Take 2", "cat-hat#2", "hat take 2"])
def test_search_finds_a_card_by_the_title_that_it_bears(visit: Visit, words: str) -> None:
    visit.page.get_by_role("searchbox", name="Search ids").fill(words)
    visit.told(f"1 of {JOBS} jobs")
    assert [" ".join(it.split()) for it in visit.names()] == ["cat-hat take 2"]


def test_what_is_asked_for_survives_a_reload(visit: Visit) -> None:
    picks(visit, "Status", "Failed")
    visit.page.get_by_label("Filter by a column").select_option(label="mood")
    picks(visit, "mood", "dark")
    visit.page.get_by_label("Sort").select_option(label="Id")
    visit.page.get_by_role("button", name="Reverse the order").click()
    visit.page.get_by_role("searchbox", name="Search ids").fill("scene")
    visit.told(f"2 of {JOBS} jobs")
    names = visit.names()
    assert names == ["scene-23", "scene-17"]
    visit.waits_until("location.hash.includes('q=scene')")  # it is written when typing has ceased
    visit.goes_to(visit.page.evaluate("location.hash"))
    visit.told(f"2 of {JOBS} jobs")
    assert visit.names() == names
    assert number_beside(visit, "mood", "dark") == 2
    assert visit.page.get_by_label("Sort").input_value() == "id"


@pytest.mark.parametrize(
    ("order", "of"),
    [("Cost, highest first", "cost_usd"), ("Render time, longest first", "render_s")],
)
def test_orders_are_what_they_say_and_what_is_not_known_comes_last(
    opens: Opens, order: str, of: str
) -> None:
    made = sample(120)
    known = [job for job in made.jobs if job.get(of) is not None]
    falling = sorted(known, key=lambda job: -float(job[of]))
    with opens(of=made) as visit:
        visit.page.get_by_label("Sort").select_option(label=order)
        first = visit.names()
        assert first == [job["id"] for job in falling[: len(first)]]
        visit.page.get_by_role("button", name="Reverse the order").click()
        least = min(float(job[of]) for job in known)
        assert visit.names()[0] == next(it["id"] for it in known if float(it[of]) == least)
        visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        visit.page.locator("[aria-posinset='120']").wait_for()
        last = next(job for job in made.jobs if job["id"] == visit.names()[-1])
        assert len(known) == len(made.jobs) or last.get(of) is None


def test_with_keys_alone_one_finds_opens_and_comes_back(visit: Visit) -> None:
    visit.presses("/")
    visit.page.keyboard.type("scene-1")
    visit.told(f"10 of {JOBS} jobs")
    visit.presses("Enter")  # from the search into what it found
    visit.has_come_to("scene-10")
    visit.presses("j", "j", "k", "Enter")
    assert visit.page.locator("#viewer-title").inner_text() == "scene-11"
    visit.presses("j", "Escape")
    visit.has_come_to("scene-12")  # where one came to in the viewer, one goes on
    visit.page.get_by_role("group", name="Status").get_by_role("checkbox").first.focus()
    visit.presses("Space")
    visit.told(f"1 of {JOBS} jobs")
    assert visit.page.evaluate("document.activeElement.type") == "checkbox"


def test_back_closes_what_was_opened_and_a_link_opens_it(visit: Visit) -> None:
    visit.card("scene-02").get_by_role("link", name="Open scene-02").click()
    viewer = visit.page.locator("#viewer")
    viewer.wait_for()
    link = visit.page.evaluate("location.hash")
    assert link.startswith("#job=")
    visit.page.go_back()
    viewer.wait_for(state="hidden")
    visit.goes_to(link)
    viewer.wait_for()
    assert visit.page.locator("#viewer-title").inner_text() == "scene-02"


def test_an_address_that_says_nonsense_is_a_page_without_filters(visit: Visit) -> None:
    visit.goes_to("#view=__proto__&sort=constructor&job=0&column=toString&%E0%A4%A=1&status")
    assert visit.page.locator("#clear").is_visible()  # a status that nobody has is picked
    visit.told(f"No job fits: 0 of {JOBS} jobs")
    visit.page.get_by_role("button", name="Clear all filters").click()
    visit.told(f"{JOBS} jobs")


def test_who_needs_a_person_is_counted_by_the_filters_too(visit: Visit) -> None:
    assert number_beside(visit, "Status", "Failed") == FAILED
    assert number_beside(visit, "Status", "In doubt") == DOUBTS
    assert number_beside(visit, "Reason", "Moderated") == 2
    assert number_beside(visit, "Size", "1280\u00d7720") == 12
