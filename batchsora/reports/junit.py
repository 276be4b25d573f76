"""The report as JUnit XML: a test case per job, for what shows tests and counts them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from batchsora.job import State
from batchsora.lifecycle import FILE_MISSING_HINT
from batchsora.reports.beside import written_beside
from batchsora.reports.columns import AddRow, Row

ROOM = 150  # characters for counts, which are known at the end, and stand at the beginning
# what XML 1.0 can't hold, and what would drive a terminal
_UNTOLD = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LEFT = {
    State.PENDING: "not bought yet",
    State.SUBMITTING: "being sent",
    State.RUNNING: "at the service",
    State.RENDERED: "made, not here yet",
}


@contextmanager
def junit_report(
    path: Path, *, name: str, began_at: datetime, clips_in: str, properties: Mapping[str, str]
) -> Iterator[AddRow]:
    """Write a suite of test cases as XML, a job at a time; it takes the lines of the report.

    `clips_in` is what goes before a clip's path. Raises OSError, the old file being whole.
    """
    counts: Counter[str] = Counter()
    spent_s = 0.0

    def add(row: Row) -> None:
        nonlocal spent_s
        kind, inner = _came_of(row)
        counts[kind] += 1
        took_s = float(row["render_s"] or 0)
        spent_s += took_s
        if row["file"] and "]]" not in str(row["file"]):  # that would end it before its end
            # so do Jenkins and GitLab find what belongs to a test
            found = f"[[ATTACHMENT|{clips_in}/{row['file']}]]"
            inner += f"<system-out>{_text(found)}</system-out>"
        case = f"{row['id']}#{row['take']}"
        group = f"{name}.{row['model']}"
        file.write(
            f"<testcase classname={_said(group)} name={_said(case)}"
            f' time="{took_s:.1f}">{inner}</testcase>\n'
        )

    def head() -> str:
        told = (
            f'tests="{counts.total()}" failures="{counts["failure"]}" errors="{counts["error"]}"'
            f' skipped="{counts["skipped"]}" time="{spent_s:.1f}"'
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
            f'<testsuite name={_said(name)} timestamp="{began_at:%Y-%m-%dT%H:%M:%S}"'
            f" {told.ljust(ROOM)}>\n"
        )

    with written_beside(path) as file:
        file.write(head())
        told = (
            f"<property name={_said(key)} value={_said(value)}/>"
            for key, value in properties.items()
        )
        file.write(f"<properties>{''.join(told)}</properties>\n")
        yield add
        file.write("</testsuite>\n</testsuites>\n")
        file.seek(0)
        file.write(head())


def _came_of(row: Row) -> tuple[str, str]:
    """Say what a job is as a test, and write that down; a clip that is here has passed."""
    state = State(str(row["status"]))
    if (left := _LEFT.get(state)) is not None:
        return "skipped", f"<skipped message={_said(left)}/>"
    match state:
        case State.FAILED:
            return "failure", _trouble("failure", str(row["reason"]), row)
        case State.IN_DOUBT:
            return "error", _trouble("error", state.value, row)
        case _ if row["hint"] == FILE_MISSING_HINT:
            return "failure", _trouble("failure", "file_missing", row)
        case _:
            return "passed", ""


def _trouble(element: str, why: str, row: Row) -> str:
    told = [str(it) for it in (row["error_code"], row["error_message"], row["hint"]) if it]
    message = str(row["error_message"] or row["hint"] or why)
    inner = _text("\n".join(told))
    return f"<{element} type={_said(why)} message={_said(message)}>{inner}</{element}>"


def _said(text: str) -> str:
    """Write an attribute's value, with its quotes."""
    return quoteattr(_UNTOLD.sub("\N{REPLACEMENT CHARACTER}", text))


def _text(text: str) -> str:
    return escape(_UNTOLD.sub("\N{REPLACEMENT CHARACTER}", text), {"\r": "&#13;"})
