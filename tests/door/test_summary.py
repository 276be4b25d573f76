"""The lines at the end of a run: whole, honest, and fit to be pasted into a message."""

import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from batchsora.cli.columns import columns_of
from batchsora.cli.summary import Ending, ending_lines
from batchsora.errors import Stop, StopReason
from batchsora.job import Reason, State
from batchsora.ledger.totals import Totals
from batchsora.simulator import Fault

from .door import QUICK, Desk, service

TOTALS = Totals(
    Counter(
        {State.DONE: 12, State.FAILED: 5, State.IN_DOUBT: 2, State.RUNNING: 1, State.PENDING: 3}
    ),
    spent_usd=Decimal("5.2001"),
    in_doubt_usd=Decimal("0.8"),
    left_usd=Decimal("1.2"),
    reasons=Counter({Reason.MODERATED: 1, Reason.RENDER_FAILED: 4}),
)
WHETHER = "whether its video is there"
BUDGET = "1.20 USD still to buy, at most 7.2001 of 25.00 USD allowed"
ENDING = Ending(
    name="spring",
    folder=Path("runs/my spring"),
    scope=TOTALS,
    totals=TOTALS,
    examples={
        Reason.MODERATED: ["rocket"],
        Reason.RENDER_FAILED: ["a#1", "a#2", "b c"],
        None: ["hat", "cat#2"],
    },
    go_on="batchsora run 'my manifest.yaml' --max-cost 25",
    began_at=datetime(2026, 11, 26, 11, 26, tzinfo=UTC),
    ended_at=datetime(2026, 11, 26, 11, 41, tzinfo=UTC),
    took_s=912.0,
    limit_usd=Decimal(25),
)


def test_it_says_what_came_of_it_what_it_cost_what_failed_what_is_left_and_what_to_type() -> None:
    head, *lines = ending_lines(ENDING)
    assert head.startswith("spring: not all done, 7 need you · 26 Nov 2026, ")
    assert head.endswith(" · this run took 15:12")
    assert lines == [
        "  clips:      12 of 23 are here, in runs/my spring/videos",
        f"  money:      5.2001 USD spent, 0.80 USD in doubt; {BUDGET}",
        "  failed:     1 moderated (rocket)",
        "              change the prompt or the image in the manifest, and it is a new job",
        "              4 render failed (a#1, a#2, b c, …)",
        "              to buy another try:",
        "              batchsora retry 'runs/my spring' --reason render_failed",
        "  in doubt:   2 (hat, cat#2): ordered, and no answer came; maybe paid",
        f"              look at the service's site for each {WHETHER}; then say so:",
        "              batchsora show 'runs/my spring' JOB",
        "                what was ordered, and when; no other job waits for it",
        "              batchsora resolve 'runs/my spring' JOB --video VIDEO_ID",
        "                it is, and this is its id: the next run fetches it",
        "              batchsora resolve 'runs/my spring' JOB --not-made",
        "                it is not, and was not paid: the next run buys it",
        "              batchsora resolve 'runs/my spring' JOB --lost",
        "                it was paid, and is gone: it counts as failed",
        "  left:       1 at the service: paid",
        "              3 waiting: 1.20 USD, not bought yet",
        "              what is there was waited for as long as --job-timeout says",
        "  go on with: batchsora run 'my manifest.yaml' --max-cost 25",
    ]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_at_a_terminal_no_line_is_too_wide_and_commands_stay_commands(width: int) -> None:
    lines = [*ending_lines(ENDING, width)]
    assert all(columns_of(line) <= width for line in lines)
    told = " ".join(" ".join(line.removesuffix("\\").split()) for line in lines)
    assert "batchsora retry 'runs/my spring' --reason render_failed" in told
    assert "batchsora run 'my manifest.yaml' --max-cost 25" in told


def test_the_page_to_open_is_named_once_it_is_there(tmp_path: Path) -> None:
    ending = Ending("spring", tmp_path, TOTALS, TOTALS, ENDING.examples, "")
    assert not any("report.html" in line for line in ending_lines(ending))
    (tmp_path / "report.html").touch()
    assert [*ending_lines(ending)][-1] == f"  open:       {tmp_path}/report.html"


