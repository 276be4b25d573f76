"""The report in JUnit's XML, as what shows and counts tests reads it."""

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from batchsora.reports import junit_report, report_columns
from batchsora.simulator import Fault

from .door import KEY, PATIENCE_S, QUICK, Desk, service

SUN, RAIN, SNOW, WIND = "sun rises", "rain falls", "snow falls", "wind blows"
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}

Check = Callable[[str], object]
_count: Check = int
_seconds: Check = re.compile(r"[0-9]+(\.[0-9]+)?").fullmatch
_time: Check = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}").fullmatch
_text: Check = re.compile(".*", re.DOTALL).fullmatch

# what Jenkins' own schema takes, and of that what is required: attributes, and elements inside
GRAMMAR: dict[str, tuple[dict[str, Check], set[str], set[str]]] = {
    "testsuites": ({}, set(), {"testsuite"}),
    "testsuite": (
        {
            "name": _text,
            "timestamp": _time,
            "tests": _count,
            "failures": _count,
            "errors": _count,
            "skipped": _count,
            "time": _seconds,
        },
        {"name", "tests", "failures", "errors"},
        {"properties", "testcase"},
    ),
    "properties": ({}, set(), {"property"}),
    "property": ({"name": _text, "value": _text}, {"name", "value"}, set()),
    "testcase": (
        {"classname": _text, "name": _text, "time": _seconds},
        {"classname", "name"},
        {"failure", "error", "skipped", "system-out"},
    ),
    "failure": ({"type": _text, "message": _text}, {"type"}, set()),
    "error": ({"type": _text, "message": _text}, {"type"}, set()),
    "skipped": ({"message": _text}, set(), set()),
    "system-out": ({}, set(), set()),
}


def see_to_grammar(element: ET.Element) -> None:
    """See that an element, and all in it, is of the kind that is known."""
    attributes, required, inside = GRAMMAR[element.tag]
    assert required <= set(element.keys()) <= set(attributes), element.tag
    for name, value in element.items():
        assert attributes[name](value) is not None, (element.tag, name, value)
    for inner in element:
        assert inner.tag in inside, (element.tag, inner.tag)
        see_to_grammar(inner)


def suite(file: Path) -> ET.Element:
    """Read the one suite of a file, its grammar and its counts being right."""
    root = ET.parse(file).getroot()  # noqa: S314 - we wrote it
    assert root.tag == "testsuites"
    see_to_grammar(root)
    (found,) = root
    cases = found.findall("testcase")
    came_of = Counter(inner.tag for case in cases for inner in case)
    assert found.get("tests") == str(len(cases))
    for element, attribute in COUNTED.items():
        assert found.get(attribute) == str(came_of[element])
    seconds = sum(float(case.get("time", "")) for case in cases)
    assert float(found.get("time", "")) == pytest.approx(seconds, abs=0.05)
    return found


def case(found: ET.Element, name: str) -> ET.Element:
    (meant,) = (it for it in found.findall("testcase") if it.get("name") == name)
    return meant


def test_each_job_is_a_case_that_passed_failed_is_in_error_or_was_left_out(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW, WIND)
    faults = (
        Fault("create", "moderated", match="rain"),
        Fault("create", "lost_after", match="snow"),
    )
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        said = desk.buys(shop.url, "--limit", "3", "--junit", "out/work.xml")
        assert said.code == 2  # before anything is bought
        assert "--junit" in said.err
        assert desk.buys(shop.url, "--limit", "3", "--junit", "work.xml").code == 6
    found = suite(desk.folder / "work.xml")
    assert found.get("name") == "work"
    assert {it.get("classname") for it in found.findall("testcase")} == {"work.sora-2"}

    sun = case(found, "sun#1")
    assert [(it.tag, it.text) for it in sun] == [
        ("system-out", "[[ATTACHMENT|runs/work/videos/sun.mp4]]")
    ]
    assert sun.get("time") == f"{float(desk.report()['sun']['render_s']):.1f}"
    (rain,) = case(found, "rain#1")
    assert (rain.tag, rain.get("type")) == ("failure", "moderated")
    assert rain.get("message") == desk.report()["rain"]["error_message"]
    assert desk.report()["rain"]["hint"] in str(rain.text)
    (snow,) = case(found, "snow#1")
    assert (snow.tag, snow.get("type")) == ("error", "in_doubt")
    assert "batchsora resolve" in str(snow.text)
    (wind,) = case(found, "wind#1")
    assert (wind.tag, wind.get("message")) == ("skipped", "not bought yet")

    before = (desk.folder / "work.xml").read_bytes()
    assert desk.types("report", "work.yaml", "--junit", "again.xml").out.splitlines()[-1] == (
        "again.xml"
    )
    assert (desk.folder / "again.xml").read_bytes() == before


