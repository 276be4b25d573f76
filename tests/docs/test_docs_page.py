"""What docs/reports.md says of report.html, against its code."""

from __future__ import annotations

import re

from doc_pages import DOCS, ROOT, table

CODE = ROOT / "batchsora" / "reports" / "page" / "js"
KEYS = re.compile(r"^  \['([^']+)', '([^']+)'\],$", re.MULTILINE)


def test_the_keys_are_those_that_the_page_lists() -> None:
    told = [
        (it["key"].replace("`", ""), it["what it does"]) for it in table(DOCS / "reports.md", "key")
    ]
    assert told == KEYS.findall((CODE / "93-panels.js").read_text())


def test_the_columns_of_marks_are_those_that_are_exported() -> None:
    (columns,) = re.findall(r"MARK_COLUMNS = \[(.+?)\]", (CODE / "35-table.js").read_text())
    page = (DOCS / "reports.md").read_text()
    (told,) = re.findall(r"`NAME-marks.csv`: ([^.]+)\.", page)
    assert re.findall(r"`(\w+)`", told) == re.findall(r"'(\w+)'", columns)