def test_where_the_same_command_would_do_no_more_it_is_not_offered() -> None:
    reached = Stop(StopReason.BUDGET, "the budget is reached", "raise --max-cost")
    ending = Ending("s", Path("r"), TOTALS, TOTALS, ENDING.examples, "x", stops=[reached])
    assert not any("go on with" in line for line in ending_lines(ending))


def test_a_run_that_ended_is_summed_up_by_status_too(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows("sun rises", "rain falls")
    refused = Fault("create", "moderated", match="rain")
    with service(tmp_path / "state", faults=(refused,)) as shop:
        said = desk.buys(shop.url)
    (head, *lines) = [line for line in said.err.splitlines() if line[2] != ":"]
    asked = desk.types("status", "work.yaml")
    assert head.startswith("work: finished, 1 needs you · ")
    assert asked.out.splitlines()[0].startswith("work: not running, 1 needs you · begun ")
    (go_on,) = [it for it in lines if it.startswith("  after that: batchsora run work.yaml ")]
    assert asked.out.splitlines()[1:] == [
        "  after that: batchsora run runs/work" if it == go_on else it for it in lines
    ]
    assert "  failed:     1 moderated (rain)" in lines
    assert said.out.splitlines() == [
        "1 done, 1 failed; 0.40 USD spent",
        "runs/work/report.csv",
    ]


def test_status_for_programs_counts_reasons_and_never_rounds(desk: Desk, tmp_path: Path) -> None:
    cheap = "models: {sora-2: {seconds: [4], sizes: {720x1280: 0.012345}}}"
    desk.writes_rows("sun rises", "rain falls", head=cheap)
    refused = Fault("create", "moderated", match="rain")
    with service(tmp_path / "state", faults=(refused,)) as shop:
        desk.buys(shop.url)
    told = json.loads(desk.types("status", "work.yaml", "--json").out)
    assert (told["jobs"], told["reasons"]) == (2, {"moderated": 1})
    assert told["spent_usd"] == "0.04938"
    assert (told["paused_until"], told["paused_because"], told["left_s"]) == (None, None, None)
    assert "0.04938 USD spent" in desk.types("status", "work.yaml").out


def test_status_tells_of_a_pause_that_the_run_keeps_to(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows("sun rises", "rain falls")
    busy = Fault("create", "429", match="rain", retry_after="600")
    with service(tmp_path / "state", faults=(busy,)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, GPTPROTO_API_KEY="any")
        try:
            assert process.stderr is not None
            while "paused for" not in process.stderr.readline():
                pass
            told = json.loads(desk.types("status", "work.yaml", "--json").out)
            shown = desk.types("status", "work.yaml").out
        finally:
            process.kill()
            process.communicate()
    assert told["running"] is True
    assert datetime.fromisoformat(told["paused_until"]) > datetime.now(UTC)
    assert "Rate limit" in told["paused_because"]
    assert "waits   paused for 9:5" in shown or "waits   paused for 10:00" in shown
    assert "runs/work (running)" in shown
    assert "\x1b" not in shown


def test_a_doubt_is_shown_with_the_command_that_settles_it(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows("sun rises")
    lost = Fault("create", "lost_before")
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        desk.buys(shop.url, "--out-dir", "runs/my spring")
    shown = desk.types("show", "runs/my spring", "sun").out
    assert "`batchsora resolve 'runs/my spring' sun#1 --video VIDEO_ID" in shown
    assert "<run folder>" not in shown


def test_words_of_another_hand_in_the_ledger_are_harmless_and_legible(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows("sun rises")
    refused = Fault("create", "moderated")
    with service(tmp_path / "state", faults=(refused,)) as shop:
        desk.buys(shop.url)
    evil = "\x1b[2J\x1b]0;title\x07 \u202egnp.exe 猫🎩 \r\nerror: faked " + "long " * 6000
    with sqlite3.connect(desk.run_folder / "ledger.db") as ledger:
        ledger.execute("update jobs set error_message = ?, id = ?", (evil, f"{evil[:40]}"))
    ledger.close()
    for words in (("status",), ("show", "runs/work", "*")):
        said = desk.types(*words)
        assert said.code == 0
        for line in said.out.splitlines():
            assert line.isprintable(), line
            assert not line.startswith("error: faked")
            assert columns_of(line) <= 4000
        assert "␛[2J" in said.out
