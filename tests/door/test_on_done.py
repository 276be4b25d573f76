"""A command of the user's at the end of a run: it hears what came of it, and changes nothing."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batchsora.cli import calling
from batchsora.cli.calling import call
from batchsora.simulator import Fault

from .door import KEY, PATIENCE_S, QUICK, Desk, Said, interrupt, service

SUN, RAIN, SNOW = "sun rises", "rain falls", "snow falls"
TELL = "env > told"  # of a command: what it found


def heard(desk: Desk) -> dict[str, str]:
    """Read which of our variables a command found."""
    lines = (desk.folder / "told").read_text("utf-8").splitlines()
    found = dict(line.partition("=")[::2] for line in lines)
    return {name: value for name, value in found.items() if name.startswith("BATCHSORA_")}


def test_a_command_is_called_with_what_came_of_the_run(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    faults = (
        Fault("create", "moderated", match="rain"),
        Fault("create", "lost_after", match="snow"),
    )
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        said = desk.buys(shop.url, "--on-done", TELL)
    assert (said.code, "the command of --on-done" in said.err) == (6, False)
    assert heard(desk) == {
        "BATCHSORA_EXIT_CODE": "6",
        "BATCHSORA_NAME": "work",
        "BATCHSORA_RUN_FOLDER": str(desk.run_folder),
        "BATCHSORA_REPORT_CSV": str(desk.run_folder / "report.csv"),
        "BATCHSORA_REPORT_JSON": str(desk.run_folder / "report.json"),
        "BATCHSORA_SUMMARY": said.out.splitlines()[0],
        "BATCHSORA_STOPS": "",
        "BATCHSORA_JOBS": "3",
        "BATCHSORA_DONE": "1",
        "BATCHSORA_FAILED": "1",
        "BATCHSORA_MISSING": "0",
        "BATCHSORA_IN_DOUBT": "1",
        "BATCHSORA_LEFT": "0",
        "BATCHSORA_SPENT_USD": "0.40",
        "BATCHSORA_IN_DOUBT_USD": "0.40",
    }


def test_the_reports_are_there_and_the_ledger_is_free_when_it_is_called(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    look = 'cp "$BATCHSORA_REPORT_JSON" seen.json; "$PYTHON" -m batchsora retry work.yaml 2> again'
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url, "--on-done", look, PYTHON=sys.executable).code == 0
    assert json.loads((desk.folder / "seen.json").read_text())["totals"]["done"] == 1
    assert "no failed job is meant" in (desk.folder / "again").read_text()  # and not: locked


def test_no_key_and_no_call_of_itself_is_handed_on(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    desk.writes(f"GPTPROTO_API_KEY={KEY}-of-a-file\n", "keys.env")
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--env-file", "keys.env")
        variables = {"BATCHSORA_ON_DONE": TELL, "OPENAI_API_KEY": f"{KEY}-other", "MINE": "kept"}
        assert desk.types(*words, **variables).code == 0
    told = (desk.folder / "told").read_text()
    assert KEY not in told
    assert "BATCHSORA_ON_DONE" not in told
    assert "MINE=kept" in told


def test_what_it_prints_goes_to_stderr_and_nothing_is_there_to_be_read(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url, "-q", "--on-done", "echo sent; echo and more >&2; cat")
    assert said.err == "sent\nand more\n"
    assert len(said.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("exit 3", "ended with 3"),
        ("no-such-program", "ended with 127"),
        ("kill -9 $$", "was killed by signal 9"),
    ],
)
def test_its_failure_is_told_and_is_none_of_the_run(
    desk: Desk, tmp_path: Path, command: str, words: str
) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url, "--on-done", command)
    assert said.code == 0
    assert f"the command of --on-done {words}" in said.err


def test_lines_for_a_program_stay_such_lines(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url, "--progress", "json", "--on-done", "echo loud; exit 3")
    *_, last = map(json.loads, said.err.splitlines())
    assert (last["event"], last["message"]) == (
        "on_done",
        "the command of --on-done ended with 3",
    )


def test_a_run_that_stops_or_is_interrupted_once_calls_it_too(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state", faults=(Fault("create", "401"),)) as shop:
        assert desk.buys(shop.url, "--on-done", TELL).code == 3
    assert (heard(desk)["BATCHSORA_EXIT_CODE"], heard(desk)["BATCHSORA_STOPS"]) == (
        "3",
        "KEY_REFUSED",
    )
    said = interrupted(desk, tmp_path / "other", TELL)
    assert said.code == 130
    assert heard(desk)["BATCHSORA_STOPS"] == "INTERRUPTED"
    assert heard(desk)["BATCHSORA_LEFT"] == "1"


def interrupted(desk: Desk, state: Path, command: str) -> Said:
    """Run into another folder, and send a signal when the first row is ordered."""
    desk.writes_rows(SUN)
    with service(state, render_s=(600, 600)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "-o", state.name)
        process = desk.starts(*words, "--on-done", command, GPTPROTO_API_KEY=KEY)
        hear(process, "ordered")
        return interrupt(process)


def hear(process: subprocess.Popen[str], word: str) -> None:
    """Wait for a line that says so."""
    assert process.stderr is not None
    while word not in (line := process.stderr.readline()):
        assert line


def test_a_run_that_is_left_at_once_calls_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", faults=(Fault("create", "silent"),)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, "--on-done", TELL, GPTPROTO_API_KEY=KEY)
        wait_until(lambda: shop.bought() == {SUN: 1})
        process.send_signal(signal.SIGINT)
        hear(process, "stopping")
        assert interrupt(process).code == 130
        assert shop.bought() == {SUN: 1}
    assert not (desk.folder / "told").exists()


def test_a_second_interrupt_does_not_wait_for_a_command_that_hangs(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        command = "echo $$ > pid; sleep 600"
        process = desk.starts(*words, "--on-done", command, GPTPROTO_API_KEY=KEY)
        pid = desk.folder / "pid"
        wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"))
        said = interrupt(process)
    assert said.code == 0  # the run was done
    assert "the command of --on-done was ended by a signal" in said.err
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)  # the other process has no bell that could be heard here


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "PATIENCE_S", 0.3)
    monkeypatch.setattr(calling, "GRACE_S", 0.3)
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    command = f"exec 3> {held}; trap '' TERM; (echo begun >&3; sleep 600) & wait"
    told = call(command, {"PATH": os.environ["PATH"]}, heard=False)
    assert told.endswith("and was ended")
    assert os.read(reader, 100) == b"begun\n"
    assert select.select([reader], [], [], PATIENCE_S)[0]
    assert os.read(reader, 100) == b""  # nobody has it open any more
    os.close(reader)


def test_a_plan_and_a_refused_manifest_call_nothing(desk: Desk) -> None:
    desk.writes_rows(SUN)
    assert desk.types("run", "work.yaml", "--dry-run", "--on-done", TELL).code == 0
    desk.writes("rows: [{promt: x}]")
    assert desk.types("run", "work.yaml", "--simulate", "--on-done", TELL).code == 2
    assert not (desk.folder / "told").exists()


def test_a_manifest_can_name_no_command(desk: Desk) -> None:
    desk.writes(f"settings: {{on_done: '{TELL}'}}\nrows: [{{prompt: x}}]")
    said = desk.types("run", "work.yaml", "--simulate")
    assert (said.code, (desk.folder / "told").exists()) == (2, False)
    assert "on_done is not for a manifest to say" in said.err
