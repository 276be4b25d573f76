"""What a ledger tells: jobs in their order, totals, names, histories, times."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from batchsora.job import Fault, Job, Reason, State
from batchsora.ledger import intake
from batchsora.ledger.answers import Campaign, Kept
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.records import PAGE
from batchsora.lifecycle import Event, Happening

from .stories import AT, SERVICE, bring, happening, look, planned, record, take_in


def gone(ledger: Ledger, *jobs: Job) -> None:
    with ledger.atomic():
        intake.drop_places(ledger.db, [job.key for job in jobs])


def ids(ledger: Ledger) -> list[str]:
    return [entry.job.id for entry in ledger.records.entries()]


def test_a_campaign_is_told_as_it_was_claimed(ledger: Ledger) -> None:
    campaign = ledger.records.campaign()
    assert campaign is not None
    known = (campaign.identity, "cats", SERVICE, "../cats.yaml", ("mood",), AT)
    assert campaign == Campaign(*known, max_cost_usd=None)
    ledger.keep_account(Decimal("7.50"))
    assert ledger.records.campaign() == Campaign(*known, max_cost_usd=Decimal("7.50"))
    assert len(campaign.identity) == 32


def test_the_manifests_jobs_come_in_its_order_then_what_was_bought_and_is_gone(
    ledger: Ledger,
) -> None:
    names = ["bought", "one", "doubted", "two", "never", "refused", "three", "sent"]
    jobs = dict(zip(names, take_in(ledger, *map(planned, names)), strict=True))
    bring(ledger, jobs["bought"], State.DONE)
    bring(ledger, jobs["doubted"], State.IN_DOUBT)
    bring(ledger, jobs["sent"], State.SUBMITTING)
    record(ledger, jobs["refused"], Event.SUBMIT_STARTED, Event.SUBMIT_REJECTED)
    gone(ledger, *(jobs[it] for it in names if it not in {"one", "two", "three"}))
    assert ids(ledger) == ["one", "two", "three", "bought", "doubted", "sent"]


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 3])
def test_jobs_are_read_a_page_at_a_time_and_none_is_left_out_or_told_twice(
    ledger: Ledger, count: int
) -> None:
    take_in(ledger, *(planned(f"cat-{it}") for it in range(count)))
    assert ids(ledger) == [f"cat-{it}" for it in range(count)]
    assert [len(page) for page in ledger.records.placed()] == [
        *[PAGE] * (count // PAGE),
        *([count % PAGE] if count % PAGE else []),
    ]


def test_more_than_a_page_of_what_is_gone_is_told_whole(ledger: Ledger) -> None:
    jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(PAGE + 5)))
    with ledger.atomic():
        ledger.db.execute("update jobs set attempts = 1, purchases = 1")
    gone(ledger, *jobs)
    assert ids(ledger) == [job.id for job in jobs]


def test_totals_are_by_state_reason_and_price(ledger: Ledger) -> None:
    jobs = take_in(
        ledger,
        planned("one"),
        planned("two", price_usd="0.80"),
        planned("three"),
        planned("four", price_usd=None),
        planned("five"),
        planned("six"),
    )
    bring(ledger, jobs[0], State.DONE)
    bring(ledger, jobs[1], State.DONE)
    again = record(ledger, bring(ledger, jobs[2], State.FAILED), Event.RETRY_ASKED)
    bring(ledger, again, State.DONE)
    bring(ledger, jobs[3], State.IN_DOUBT)
    bring(ledger, jobs[4], State.FAILED)
    told = {
        (it.state, it.reason, it.price_usd, it.spent_usd): it.jobs
        for it in ledger.records.tallies()
    }
    assert told == {
        (State.DONE, None, Decimal("0.40"), Decimal("0.40")): 1,
        (State.DONE, None, Decimal("0.40"), Decimal("0.80")): 1,  # it failed once
        (State.DONE, None, Decimal("0.80"), Decimal("0.80")): 1,
        (State.IN_DOUBT, None, None, Decimal(0)): 1,
        (State.FAILED, Reason.RENDER_FAILED, Decimal("0.40"), Decimal("0.40")): 1,
        (State.PENDING, None, Decimal("0.40"), Decimal(0)): 1,
    }


def test_totals_count_just_what_is_reported(ledger: Ledger) -> None:
    jobs = take_in(ledger, *map(planned, State))
    for state, job in zip(State, jobs, strict=True):
        bring(ledger, job, state)
    gone(ledger, *jobs)
    told = sum(tally.jobs for tally in ledger.records.tallies())
    assert told == len(ids(ledger)) == len(State) - 1  # the one that was never bought


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["cat"], ["cat#1", "cat#2", "cat#10"]),
        (["cat#2"], ["cat#2"]),
        (["cat#1"], ["cat#1"]),
        (["cat#3"], []),
        (["CAT"], ["CAT#1"]),
        (["c*"], ["cat#1", "cat#2", "cat#10", "cow#1"]),
        (["c?w"], ["cow#1"]),
        (["*#1"], ["cat#1", "cow#1", "CAT#1", "a[1]#1"]),
        (["[!c]*"], ["CAT#1", "a[1]#1"]),
        (["a[1]"], ["a[1]#1"]),
        (["a[1]#1"], ["a[1]#1"]),
        (["cow", "cat#10"], ["cat#10", "cow#1"]),
        (["cow", "cow", "c?w"], ["cow#1"]),
        (["ca"], []),
        ([""], []),
        ([], []),
        (["'; drop table jobs; --"], []),
    ],
)
def test_a_job_is_named_by_id_by_id_and_take_or_by_a_glob_of_either(
    ledger: Ledger, names: list[str], found: list[str]
) -> None:
    takes = [planned("cat"), planned("cat", take=2), planned("cat", take=10)]
    take_in(ledger, *takes, planned("cow"), planned("CAT"), planned("a[1]"))
    named = [f"{it.job.id}#{it.job.order.take}" for it in ledger.records.named(names)]
    assert named == found


def test_what_is_not_reported_has_no_name(ledger: Ledger) -> None:
    never, bought = take_in(ledger, planned("never"), planned("bought"))
    bring(ledger, bought, State.RUNNING)
    gone(ledger, never, bought)
    for name in ("*", "never", "bought"):
        found = [entry.job.id for entry in ledger.records.named([name])]
        assert found == ([] if name == "never" else ["bought"])


def test_the_last_job_of_a_name_is_the_one_recorded_last(ledger: Ledger) -> None:
    take_in(ledger, planned("cat", prompt="old"))
    take_in(ledger, planned("cat", prompt="new"), planned("cat", prompt="second", take=2))
    entry = ledger.records.last_named("cat", 1)
    assert entry is not None
    assert entry.job.order.prompt == "new"
    assert ledger.records.last_named("cat", 3) is None


def test_a_video_has_its_owner_for_ever(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("cat"))
    assert ledger.records.owner_of("video_cat_1_1") is None
    job = bring(ledger, job, State.FAILED)
    assert ledger.records.owner_of("video_cat_1_1") == job.key
    job = record(ledger, job, Event.RETRY_ASKED, Event.SUBMIT_STARTED, Event.SUBMIT_LOST)
    job = record(ledger, job, Event.DOUBT_ADOPTED)
    assert job.video_id == "video_cat_1_2"
    owners = {ledger.records.owner_of(f"video_cat_1_{nth}") for nth in (1, 2)}
    assert owners == {job.key}


def test_a_path_has_its_owner_in_every_spelling(ledger: Ledger) -> None:
    job = planned("Cat")
    take_in(ledger, job)
    assert ledger.records.owner_of_output(job.output.casefold()) is None  # nothing of it was sent
    record(ledger, look(ledger, job), Event.SUBMIT_STARTED)
    assert ledger.records.owner_of_output(job.output.casefold()) == job.key
    assert ledger.records.owner_of_output("videos/other.mp4") is None


def test_the_newest_bytes_of_an_image_are_recalled_by_what_the_manifest_calls_it(
    ledger: Ledger,
) -> None:
    take_in(ledger, planned("cat", image="cat.png"), planned("plain"))
    assert ledger.records.recall_image("cat.png") == "cd" * 32
    assert ledger.records.recall_image("dog.png") is None


def test_jobs_are_found_by_their_keys_and_others_left_out(ledger: Ledger) -> None:
    jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(3)))
    found = ledger.records.find([jobs[2].key, "0" * 32, jobs[0].key])
    assert {key: entry.job for key, entry in found.items()} == {
        jobs[0].key: jobs[0],
        jobs[2].key: jobs[2],
    }
    assert ledger.records.find([]) == {}


def test_render_times_are_of_the_newest_renders_from_order_to_completion(ledger: Ledger) -> None:
    jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(4)))
    for minutes, job in enumerate(jobs):
        running = bring(ledger, job, State.RUNNING)
        at = AT + timedelta(minutes=minutes)
        ledger.record(running, happening(Event.RENDER_COMPLETED, running, completed_at=at))
    told = [(job.id, took_s) for job, took_s in ledger.records.render_times(limit=2)]
    assert told == [("cat-3", 180.0), ("cat-2", 120.0)]
    everything = ledger.records.render_times()
    assert len(everything) == 3  # the first was done before it was ordered, by its own clock


def test_clips_that_came_lately_are_counted_from_when_the_first_of_them_was_ordered(
    ledger: Ledger,
) -> None:
    jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(3)))
    for minutes, job in enumerate(jobs):
        checked = record(ledger, bring(ledger, job, State.RENDERED), Event.DOWNLOAD_CHECKED)
        at = AT + timedelta(minutes=minutes)
        ledger.record(checked, Happening(Event.DOWNLOAD_KEPT, at))
    ordered_at = jobs_ordered_at(ledger)
    assert ledger.records.kept_since(AT) == Kept(
        3, max(AT, ordered_at), AT, AT + timedelta(minutes=2)
    )
    later = AT + timedelta(seconds=1)
    assert ledger.records.kept_since(later) == Kept(
        2, max(later, ordered_at), AT + timedelta(minutes=1), AT + timedelta(minutes=2)
    )
    assert ledger.records.kept_since(AT + timedelta(hours=1)) == Kept(0, None)


def jobs_ordered_at(ledger: Ledger) -> datetime:
    times = [entry.job.submitted_at for entry in ledger.records.entries()]
    return min(at for at in times if at is not None)


def test_times_in_which_the_service_wanted_no_orders_are_one_where_they_overlap(
    ledger: Ledger,
) -> None:
    first, second, third = take_in(ledger, *map(planned, "abc"))
    told = Fault("rate_limit_exceeded", "slowly")
    for job, since_s, wait_s in ((first, 0, 20), (second, 5, 30), (third, 100, 10)):
        at = AT + timedelta(seconds=since_s)
        begun = ledger.record(job, Happening(Event.SUBMIT_STARTED, at))
        again_at = at + timedelta(seconds=wait_s)
        ledger.record(begun, Happening(Event.SUBMIT_DEFERRED, at, fault=told, again_at=again_at))
    holds = ledger.records.holds()
    assert [(it.since - AT, it.until - AT, it.jobs) for it in holds] == [
        (timedelta(0), timedelta(seconds=35), 2),
        (timedelta(seconds=100), timedelta(seconds=110), 1),
    ]
    assert {(it.code, it.message) for it in holds} == {("rate_limit_exceeded", "slowly")}


def test_what_was_put_off_without_a_wait_is_no_such_time(ledger: Ledger) -> None:
    (job,) = take_in(ledger, planned("a"))
    begun = ledger.record(job, Happening(Event.SUBMIT_STARTED, AT))
    ledger.record(begun, Happening(Event.SUBMIT_DEFERRED, AT, fault=Fault("unsent", "refused")))
    assert ledger.records.holds() == []


def test_the_requests_of_jobs_come_with_them_page_by_page(ledger: Ledger) -> None:
    jobs = take_in(ledger, *(planned(f"cat-{it}") for it in range(PAGE + 2)))
    bring(ledger, jobs[0], State.DONE)
    once_put_off = record(ledger, jobs[PAGE], Event.SUBMIT_STARTED, Event.SUBMIT_DEFERRED)
    bring(ledger, once_put_off, State.RUNNING)
    told = list(ledger.records.with_attempts(ledger.records.entries()))
    assert [entry.job.id for entry, _ in told] == ids(ledger)
    outcomes = {e.job.id: [it.outcome.value for it in attempts] for e, attempts in told if attempts}
    assert outcomes == {"cat-0": ["accepted"], f"cat-{PAGE}": ["put_off", "accepted"]}


def test_what_was_asked_for_and_not_bought_is_known_also_when_its_row_is_gone(
    ledger: Ledger,
) -> None:
    names = ["bought", "refused", "never"]
    bought, refused, never = take_in(ledger, *map(planned, names))
    bring(ledger, bought, State.DONE)
    record(ledger, refused, Event.SUBMIT_STARTED, Event.SUBMIT_REJECTED)
    assert list(ledger.records.never_bought()) == []
    gone(ledger, bought, refused, never)
    assert [entry.job.id for entry in ledger.records.never_bought()] == ["refused"]
