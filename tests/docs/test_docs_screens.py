"""What a terminal shows of a run, on the pages as the program draws it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from doc_pages import DOCS, blocks

from batchsora.cli.picture import heartbeat, picture
from batchsora.cli.standing import Slowed, Standing, Waiting
from batchsora.cli.summary import Ending, ending_lines
from batchsora.job import Reason, State
from batchsora.ledger.totals import Totals

COLUMNS = 88  # as wide as the page
NAMED = {Reason.MODERATED: ["rocket"], None: ["lamp-5"]}


def shown(kind: str) -> list[str]:
    """Read the one block of a kind."""
    (block,) = [it for it in blocks(DOCS / "running.md") if it.info == kind]
    return block.text.splitlines()


def totals(done: int, running: int, rendered: int, pending: int) -> Totals:
    """Make totals, with a refused job and a doubt, of clips that cost 0.40 USD each."""
    states = {
        State.DONE: done,
        State.RUNNING: running,
        State.RENDERED: rendered,
        State.PENDING: pending,
        State.FAILED: 1,
        State.IN_DOUBT: 1,
    }
    return Totals(
        Counter(states),
        spent_usd=Decimal("0.40") * (done + running + rendered),
        in_doubt_usd=Decimal("0.40"),
        left_usd=Decimal("0.40") * pending,
        reasons=Counter({Reason.MODERATED: 1}),
        rendering=max(0, running - 1),
    )


def test_the_picture_of_a_run_is_drawn_as_it_is_shown() -> None:
    now = totals(6, 4, 1, 5)
    standing = Standing(
        scope=now,
        totals=now,
        limit_usd=Decimal(25),
        elapsed_s=16.0,
        clips_a_minute=22.6,
        left_s=14.0,
        slowed=Slowed(42.4, 60.0),
        waiting=Waiting(2.0, ""),
        named=NAMED,
    )
    drawn = ["".join(span.text for span in line) for line in picture(standing, COLUMNS)]
    assert shown("text picture")[2:] == drawn


def test_the_line_that_a_log_has_every_minute_is_as_it_is_shown() -> None:
    now = Totals(
        Counter({State.DONE: 12, State.FAILED: 1, State.RUNNING: 20, State.PENDING: 7}),
        spent_usd=Decimal("4.80"),
    )
    standing = Standing(scope=now, totals=now, limit_usd=Decimal(25), left_s=548.0)
    (line,) = shown("text heartbeat")
    assert line.partition(" ")[2] == heartbeat(standing)


def test_the_end_of_a_run_is_summed_up_as_it_is_shown() -> None:
    now = totals(12, 0, 0, 2)
    ending = Ending(
        name="spring",
        folder=Path("runs/spring"),
        scope=now,
        totals=now,
        examples=NAMED,
        go_on="batchsora run manifests/spring.yaml --max-cost 25",
        service="https://gptproto.com",
        began_at=datetime(2026, 11, 26, 11, 26).astimezone(),
        ended_at=datetime(2026, 11, 26, 11, 41).astimezone(),
        took_s=912.0,
        limit_usd=Decimal(25),
    )
    assert shown("text summary") == [*ending_lines(ending, 100)]
