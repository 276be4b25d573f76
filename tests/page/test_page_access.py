"""The page for everybody: readers, small screens, paper, and those whom motion troubles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from .browsing import PHONE, Visit
from .conftest import Opens
from .rehearsal import DONE, FAILED, JOBS


def gallery(visit: Visit) -> None:
    visit.page.locator("canvas.frame").first.wait_for()


def doubts(visit: Visit) -> None:
    visit.goes_to("#status=in_doubt&status=failed")


def viewer(visit: Visit) -> None:
    visit.presses("j", "a", "Enter")


def doubt_in_viewer(visit: Visit) -> None:
    visit.goes_to("#status=in_doubt")
    visit.card("scene-12").get_by_role("link", name="Open").click()


def takes(visit: Visit) -> None:
    viewer(visit)
    visit.page.get_by_role("button", name="Compare its 3 takes").click()


def timeline(visit: Visit) -> None:
    visit.presses("t")
    visit.page.get_by_text("pause that the service asked for").click()


def numbers(visit: Visit) -> None:
    visit.presses("n")


def keys(visit: Visit) -> None:
    visit.presses("?")


def marks(visit: Visit) -> None:
    visit.presses("j", "a")
    visit.page.locator("#marks-open").click()


VIEWS = (gallery, doubts, viewer, doubt_in_viewer, takes, timeline, numbers, keys, marks)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"scheme": "dark"},
    "phone": {"size": PHONE},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_axe_finds_nothing(opens: Opens, view: Callable[[Visit], None], look: str) -> None:
    with opens(**LOOKS[look]) as visit:
        view(visit)
        visit.page.wait_for_timeout(300)  # until what is told has faded in
        found = Axe().run(visit.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_nothing_is_wider_than_a_phone(opens: Opens, view: Callable[[Visit], None]) -> None:
    with opens(size=PHONE) as visit:
        view(visit)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_filters_on_a_phone_open_and_close(opens: Opens) -> None:
    with opens(size=PHONE) as visit:
        group = visit.page.get_by_role("group", name="Status")
        assert not group.is_visible()
        toggle = visit.page.locator("#filters-open")
        toggle.click()
        group.get_by_text("Failed").click()
        visit.told(f"{FAILED} of {JOBS} jobs")
        assert toggle.inner_text() == "Filters (1)"
        toggle.click()
        assert not group.is_visible()


def test_colours_follow_the_system_until_one_chooses(opens: Opens) -> None:
    lightness = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0] > 128"
    with opens(scheme="dark") as visit:
        assert not visit.page.evaluate(lightness)
        visit.page.locator("#theme").click()
        assert visit.page.evaluate(lightness)
        visit.goes_to()
        assert visit.page.evaluate(lightness)


def test_on_paper_stand_the_sums_and_the_numbers(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert f"{DONE} of {JOBS}" in visit.page.locator("#glance").inner_text()
    assert visit.page.get_by_role("heading", name="Spend by model and size").is_visible()
    assert visit.page.get_by_role("heading", name="Failures by reason").is_visible()
    assert not visit.page.locator("#gallery").is_visible()
    assert not visit.page.locator("#bar").is_visible()


def test_where_no_code_may_run_the_sums_are_read(opens: Opens) -> None:
    with opens() as visit:
        context = visit.page.context.browser
        assert context is not None
        bare = context.new_page(java_script_enabled=False)
        bare.goto(visit.file.as_uri())
        assert f"{DONE} done" in bare.locator("body").inner_text()
        bare.context.close()


def test_how_many_are_shown_is_told_politely(visit: Visit) -> None:
    assert visit.page.locator("#shown").get_attribute("role") == "status"
    first = visit.card("cat-hat")
    assert (first.get_attribute("aria-posinset"), first.get_attribute("aria-setsize")) == (
        "1",
        str(JOBS),
    )
