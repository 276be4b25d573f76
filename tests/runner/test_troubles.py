"""What a session meets on a clock that jumps: outages, full services, sleep, restarts, absence."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from batchsora.errors import Stop, StopReason
from batchsora.job import Fault as Fault_
from batchsora.job import Order, Reason, Size, State
from batchsora.lifecycle import Event
from batchsora.runner.campaign import carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.progress import Told
from batchsora.runner.session import Work
from batchsora.settings import Rate
from batchsora.simulator import Fault, Scenario, serving

from .campaigning import BEGAN_AT, in_place, opened
from .test_budget import run
from .test_runs import AT_ONCE, alike, came, ends, jobs, manifest, nobody, numbered, story

pytestmark = pytest.mark.looptime


INTERRUPTED = Stop(StopReason.INTERRUPTED, "interrupted")


@asynccontextmanager
async def dark(folder: Path, tale: Scenario, *, after_s: float, for_s: float) -> AsyncIterator[str]:
    """Serve at an address where nobody listens for a while, after some time."""
    loop = asyncio.get_running_loop()
    url: asyncio.Future[str] = loop.create_future()

    async def serve() -> None:
        known: dict[str, Any] = {"clock": lambda: BEGAN_AT + loop.time(), "offload": in_place}
        async with serving(folder / "simulator", tale, **known) as at:
            url.set_result(at)
            await asyncio.sleep(after_s)
        await asyncio.sleep(for_s)
        async with serving(folder / "simulator", tale, port=int(at.rpartition(":")[2]), **known):
            await asyncio.Event().wait()

    service = asyncio.create_task(serve())
    try:
        yield await url
    finally:
        service.cancel()
        await asyncio.wait({service})


async def test_an_outage_of_hours_costs_no_job_and_is_met_with_a_probe_now_and_then(
    folder: Path,
) -> None:
    told: list[Told] = []
    settings: dict[str, Any] = {"rate": Rate(2, 1.0), "job_timeout_s": 10_000.0}
    async with dark(folder, story(expires_s=9000.0), after_s=10, for_s=7200) as url:
        path = numbered(folder, 60)
        async with opened(folder, story(), path, told.append, url=url, **settings) as session:
            outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.DONE: 60}
    probes = [it for it in told if it.what == "paused" and "can't be reached" in it.message]
    assert 7200 / 60 <= len(probes) < 7200 / 25  # each half a minute to a minute after the other
    assert len(came(folder)) == 60


async def test_a_short_outage_is_told_and_is_over_as_soon_as_the_service_is_back(
    folder: Path,
) -> None:
    told: list[Told] = []
    # jobs in every state when it begins: what probes is an order, a look or a download
    settings: dict[str, Any] = {"rate": Rate(1, 1.0), "max_in_flight": 6}
    async with dark(folder, story(video_url=True), after_s=7, for_s=20) as url:
        path = numbered(folder, 20)
        async with opened(folder, story(), path, told.append, url=url, **settings) as session:
            outcome = await carry_out(session, Choice())
    assert ends(outcome) == {State.DONE: 20}
    said = [it for it in told if it.what == "paused"]
    assert "reached again" in said[-1].message
    gaps = [(later.at - it.at).total_seconds() for it, later in pairwise(said)]
    assert max(gaps) < 35  # each try comes when it was announced


async def test_an_outage_without_an_end_stops_the_run_and_its_jobs_can_go_on(folder: Path) -> None:
    settings: dict[str, Any] = {"rate": Rate(2, 1.0), "job_timeout_s": 600.0}
    path = numbered(folder, 60)
    async with dark(folder, story(), after_s=10, for_s=5000) as url:
        async with opened(folder, story(), path, nobody, url=url, **settings) as session:
            outcome = await carry_out(session, Choice())
            assert [it.reason for it in session.stopping.stops] == [StopReason.OUTAGE]
        assert asyncio.get_running_loop().time() < 10 + 600 + 120
    assert not {State.FAILED, State.IN_DOUBT} & set(ends(outcome))
    outcome, _ = await run(folder, story(), path)
    assert ends(outcome) == {State.DONE: 60}
    assert len(came(folder)) == 60


async def test_a_service_that_puts_every_order_off_is_not_asked_for_ever(folder: Path) -> None:
    tale = story(Fault("create", "429", retry_after="120"))
    outcome, stops = await run(folder, tale, numbered(folder, 9), job_timeout_s=3600.0)
    assert stops == [StopReason.OUTAGE]
    assert ends(outcome) == {State.PENDING: 9}
    assert 3600 / 120 <= len(came(folder)) < 3600 / 120 + 8


async def test_a_service_with_too_many_running_gets_fewer_at_once_and_nobody_is_paused(
    folder: Path,
) -> None:
    tale = story(render_s=(20.0, 20.0), max_running=3)
    told: list[Told] = []
    path = numbered(folder, 30)
    async with opened(folder, tale, path, told.append, **AT_ONCE) as session:
        outcome = await carry_out(session, Choice())
        assert session.gates.submit.per_minute > 10_000  # the rate was not what was wrong
        assert 3 <= session.slots.limit <= 4
    assert ends(outcome) == {State.DONE: 30}
    refused = [it for it in told if it.what == Event.SUBMIT_DEFERRED]
    assert len(refused) < 10  # of 40 and more requests
    waits = [it.message for it in told if it.what == "paused"]
    assert all("jobs at once" in it for it in waits)
    assert asyncio.get_running_loop().time() < 30 / 3 * 20 * 1.25  # its room was used


async def test_one_stray_refusal_does_not_make_a_run_serial_for_hours(folder: Path) -> None:
    tale = story(Fault("create", "429_concurrency", nth=(2,)), render_s=(1800.0, 1800.0))
    outcome, _ = await run(folder, tale, numbered(folder, 8), max_in_flight=8)
    assert ends(outcome) == {State.DONE: 8}
    assert asyncio.get_running_loop().time() < 2 * 1800 + 900


async def test_jobs_at_once_grow_back_when_the_service_has_room_again(folder: Path) -> None:
    only_then = Fault("create", "429_concurrency", nth=(5, 6, 7))
    tale = story(only_then, render_s=(5.0, 5.0))
    async with opened(folder, tale, numbered(folder, 150), nobody, **AT_ONCE) as session:
        outcome = await carry_out(session, Choice())
        assert session.slots.limit >= 8
    assert ends(outcome) == {State.DONE: 150}


async def test_where_others_fill_the_service_we_wait_and_come_back(folder: Path) -> None:
    tale = story(Fault("create", "429_concurrency", times=4))
    outcome, stops = await run(folder, tale, numbered(folder, 3), max_in_flight=1)
    assert (ends(outcome), stops) == ({State.DONE: 3}, [])


async def test_after_a_sleep_what_was_bought_is_looked_at_and_fetched_before_more_is_bought(
    folder: Path,
) -> None:
    slept = timedelta()
    tale = story(render_s=(40.0, 40.0), poll_after_ms=600_000)
    settings: dict[str, Any] = {"rate": Rate(1, 20.0), "poll_interval_s": 600.0}
    told: list[Told] = []
    async with opened(folder, tale, numbered(folder, 9), told.append, **settings) as session:
        honest = session.now

        def now() -> datetime:
            return honest() + slept

        session.now = now
        running = asyncio.create_task(carry_out(session, Choice()))
        await asyncio.sleep(50)
        looks, bought = came(folder, "GET", "/v1/videos/{id}"), len(came(folder))
        slept = timedelta(minutes=50)
        await asyncio.sleep(6)
        fresh = came(folder, "GET", "/v1/videos/{id}")[len(looks) :]
        assert len(fresh) == bought == 3
        outcome = await running
    assert ends(outcome) == {State.DONE: 9}
    (woke,) = (number for number, it in enumerate(told) if it.what == "woke")
    after = [it.what for it in told[woke:]]
    assert after.index(Event.RENDER_COMPLETED) < after.index(Event.SUBMIT_STARTED)


async def test_after_a_sleep_a_clip_that_is_not_to_be_had_holds_nobody_up_for_long(
    folder: Path,
) -> None:
    slept = timedelta()
    tale = story(Fault("content", "not_ready", match="Wave 0"), expires_s=1e6)
    settings: dict[str, Any] = {"rate": Rate(1, 20.0), "job_timeout_s": 900.0}
    async with opened(folder, tale, numbered(folder, 4), nobody, **settings) as session:
        honest = session.now

        def now() -> datetime:
            return honest() + slept

        session.now = now
        running = asyncio.create_task(carry_out(session, Choice()))
        await asyncio.sleep(25)
        slept = timedelta(minutes=5)
        outcome = await running
    assert ends(outcome) == {State.DONE: 3, State.RENDERED: 1}
    times = came(folder)
    assert max(later - at for at, later in pairwise(times)) < 120


async def test_a_restart_is_no_way_to_a_burst(folder: Path) -> None:
    settings: dict[str, Any] = {"rate": Rate(1, 60.0)}
    path = numbered(folder, 5)
    for _ in range(4):
        async with opened(folder, story(), path, nobody, **settings) as session:
            running = asyncio.create_task(carry_out(session, Choice()))
            await asyncio.sleep(10)
            session.stopping.ask(INTERRUPTED)
            await running
    outcome, _ = await run(folder, story(), path, **settings)
    assert ends(outcome) == {State.DONE: 5}
    assert all(later - at >= 60 for at, later in pairwise(came(folder)))


async def test_a_restart_is_no_way_round_a_wait_that_the_service_asked_for(folder: Path) -> None:
    path = numbered(folder, 2)
    tale = story(Fault("create", "429", retry_after="300", times=1))
    async with opened(folder, tale, path, nobody, max_in_flight=1) as session:
        running = asyncio.create_task(carry_out(session, Choice()))
        await asyncio.sleep(10)
        session.stopping.ask(INTERRUPTED)
        await running
    (first,) = came(folder)[:1]
    outcome, _ = await run(folder, story(), path)
    assert ends(outcome) == {State.DONE: 2}
    assert all(at - first >= 299 for at in came(folder)[1:])


async def resend(folder: Path, tale: Scenario, path: Path, **settings: Any) -> dict[State, int]:
    known = {**AT_ONCE, "settle_s": 30.0, **settings}
    async with opened(folder, tale, path, nobody, resend_absent=True, **known) as session:
        return ends(await carry_out(session, Choice()))


async def test_what_no_list_shows_is_sent_again_where_that_was_asked_for_and_only_then(
    folder: Path,
) -> None:
    lost = Fault("create", "lost_before", nth=(2,))
    path = numbered(folder, 3)
    outcome, _ = await run(folder, story(lost), path, settle_s=30.0)
    assert ends(outcome) == {State.DONE: 2, State.IN_DOUBT: 1}
    began = asyncio.get_running_loop().time()
    assert await resend(folder, story(), path) == {State.DONE: 3}
    times = came(folder)
    assert len(times) == 4
    assert times[-1] - began >= 30  # this session has looked for so long, too


async def test_a_doubt_that_is_cleared_has_one_driver_however_many_rows_are_left(
    folder: Path,
) -> None:
    lost = Fault("create", "lost_before", nth=(1,))
    path = numbered(folder, 230)  # more than two windows of rows
    one: dict[str, Any] = {"max_in_flight": 1, "job_timeout_s": 1.0}
    async with opened(folder, story(lost), path, nobody, **one) as session:
        running = asyncio.create_task(carry_out(session, Choice()))
        await asyncio.sleep(4)
        session.stopping.ask(INTERRUPTED)
        await running
    assert await resend(folder, story(), path, max_in_flight=3) == {State.DONE: 230}
    assert len(came(folder)) == 231


async def test_a_doubt_that_would_not_be_bought_now_is_not_cleared(folder: Path) -> None:
    lost = Fault("create", "lost_before", nth=(2,))
    path = numbered(folder, 3)
    outcome, _ = await run(folder, story(lost), path)
    doubt = {State.DONE: 2, State.IN_DOUBT: 1}
    assert ends(outcome) == doubt
    assert await resend(folder, story(), path, work=Work.COLLECT) == doubt
    rows = path.read_text().splitlines(keepends=True)
    path.write_text(rows[0] + rows[2])  # nobody asks for it any more
    assert await resend(folder, story(), path) == doubt
    assert len(came(folder)) == 3


async def test_what_a_late_list_shows_is_not_sent_again(folder: Path) -> None:
    tale = story(Fault("create", "lost_after", nth=(2,)), list_lag_s=25.0)
    assert await resend(folder, tale, numbered(folder, 3)) == {State.DONE: 3}
    assert len(came(folder)) == 3


async def test_a_list_that_does_not_show_what_was_bought_lately_proves_nothing(
    folder: Path,
) -> None:
    tale = story(Fault("create", "lost_after", nth=(2,)), list_lag_s=5000.0)
    assert await resend(folder, tale, numbered(folder, 3)) == {State.DONE: 2, State.IN_DOUBT: 1}
    assert len(came(folder)) == 3


async def test_a_job_is_sent_again_once_whatever_the_lists_say(folder: Path) -> None:
    lost = Fault("create", "lost_before", match="Wave 1")
    path = numbered(folder, 3)
    for _ in range(3):
        assert await resend(folder, story(lost), path) == {State.DONE: 2, State.IN_DOUBT: 1}
    assert len(came(folder)) == 2 + 2


async def test_a_clock_that_was_set_ahead_makes_no_list_believed(folder: Path) -> None:
    tale = story(Fault("create", "lost_after", nth=(1,)), list_lag_s=25.0)
    path = numbered(folder, 1)
    async with opened(folder, tale, path, nobody, resend_absent=True, **AT_ONCE) as session:
        honest, began = session.now, asyncio.get_running_loop().time()

        def ahead() -> datetime:
            set_at = asyncio.get_running_loop().time() - began > 3
            return honest() + timedelta(days=31) * set_at

        session.now = ahead
        assert ends(await carry_out(session, Choice())) in ({State.DONE: 1}, {State.IN_DOUBT: 1})
    assert len(came(folder)) == 1


async def test_a_clip_that_another_run_folder_bought_is_not_adopted(folder: Path) -> None:
    there, here = folder / "there", folder / "here"
    row = {"id": "cat", "prompt": "It moves"}
    async with a_service(folder) as url:
        for place in (there, here):
            place.mkdir()
        async with opened(there, story(), manifest(there, row), nobody, url=url) as session:
            assert ends(await carry_out(session, Choice())) == {State.DONE: 1}
        lost = Fault("create", "lost_before", times=1)
    async with a_service(folder, lost) as url:
        beside = Neighbours(lambda: [there / "run"], "simulator")
        path = manifest(here, row)
        async with opened(here, story(), path, nobody, url=url, neighbours=beside) as session:
            assert ends(await carry_out(session, Choice())) == {State.IN_DOUBT: 1}
    # alone, it takes the clip for its own: only the neighbour's ledger knows better
    async with a_service(folder) as url, opened(here, story(), path, nobody, url=url) as session:
        assert ends(await carry_out(session, Choice())) == {State.DONE: 1}
    assert jobs(here)["cat"]["video_id"] == jobs(there)["cat"]["video_id"]


async def test_a_neighbour_that_cannot_be_asked_now_may_have_any_video(folder: Path) -> None:
    order = numbered_order()
    beside = Neighbours(lambda: [folder / "run"], "simulator")
    assert not beside.may_have("video_1", order)  # there is none
    await run(folder, story(), numbered(folder, 1))
    assert not beside.may_have("video_1", order)
    (folder / "run" / "ledger.db").write_bytes(b"no database at all" * 99)
    assert beside.may_have("video_1", order)


def numbered_order() -> Order:
    return Order("Wave 0", "sora-2", 4, Size(720, 1280))


async def test_a_video_is_not_adopted_where_another_picture_may_have_made_it(folder: Path) -> None:
    path = alike(folder)
    nothing = story(
        Fault("create", "lost_before", match="moves", nth=(1,)),
        Fault("create", "lost_after", match="moves", nth=(1,)),  # of those that come so far
        list_endpoint=False,
    )
    outcome, _ = await run(folder, nothing, path, max_in_flight=1)
    assert Counter(ends(outcome))[State.IN_DOUBT] == 2
    outcome, _ = await run(folder, story(), path, settle_s=20.0)
    # the list shows one video of two that it may be: a person has to look
    assert Counter(ends(outcome))[State.IN_DOUBT] == 2
    async with opened(folder, story(), path, nobody, settle_s=20.0) as session:
        (one, *_) = session.ledger.agenda.under_way("", 9)
        fault = Fault_("lost", "settled by a person")
        known = {"reason": Reason.LOST, "fault": fault}
        session.record(one, Event.DOUBT_WRITTEN_OFF, **known)  # its clip is there all the same
        outcome = await carry_out(session, Choice())
    assert Counter(ends(outcome))[State.IN_DOUBT] == 1


async def test_a_list_that_leaves_something_out_proves_no_absence(folder: Path) -> None:
    for fault in ("no_id", "string_times"):
        place = folder / fault
        place.mkdir()
        tale = story(Fault("create", "lost_after", nth=(1,)), Fault("list", fault))
        assert len(await resend(place, tale, numbered(place, 1))) == 1
        assert len(came(place)) == 1


async def test_a_list_that_is_never_to_be_had_is_given_up_when_it_should_have_settled(
    folder: Path,
) -> None:
    tale = story(Fault("create", "lost_before", nth=(1,)), Fault("list", "500"))
    outcome, _ = await run(folder, tale, numbered(folder, 2), settle_s=60.0)
    assert Counter(ends(outcome)) == {State.IN_DOUBT: 1, State.DONE: 1}
    assert asyncio.get_running_loop().time() < 120


async def test_a_download_that_is_one_too_many_is_no_hammer(folder: Path) -> None:
    faults = (
        Fault("create", "stuck", match="Wave 1"),
        Fault("content", "429_concurrency", times=12),
    )
    outcome, _ = await run(folder, story(*faults), numbered(folder, 2), job_timeout_s=900.0)
    assert Counter(ends(outcome)) == {State.DONE: 1, State.RUNNING: 1}
    times = came(folder, "GET", "/v1/videos/{id}/content")
    assert all(later - at >= 1.0 for at, later in pairwise(times))


async def test_rows_that_were_put_off_are_bought_before_later_ones(folder: Path) -> None:
    tale = story(max_running=3, render_s=(9.0, 9.0))
    path = numbered(folder, 12)
    outcome, _ = await run(folder, tale, path, max_cost_usd=Decimal("3.60"))
    assert Counter(ends(outcome)) == {State.DONE: 9, State.PENDING: 3}
    states = {int(name): row["state"] for name, row in jobs(folder).items()}
    late = [number for number, state in states.items() if state == "pending"]
    assert late == [9, 10, 11]


async def detached(folder: Path, tale: Scenario, path: Path, **settings: Any) -> dict[State, int]:
    known = {**AT_ONCE, **settings}
    async with (
        opened(folder, tale, path, nobody, work=Work.ORDER, **known) as session,
        asyncio.timeout(1000),
    ):
        return ends(await carry_out(session, Choice()))


async def test_a_detached_session_makes_room_at_a_service_that_has_too_many(folder: Path) -> None:
    tale = story(max_running=2, render_s=(5.0, 5.0))
    states = Counter(await detached(folder, tale, numbered(folder, 6)))
    assert states[State.PENDING] == 0
    assert states[State.RUNNING] > 0


async def test_a_detached_session_does_not_wait_for_a_clip_that_is_put_off(folder: Path) -> None:
    path = numbered(folder, 2)
    put_off = Fault("content", "429", retry_after="20")
    outcome, _ = await run(folder, story(put_off), path, job_timeout_s=30.0)
    assert ends(outcome) == {State.RENDERED: 2}
    began = asyncio.get_running_loop().time()
    assert await detached(folder, story(put_off), path) == {State.RENDERED: 2}
    assert asyncio.get_running_loop().time() < began + 120


async def test_a_detached_session_ends_where_an_old_doubt_is_found(folder: Path) -> None:
    path = numbered(folder, 1)
    tale = story(Fault("create", "lost_after"), list_endpoint=False)
    assert await detached(folder, tale, path) == {State.IN_DOUBT: 1}
    states = await detached(folder, story(), path)
    assert states in ({State.RUNNING: 1}, {State.IN_DOUBT: 1})
    outcome, _ = await run(folder, story(), path)
    assert ends(outcome) == {State.DONE: 1}
    assert len(came(folder)) == 1


@asynccontextmanager
async def a_service(folder: Path, *faults: Fault) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    known: dict[str, Any] = {"clock": lambda: BEGAN_AT + loop.time(), "offload": in_place}
    async with serving(folder / "simulator", story(*faults), **known) as url:
        yield url
