"""Terminals that speak little, disks that are full, readers who leave, folders with odd names."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .door import KEY, PATIENCE_S, QUICK, SURROUNDINGS, Desk, Said, service

ROWS = "猫 wears 🎩", "sun rises slowly"
FULL = Path("/dev/full")
LITTLE = (
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)


def writes_odd_rows(desk: Desk) -> None:
    desk.writes(
        "rows:\n" + "".join(f"  - {{id: r{n}, prompt: {it}}}\n" for n, it in enumerate(ROWS))
    )


def types_onto(desk: Desk, stdout: Path, *words: str, **variables: str) -> Said:
    """Run a command whose stdout goes to that file."""
    with stdout.open("wb") as file:
        ended = subprocess.run(
            [sys.executable, "-m", "batchsora", *words],
            cwd=desk.folder,
            env={**SURROUNDINGS, "HOME": str(desk.folder), **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return Said(ended.returncode, "", ended.stderr)


@pytest.mark.parametrize("variables", LITTLE, ids=["cp1252", "ascii", "C"])
def test_what_a_terminal_has_no_letter_for_is_written_as_an_escape(
    desk: Desk, variables: dict[str, str]
) -> None:
    writes_odd_rows(desk)
    page = desk.folder / "page"
    planned = types_onto(desk, page, "plan", "work.yaml", **variables)
    assert planned.code == 0, planned.err
    assert b"\\u732b wears \\U0001f3a9" in page.read_bytes()
    refused = desk.types("show", "work.yaml", "猫", **variables)
    assert (refused.code, "bug" in refused.err) == (2, False)


def test_a_finished_run_is_told_to_a_terminal_that_speaks_little(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes("rows:\n  - {id: sun, prompt: sun rises}\n", "猫/work.yaml")
    with service(tmp_path / "state") as shop:
        words = ("run", "猫/work.yaml", "--base-url", shop.url, *QUICK)
        said = desk.types(*words, GPTPROTO_API_KEY=KEY, PYTHONIOENCODING="ascii:strict")
    assert said.code == 0, said.err
    assert "\\u732b/runs/work/report.csv" in said.out


@pytest.mark.skipif(not FULL.exists(), reason="not shown: no /dev/full on this system")
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "work.yaml"),
        ("plan", "work.yaml", "--json"),
        ("validate", "work.yaml"),
        ("schema",),
        ("models",),
    ],
    ids=" ".join,
)
def test_9_for_results_that_could_not_be_written(desk: Desk, words: tuple[str, ...]) -> None:
    desk.writes_rows(*ROWS[1:])
    said = types_onto(desk, FULL, *words)
    assert said.code == 9
    assert "No space left" in said.err


@pytest.mark.skipif(not FULL.exists(), reason="not shown: no /dev/full on this system")
@pytest.mark.fault("Here", "no room for what is printed", "the run is as done (0)")
def test_a_run_is_as_done_where_its_result_could_not_be_written(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(*ROWS[1:])
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        said = types_onto(desk, FULL, *words, GPTPROTO_API_KEY=KEY)
        assert shop.creates == 1
    assert said.code == 0, said.err
    assert desk.states() == {"done": 1}


@pytest.mark.fault("Here", "a terminal that goes away", "the run goes on to its end (0)")
@pytest.mark.parametrize("progress", ["auto", "plain", "json"])
def test_a_run_is_as_done_where_its_terminal_is_gone(
    desk: Desk, tmp_path: Path, progress: str
) -> None:
    desk.writes_rows(*ROWS[1:])
    person, terminal = pty.openpty()
    with service(tmp_path / "state", render_s=(1.0, 1.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--progress", progress)
        process = desk.starts(*words, at=terminal, GPTPROTO_API_KEY=KEY, TERM="xterm")
        try:
            os.close(terminal)
            os.read(person, 1)  # it has begun to tell
            os.close(person)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
        assert shop.creates == 1
    assert desk.states() == {"done": 1}


@pytest.mark.parametrize("words", [("plan", "work.yaml"), ("schema",), ("models",)], ids=" ".join)
def test_0_where_the_reader_has_seen_enough(desk: Desk, words: tuple[str, ...]) -> None:
    desk.writes_rows(*ROWS[1:])
    process = desk.starts(*words)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


def test_2_for_a_run_folder_or_a_manifest_whose_name_is_no_utf_8(desk: Desk) -> None:
    desk.writes_rows(*ROWS[1:])
    odd = desk.folder / os.fsdecode(b"r\xe9")
    out_dir = desk.types("run", "work.yaml", "--simulate", "-o", str(odd))
    assert (out_dir.code, odd.exists()) == (2, False)
    assert "r\\xe9 is no UTF-8" in out_dir.err
    assert "--out-dir" in out_dir.err
    odd.mkdir()
    shutil.move(desk.folder / "work.yaml", odd)
    for words in ((), ("-o", "here")):
        inside = desk.types("run", str(odd / "work.yaml"), "--simulate", *words)
        assert inside.code == 2
        assert "is no UTF-8" in inside.err
    assert [it.name for it in odd.iterdir()] == ["work.yaml"]
    assert not (desk.folder / "here").exists()


def test_a_run_ends_well_whose_working_folder_was_removed(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(*ROWS[1:])
    place = desk.folder / "place"
    place.mkdir()
    with service(tmp_path / "state", render_s=(1.0, 1.0)) as shop:
        manifest = str(desk.folder / "work.yaml")
        process = Desk(place).starts(
            "run",
            manifest,
            "--base-url",
            shop.url,
            *QUICK,
            GPTPROTO_API_KEY=KEY,
            HOME=str(tmp_path),
        )
        try:
            assert process.stderr is not None
            process.stderr.readline()  # it has begun
            place.rmdir()
            out, err = process.communicate()
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert "everything is done" in out
    assert str(desk.run_folder / "report.csv") in out


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("models",)])
def test_who_reads_no_further_ends_a_command_without_a_complaint(
    desk: Desk, words: tuple[str, ...]
) -> None:
    process = desk.starts(*words)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(PATIENCE_S), said) == (0, "")
