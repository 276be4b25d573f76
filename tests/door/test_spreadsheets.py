"""The tables, opened in LibreOffice: every cell is what was meant, and none is a formula."""

import json
from pathlib import Path
from typing import Any

from batchsora.reports import csv_table
from batchsora.simulator import Fault

from .door import KEY, QUICK, Desk, service
from .sheets import PROPOSED, as_text, needs_libreoffice, opened

pytestmark = needs_libreoffice()

CELLS = {
    "comma": "a, b",
    "quotes": 'say "hi", "there"',
    "lines": "one\ntwo\n\nfour",
    "semicolons": "a; b",
    "semicolon and formula": "a;=1+1;b",
    "tab and formula": "a\t=1+1",
    "pipe": "a|=1+1",
    "zeros": "007",
    "digits": "12345678901234567890",
    "like a date": "1-2",
    "a date": "2026-01-31",
    "a fraction": "1/2",
    "a power": "1e5",
    "a truth": "TRUE",
    "formula": "=1+1",
    "telephone": "+491701234567",
    "negative": "-1",
    "function": "@SUM(1+1)",
    "tab in front": "\t=1+1",
    "line in front": "\n=1+1",
    "blank in front": " =1+1",
    "link": '=HYPERLINK("http://127.0.0.1/"&A1,"look")',
    "command": "=cmd|' /C calc'!A0",
    "quote in front": "'quoted",
    "blanks": "  two  two  ",
    "right to left": "שלום \u202egpj.exe",
    "emoji": "🎩👨‍👩‍👧",
    "wide": "\N{FULLWIDTH EQUALS SIGN}1+1",
    "script": "<script>alert(1)</script>&amp;",
    "long": "x, " * 10_000,
    "too long": "🎩" * 20_000,
}
CONTROLS = {"escape": "red \x1b[31m", "nul": "a\x00b", "bell": "\x07=1+1", "c1": "\x9b31m"}


def meant(cell: Any) -> str:
    """Say how a cell is to be seen: armed ones and long ones are not as they were."""
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    shown = f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
    units = shown.encode("utf-16-le")
    if len(units) > 2 * 32_767:
        shown = units[: 2 * 32_766].decode("utf-16-le", "ignore") + "…"
    return shown


def run_with_odd_cells(desk: Desk, state: Path) -> None:
    """Run rows whose columns, ids and errors are what people and strangers write."""
    rows = [
        {"id": f"r{number}", "prompt": f"{text[:500].strip()} ({name})", "odd": text}
        for number, (name, text) in enumerate(CELLS.items())
    ]
    desk.writes("".join(json.dumps(it) + "\n" for it in rows), "work.jsonl")
    faults = (Fault("create", "moderated", match="(comma)"),)
    with service(state, faults=faults) as shop:
        words = ("run", "work.jsonl", "--base-url", shop.url, *QUICK)
        said = desk.types(*words, "--max-in-flight", "40", GPTPROTO_API_KEY=KEY)
    assert said.code == 1, said.err


def test_every_cell_of_the_report_is_shown_as_it_was_meant(desk: Desk, tmp_path: Path) -> None:
    run_with_odd_cells(desk, tmp_path / "state")
    told = json.loads((desk.run_folder / "report.json").read_text("utf-8"))["jobs"]
    assert [job["odd"] for job in told] == list(CELLS.values())
    columns = list(told[0])
    header, *lines = opened(desk.run_folder / "report.csv", as_text(len(columns)), tmp_path)
    assert [cell.text for cell in header] == columns
    assert len(lines) == len(told)
    for line, job in zip(lines, told, strict=True):
        expected = [meant(job[column]) for column in columns]
        assert [cell.text for cell in line[: len(columns)]] == expected

    requests = opened(desk.run_folder / "attempts.csv", as_text(13), tmp_path)[1:]
    assert [cell.text for cell in requests[0]][1:7:5] == ["r0", "moderated"]
    assert [line[1].text for line in requests] == [job["id"] for job in told]
    assert {line[6].text for line in requests[1:]} == {"accepted"}

    for name in ("report.csv", "attempts.csv"):
        taken = opened(desk.run_folder / name, PROPOSED, tmp_path)
        assert [cell for line in taken for cell in line if cell.formula] == []
        assert len(taken) == len(told) + 1
        assert max(len(line) for line in taken) <= len(columns) + 1


def test_a_formula_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "armed.csv").write_text("name,cell\na;=1+1,=1+2\n", encoding="utf-8")
    (_, line) = opened(tmp_path / "armed.csv", PROPOSED, tmp_path)
    assert [cell.formula for cell in line] == [None, "of:=1+1", "of:=1+2"]


def test_control_characters_are_seen_and_do_nothing(tmp_path: Path) -> None:
    table = tmp_path / "controls.csv"
    with csv_table(table, ["name", "cell"]) as add:
        for name, text in CONTROLS.items():
            add({"name": name, "cell": text})
    _, *lines = opened(table, as_text(2), tmp_path)
    assert {line[0].text: line[1].text for line in lines} == {
        "escape": "red ␛[31m",
        "nul": "a␀b",
        "bell": "␇=1+1",
        "c1": "\\x9b31m",
    }
