"""The diagrams of a job's life show its table: every transition, and no other."""

import re
from xml.etree import ElementTree as ET

from doc_pages import the_block
from states_page import GROUPS, PAGE, PICTURE, svg, with_diagram

from batchsora.job import State
from batchsora.lifecycle import TRANSITIONS, Event

SVG = "{http://www.w3.org/2000/svg}"


def test_the_diagrams_are_as_their_maker_draws_them() -> None:
    # stale? python tests/docs/states_page.py
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_diagram(page)
    assert PICTURE.read_text(encoding="utf-8") == svg()


def test_the_diagram_of_the_page_has_every_transition_and_no_other() -> None:
    arrows = re.findall(r"^ +(\w+) -->\|(.+)\| (\w+)$", the_block("mermaid").text, re.MULTILINE)
    assert {
        (State(source), Event(event)): State(target)
        for source, events, target in arrows
        for event in events.split("<br>")
    } == TRANSITIONS


def test_the_picture_has_every_transition_and_no_other() -> None:
    drawn = ET.fromstring(PICTURE.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert {
        (State(arrow.attrib["data-from"]), Event("".join(event.itertext()))): State(
            arrow.attrib["data-to"]
        )
        for arrow in drawn.iter(f"{SVG}g")
        for event in arrow.iter(f"{SVG}tspan")
    } == TRANSITIONS


def test_every_state_is_of_one_group() -> None:
    assert sorted(state for states in GROUPS.values() for state in states) == sorted(State)
