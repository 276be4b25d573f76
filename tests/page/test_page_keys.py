"""Keys: quick for those who want them, never in the way of those who type."""

from __future__ import annotations

from .browsing import Visit
from .rehearsal import JOBS

PLAYS = "document.querySelector('.card video')?.currentTime > 0.05"


def marked(visit: Visit, name: str) -> str | None:
    return visit.card(name).get_attribute("data-marked")


def test_one_steps_plays_marks_and_opens_without_a_mouse(visit: Visit) -> None:
    visit.presses("j")
    visit.has_come_to("cat-hat")
    visit.presses("Space")
    visit.waits_until(PLAYS)
    visit.presses("a", "ArrowRight", "r", "ArrowLeft")
    assert (marked(visit, "cat-hat"), marked(visit, "cat-hat#2")) == ("keep", "reject")
    visit.presses("u")
    assert marked(visit, "cat-hat") is None
    visit.presses("Enter")
    visit.page.locator("#viewer").wait_for()
    visit.waits_until("document.querySelector('#viewer video').currentTime > 0.05")
    visit.presses("j", "j", "j", "x", "k", "Escape")
    visit.has_come_to("cat-hat")
    assert marked(visit, "scene-01") == "reject"


def test_stepping_brings_what_is_far_away_into_the_page(visit: Visit) -> None:
    visit.presses(*["j"] * 30)
    visit.has_come_to("scene-27")
    box = visit.card("scene-27").bounding_box()
    bar = visit.page.locator("#bar").bounding_box()
    assert box is not None
    assert bar is not None
    assert bar["y"] + bar["height"] <= box["y"] < 900
    visit.page.mouse.wheel(0, -20_000)
    visit.waits_until("scrollY === 0")
    visit.has_come_to("scene-27")  # what has the focus is not taken out of the page


def test_who_types_is_left_alone(visit: Visit) -> None:
    visit.presses("/")
    visit.page.keyboard.type("jarx?u/")
    assert visit.page.locator("#search").input_value() == "jarx?u/"
    visit.told(f"No job fits: 0 of {JOBS} jobs")
    assert visit.page.locator("#marks-open").inner_text() == "Marks"


def test_keys_with_modifiers_are_the_browsers(visit: Visit) -> None:
    visit.presses("j", "Control+a", "Alt+r", "Meta+u", "Control+/")
    assert marked(visit, "cat-hat") is None
    visit.has_come_to("cat-hat")


def test_single_letters_can_be_switched_off_and_stay_off(visit: Visit) -> None:
    visit.presses("?")
    visit.page.get_by_label("Single letters are commands").uncheck()
    visit.presses("Escape")
    visit.goes_to()
    visit.presses("j", "a", "/", "?")
    assert visit.focused() == ""
    assert not visit.page.locator("#keys").is_visible()
    visit.card("cat-hat").focus()  # arrows and Enter are no letters
    visit.presses("ArrowRight", "Enter")
    assert visit.page.locator("#viewer-title").inner_text() == "cat-hat take 2"
    visit.presses("Escape")
    visit.page.get_by_role("button", name="Keys").click()
    visit.page.get_by_label("Single letters are commands").check()
    visit.presses("Escape", "t")
    assert visit.page.locator("#timeline").is_visible()


def test_who_presses_next_goes_on_pressing_it(visit: Visit) -> None:
    visit.presses("j", "Enter")
    visit.page.get_by_role("button", name="Next").focus()
    visit.presses("Enter", "Enter", "ArrowRight")
    assert visit.page.locator("#viewer-title").inner_text() == "scene-01"
    assert visit.page.evaluate("document.activeElement.id") == "next"


def test_a_player_and_a_button_keep_their_own_keys(visit: Visit) -> None:
    visit.presses("j", "Enter")
    viewer = visit.page.locator("#viewer")
    viewer.get_by_role("button", name="Keep").focus()
    visit.presses("Space")
    assert viewer.get_by_role("button", name="Keep").get_attribute("aria-pressed") == "true"
    viewer.locator("video").focus()
    visit.presses("ArrowRight")
    assert visit.page.locator("#viewer-title").inner_text() == "cat-hat"