def test_a_clip_that_is_gone_here_and_there_is_no_success(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url).code == 0
        (desk.run_folder / "videos" / "sun.mp4").unlink()
        with sqlite3.connect(desk.run_folder / "ledger.db") as ledger:
            ledger.execute("update jobs set expires_at = '2020-01-01T00:00:00.000000Z'")
        ledger.close()
        said = desk.buys(shop.url, "--junit", "work.xml")
    sun = case(suite(desk.folder / "work.xml"), "sun#1")
    assert (said.code, [it.get("type") for it in sun if it.tag == "failure"]) == (
        1,
        ["file_missing"],
    )


def test_what_xml_cannot_hold_is_replaced_and_the_rest_comes_back(tmp_path: Path) -> None:
    odd = "a\x00b \x1b[31m ]]> <&\"' \x9b \ufffe \U0001f3a9 \ud800 \r\n\tend"
    row = dict.fromkeys(report_columns([]))
    row |= {"id": odd, "take": 1, "model": odd, "status": "failed", "reason": "rejected"}
    path = tmp_path / "odd[1].xml"
    with junit_report(
        path,
        name=odd,
        began_at=datetime(2026, 1, 31, tzinfo=UTC),
        clips_in="runs",
        properties={"service": odd},
    ) as add:
        add({**row, "error_message": odd, "hint": odd})
        add({**row, "status": "done", "file": odd.replace("]]", "]")})
        add({**row, "status": "done", "file": odd})
    told = path.read_text("utf-8")
    assert {it for it in told if unicodedata.category(it) == "Cc"} <= {"\n", "\t"}
    found = suite(path)
    shown = "a�b �[31m ]]> <&\"' � � \U0001f3a9 � \r\n\tend"
    assert found.get("name") == shown
    failed, done, unnamed = found.findall("testcase")
    assert (failed.get("name"), failed[0].get("message")) == (f"{shown}#1", shown)
    assert failed[0].text == f"{shown}\n{shown}"
    assert done[0].text == f"[[ATTACHMENT|runs/{shown.replace(']]', ']')}]]"
    assert not len(unnamed)  # "]]" would end the path before its end
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_told_and_the_run_is_as_done(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    place = desk.folder / "place"
    place.mkdir()
    with service(tmp_path / "state", render_s=(1.0, 1.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--junit", "place/work.xml")
        hook = 'echo "told $BATCHSORA_EXIT_CODE"'
        process = desk.starts(*words, "--on-done", hook, GPTPROTO_API_KEY=KEY)
        assert process.stderr is not None
        process.stderr.readline()  # it has begun
        place.rmdir()
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 9
    assert "place/work.xml can't be written" in err
    assert err.endswith("told 9\n")
    assert desk.statuses() == {"sun": "done"}


def test_ten_thousand_cases_stream_and_are_counted_at_the_top(tmp_path: Path) -> None:
    row = dict.fromkeys(report_columns([])) | {"take": 1, "model": "sora-2"}
    with junit_report(
        tmp_path / "many.xml",
        name="many",
        began_at=datetime(2026, 1, 31, tzinfo=UTC),
        clips_in="runs",
        properties={},
    ) as add:
        for number in range(10_000):
            status = "done" if number % 4 else "pending"
            add({**row, "id": f"r{number}", "status": status, "render_s": 60.0})
    found = suite(tmp_path / "many.xml")
    assert (found.get("tests"), found.get("skipped")) == ("10000", "2500")
