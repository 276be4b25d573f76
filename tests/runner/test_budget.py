"""A budget on a clock that jumps: what is billed, or may be, never passes it."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchsora.errors import StopReason
from batchsora.job import State
from batchsora.runner.campaign import Outcome, carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.session import Work
from batchsora.settings import Share
from batchsora.simulator import Fault, Scenario

from .campaigning import opened
from .test_runs import AT_ONCE, came, ends, jobs, manifest, nobody, numbered, story

pytestmark = pytest.mark.looptime


async def run(
    folder: Path, tale: Scenario, path: Path, **settings: Any
) -> tuple[Outcome, list[StopReason]]:
    async with opened(folder, tale, path, nobody, **{**AT_ONCE, **settings}) as session:
        outcome = await carry_out(session, Choice())
        return outcome, [it.reason for it in session.stopping.stops]


async def test_no_clip_is_bought_beyond_the_budget_and_a_higher_one_goes_on(folder: Path) -> None:
    path = numbered(folder, 40)
    budget: dict[str, Any] = {"max_in_flight": 64, "burst": 100}
    outcome, stops = await run(folder, story(), path, max_cost_usd=Decimal("4.39"), **budget)
    assert stops == [StopReason.BUDGET]
    assert (len(came(folder)), outcome.totals.spent_usd) == (10, Decimal("4.00"))
    assert ends(outcome) == {State.DONE: 10, State.PENDING: 30}
    again, stops = await run(folder, story(), path, max_cost_usd=Decimal("4.39"), **budget)
    assert (len(came(folder)), stops) == (10, [StopReason.BUDGET])
    outcome, stops = await run(folder, story(), path, max_cost_usd=Decimal("16.00"), **budget)
    assert (ends(outcome), stops) == ({State.DONE: 40}, [])
    assert ends(again)[State.DONE] == 10


async def test_the_rows_are_bought_in_order_and_none_that_is_cheaper_is_preferred(
    folder: Path,
) -> None:
    rows = [{"id": f"{it}", "prompt": f"Wave {it}", "seconds": it} for it in (4, 12, 8)]
    outcome, _ = await run(folder, story(), manifest(folder, *rows), max_cost_usd=Decimal("1.50"))
    assert outcome.totals.spent_usd == Decimal("0.40")
    assert {name: row["state"] for name, row in jobs(folder).items()} == {
        "4": "done", "12": "pending", "8": "pending",
    }  # fmt: skip


async def test_a_dear_row_further_down_does_not_end_it_before_its_turn(folder: Path) -> None:
    # the last one's price is known at once, and its turn comes when the others are bought
    rows: list[dict[str, Any]] = [{"id": f"{it}", "prompt": f"Wave {it}"} for it in range(8)]
    rows.append({"id": "dear", "prompt": "A sea", "seconds": 12})
    outcome, stops = await run(folder, story(), manifest(folder, *rows), max_cost_usd=Decimal(4))
    assert ends(outcome) == {State.DONE: 8, State.PENDING: 1}
    assert stops == [StopReason.BUDGET]


async def test_a_refused_order_gives_back_what_it_had_reserved(folder: Path) -> None:
    tale = story(Fault("create", "moderated", match="Wave 1"), Fault("create", "slow"), slow_s=9.0)
    outcome, stops = await run(folder, tale, numbered(folder, 4), max_cost_usd=Decimal("1.20"))
    assert ends(outcome) == {State.DONE: 3, State.FAILED: 1}
    assert (outcome.totals.spent_usd, stops) == (Decimal("1.20"), [])


async def test_what_is_in_doubt_counts_as_billed(folder: Path) -> None:
    lost = Fault("create", "lost_before", times=2)
    tale = story(lost, list_endpoint=False)
    path = numbered(folder, 9)
    outcome, stops = await run(folder, tale, path, max_cost_usd=Decimal("2.00"), max_doubts=9)
    assert ends(outcome) == {State.IN_DOUBT: 2, State.DONE: 3, State.PENDING: 4}
    assert outcome.totals.bill_usd == Decimal("2.00")
    assert stops == [StopReason.BUDGET]


async def test_a_doubt_that_may_still_be_cleared_is_waited_for_before_the_budget_is_reached(
    folder: Path,
) -> None:
    tale = story(Fault("create", "lost_before", nth=(1,)))
    settings: dict[str, Any] = {**AT_ONCE, "max_cost_usd": Decimal("0.80"), "settle_s": 20.0}
    async with opened(
        folder, tale, numbered(folder, 3), nobody, resend_absent=True, **settings
    ) as session:
        outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.DONE: 2, State.PENDING: 1}
    assert outcome.totals.bill_usd == Decimal("0.80")


async def test_nothing_is_bought_on_a_budget_where_a_price_is_not_known(folder: Path) -> None:
    path = folder / "work.yaml"
    path.write_text(
        "models:\n  open-video: {seconds: [4], sizes: [720x1280]}\n"
        "rows:\n  - {id: known, prompt: Sun}\n  - {id: free, prompt: Rain, model: open-video}\n"
    )
    outcome, stops = await run(folder, story(), path, max_cost_usd=Decimal(20))
    assert (came(folder), stops) == ([], [StopReason.UNPRICED])
    assert ends(outcome) == {State.PENDING: 2}


async def test_so_many_failures_stop_the_buying_and_what_was_bought_is_fetched(
    folder: Path,
) -> None:
    refused = (Fault("create", name, match=f"Wave {it}") for it, name in enumerate(
        ("moderated", "moderated_503_in_400", "moderated", "moderated_503_in_400"), start=3
    ))  # fmt: skip
    one_by_one = {"max_in_flight": 1, "max_failures": Share.parse("20%")}
    outcome, stops = await run(folder, story(*refused), numbered(folder, 10), **one_by_one)
    assert stops == [StopReason.FAILURES]
    assert ends(outcome) == {State.DONE: 3, State.FAILED: 2, State.PENDING: 5}
    again, stops = await run(folder, story(), numbered(folder, 10), **one_by_one)
    assert (ends(again), stops) == ({State.DONE: 8, State.FAILED: 2}, [])  # counted anew


async def test_a_session_that_is_to_collect_buys_nothing(folder: Path) -> None:
    path = numbered(folder, 5)
    stuck = story(Fault("create", "stuck"))
    await run(folder, stuck, path, max_in_flight=2, job_timeout_s=30.0)
    assert len(came(folder)) == 2
    async with opened(folder, story(), path, nobody, work=Work.COLLECT, job_timeout_s=9) as session:
        outcome = await carry_out(session, Choice())
    assert len(came(folder)) == 2
    assert Counter(ends(outcome)) == {State.RUNNING: 2, State.PENDING: 3}


async def test_a_detached_session_orders_all_and_looks_at_none(folder: Path) -> None:
    path = numbered(folder, 6)
    async with opened(folder, story(), path, nobody, work=Work.ORDER, **AT_ONCE) as session:
        outcome = await carry_out(session, Choice())
        assert [it.reason for it in session.stopping.stops] == [StopReason.DETACHED]
    assert ends(outcome) == {State.RUNNING: 6}
    assert came(folder, "GET", "/v1/videos/{id}") == []
    collected, stops = await run(folder, story(), path)
    assert (ends(collected), stops) == ({State.DONE: 6}, [])
    assert len(came(folder)) == 6


async def test_a_detached_session_makes_room_where_more_is_to_be_ordered(folder: Path) -> None:
    path = numbered(folder, 7)
    settings = {**AT_ONCE, "max_in_flight": 3}
    async with opened(folder, story(), path, nobody, work=Work.ORDER, **settings) as session:
        outcome = await carry_out(session, Choice())
    assert len(came(folder)) == 7
    states = Counter(ends(outcome))
    assert states[State.RUNNING] > 0
    assert states[State.DONE] > 0
    assert states[State.PENDING] == 0


async def test_a_detached_session_lets_a_download_end_that_it_has_begun(folder: Path) -> None:
    stuck = story(Fault("create", "stuck", match="Wave 1"), Fault("content", "slow"), slow_s=30.0)
    path = numbered(folder, 4)
    settings: dict[str, Any] = {**AT_ONCE, "max_in_flight": 2}
    async with opened(folder, stuck, path, nobody, work=Work.ORDER, **settings) as session:
        outcome = await carry_out(session, Choice())
    assert Counter(ends(outcome))[State.RENDERED] == 0
    assert Counter(ends(outcome))[State.DONE] >= 1
