"""All together: a runner, a service, crashes, a person, and a real file that has to stay true."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from batchsora.clock import read_stamp
from batchsora.errors import LedgerError
from batchsora.job import Clip, Fault, Job, Reason, State
from batchsora.ledger.answers import Past
from batchsora.ledger.ledger import SecondDriverError
from batchsora.lifecycle import (
    TRANSITIONS,
    Event,
    Happening,
    IllegalTransitionError,
    advance,
)

from .stories import connected, everything, happening, look, opened, planned, rescue_file, take_in

BOUGHT = {Event.SUBMIT_ACCEPTED, Event.DOUBT_ADOPTED}
PAID = BOUGHT | {Event.DOUBT_WRITTEN_OFF}
BACK = {Event.SUBMIT_DEFERRED, Event.DOUBT_CLEARED, Event.RETRY_ASKED}  # to pending
A_PERSONS_WORD = {Event.RETRY_ASKED, Event.DOUBT_CLEARED}
ANSWERS = [event for state, event in TRANSITIONS if state is State.SUBMITTING]
# what happens to a job by itself
FATES = [
    Event.IMAGE_UNREADABLE,
    Event.RENDER_PROGRESSED,
    Event.RENDER_COMPLETED,
    Event.RENDER_FAILED,
    Event.DOWNLOAD_DEFERRED,
    Event.DOWNLOAD_CHECKED,
    Event.DOWNLOAD_LOST,
    Event.FILE_MISSING,
    Event.FILE_LOST,
    Event.FILE_FOUND,
]
REASONS = {
    Event.IMAGE_UNREADABLE: [Reason.IMAGE_UNREADABLE],
    Event.RENDER_FAILED: [Reason.RENDER_FAILED, Reason.MODERATED, Reason.REJECTED],
    Event.DOWNLOAD_LOST: [Reason.EXPIRED, Reason.REJECTED],
}


def replay(job: Job, history: list[Past]) -> Job:
    """Let all that is written of a job happen to it once more."""
    for past in history:
        job = advance(job, _happened(past))
        assert job.state is past.state
    return job


def _happened(past: Past) -> Happening:
    known: dict[str, Any] = {name: it for name, it in past.detail.items() if name != "price_usd"}
    if "code" in known:
        parts = (known.pop("code"), known.pop("message"), known.pop("fault_hint", ""))
        known["fault"] = Fault(*parts)
    if "file" in known:
        known["clip"] = Clip(known.pop("file"), known.pop("bytes"), known.pop("sha256"))
    if "reason" in known:
        known["reason"] = Reason(known["reason"])
    for name in ("started_at", "completed_at", "expires_at"):
        if name in known:
            known[name] = read_stamp(known[name])
    return Happening(Event(past.event), past.at, **known)


jobs = st.integers(0, 2)


def while_some(state: State) -> Callable[[Any], Any]:
    """Offer a rule only while there is a job in that state: few steps are in vain then."""
    return precondition(lambda self: any(job.state is state for job in self.jobs))


class Campaign(RuleBasedStateMachine):
    """Three jobs, two of them alike, and all that can come over them in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="batchsora-test-"))
        self.ledger = opened(self.folder)
        self.first = take_in(
            self.ledger, planned("cat"), planned("cat", prompt="a cat", take=2), planned("dog")
        )
        self.jobs = list(self.first)
        self.stale = list(self.first)
        self.numbers = count()
        self.made: dict[str, list[str]] = {job.key: [] for job in self.jobs}  # at the service
        self.answers: dict[str, Event] = {}  # on the wire to this very process
        self.paid: dict[str, int] = {job.key: 0 for job in self.jobs}  # as far as we know
        self.words: dict[str, int] = {job.key: 0 for job in self.jobs}  # of a person: buy again

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    def record(self, number: int, event: Event, **known: Any) -> None:
        """Record what happened to a job, as the runner does."""
        job = self.jobs[number]
        self.stale[number] = job
        self.jobs[number] = self.ledger.record(job, happening(event, job, **known))
        self.paid[job.key] += event in PAID

    def pick(self, number: int, state: State) -> int:
        """Choose the first job in a state, from a number on."""
        ring = [*range(number, len(self.jobs)), *range(number)]
        found: int = next(it for it in ring if self.jobs[it].state is state)
        return found

    def reopen(self) -> None:
        """End the process that has the ledger open, and begin another."""
        self.ledger.close()
        self.ledger = opened(self.folder)
        self.jobs = [look(self.ledger, job) for job in self.jobs]
        self.answers.clear()

    def unclaimed(self, key: str) -> list[str]:
        """Say which videos the service made for a job that the ledger knows nothing of."""
        return [it for it in self.made[key] if self.ledger.records.owner_of(it) is None]

    @while_some(State.PENDING)
    @rule(number=jobs, event=st.sampled_from(ANSWERS), made=st.booleans())
    def submit(self, number: int, event: Event, *, made: bool) -> None:
        """Let a request leave; the service makes it or not, and answers, or the answer is lost."""
        number = self.pick(number, State.PENDING)
        self.record(number, Event.SUBMIT_STARTED)
        key = self.jobs[number].key
        if event is Event.SUBMIT_ACCEPTED or (event is Event.SUBMIT_LOST and made):
            self.made[key].append(f"video_{next(self.numbers)}")
        self.answers[key] = event

    @while_some(State.SUBMITTING)
    @rule(number=jobs)
    def answer(self, number: int) -> None:
        """Let the answer come, and record it."""
        number = self.pick(number, State.SUBMITTING)
        key = self.jobs[number].key
        event = self.answers.pop(key)
        known: dict[str, Any] = {}
        if event is Event.SUBMIT_ACCEPTED:
            known["video_id"] = self.made[key][-1]
        elif event is Event.GAVE_UP:
            known["reason"] = Reason.GAVE_UP
        self.record(number, event, **known)

    @precondition(lambda self: Event.SUBMIT_ACCEPTED in self.answers.values())
    @rule()
    def answer_while_somebody_reads_on(self) -> None:
        """Let an id come that the ledger can't take: the run stops, and is started again."""
        number = next(
            nth
            for nth, job in enumerate(self.jobs)
            if self.answers.get(job.key) is Event.SUBMIT_ACCEPTED
        )
        self.ledger.db.execute("pragma busy_timeout = 1")
        with connected(self.ledger.path) as reader:
            reader.execute("begin")
            reader.execute("select count(*) from jobs").fetchall()
            with pytest.raises(LedgerError, match="locked"):
                self.record(
                    number,
                    Event.SUBMIT_ACCEPTED,
                    video_id=self.made[self.jobs[number].key][-1],
                )
        assert rescue_file(self.folder).exists()
        self.reopen()
        assert self.jobs[number].state is State.RUNNING
        self.paid[self.jobs[number].key] += 1

    @rule()
    def crash(self) -> None:
        """Lose all that is not in the file: the answers on the wire, too."""
        self.reopen()

    @rule(number=jobs)
    def look_up(self, number: int) -> None:
        """Find a doubted job in the service's list, where it is there."""
        job = self.jobs[number]
        if job.state is State.IN_DOUBT and (found := self.unclaimed(job.key)):
            self.record(number, Event.DOUBT_ADOPTED, video_id=found[0])

    @while_some(State.IN_DOUBT)
    @rule(number=jobs, event=st.sampled_from([Event.DOUBT_CLEARED, Event.DOUBT_WRITTEN_OFF]))
    def settle(self, number: int, event: Event) -> None:
        """Let a person say what became of a doubt, rightly or wrongly."""
        number = self.pick(number, State.IN_DOUBT)
        self.record(number, event)
        self.words[self.jobs[number].key] += event is Event.DOUBT_CLEARED

    @while_some(State.FAILED)
    @rule(number=jobs)
    def retry(self, number: int) -> None:
        """Let a person ask for a failed job once more."""
        self.ask_again(self.pick(number, State.FAILED))

    @while_some(State.DONE)
    @rule(number=jobs)
    def reject(self, number: int) -> None:
        """Let a person look at a clip, and want another."""
        self.ask_again(self.pick(number, State.DONE))

    def ask_again(self, number: int) -> None:
        """Put a job back."""
        self.record(number, Event.RETRY_ASKED)
        bought_anew = self.jobs[number].state is State.PENDING
        self.words[self.jobs[number].key] += bought_anew

    @rule(number=jobs, event=st.sampled_from(FATES), data=st.data())
    def go_on(self, number: int, event: Event, data: st.DataObject) -> None:
        """Let something happen to a job that nobody here brought about."""
        job = self.jobs[number]
        if event is Event.FILE_LOST and job.downloaded_at is None:
            return  # what never was here can't be lost here
        if (job.state, event) in TRANSITIONS:
            known = {}
            if event in REASONS:
                known["reason"] = data.draw(st.sampled_from(REASONS[event]))
            self.record(number, event, **known)

    @rule(number=jobs)
    def keep(self, number: int) -> None:
        """Give a checked clip its name."""
        job = self.jobs[number]
        if job.state is State.RENDERED and job.clip is not None:
            self.record(number, Event.DOWNLOAD_KEPT)

    @rule(number=jobs, event=st.sampled_from(Event))
    def do_what_cannot_be(self, number: int, event: Event) -> None:
        """Try what the table does not have: nothing is written."""
        if (self.jobs[number].state, event) in TRANSITIONS:
            return
        before = everything(self.ledger.path)
        with pytest.raises(IllegalTransitionError):
            self.record(number, event)
        assert everything(self.ledger.path) == before

    @rule(number=jobs)
    def drive_twice(self, number: int) -> None:
        """Let a second driver go on from what it knew: nothing is written."""
        stale = self.stale[number]
        event = next((event for state, event in TRANSITIONS if state is stale.state), None)
        if stale.revision == self.jobs[number].revision or event is None:
            return
        before = everything(self.ledger.path)
        with pytest.raises(SecondDriverError):
            self.ledger.record(stale, happening(event, stale, video_id=None))
        assert everything(self.ledger.path) == before

    @rule()
    def run_twice(self) -> None:
        """Let somebody else open the ledger meanwhile: it is refused, and nothing is written."""
        before = everything(self.ledger.path)
        with pytest.raises(LedgerError, match="another batchsora"):
            opened(self.folder)
        assert everything(self.ledger.path) == before

    @invariant()
    def the_bill_is_what_was_paid_and_what_may_have_been(self) -> None:
        """Compare each bill with what we counted."""
        for job in self.jobs:
            open_ = job.state in {State.SUBMITTING, State.IN_DOUBT}
            assert job.bill_usd == Decimal("0.40") * (self.paid[job.key] + open_)

    @invariant()
    def what_was_submitted_is_pending_again_for_a_good_reason_only(self) -> None:
        """Look for the reason in the history."""
        for job in self.jobs:
            for past in self.ledger.records.history(job.key):
                assert past.state is not State.PENDING or past.event in BACK

    @invariant()
    def each_row_keeps_the_promise_of_its_state(self) -> None:
        """Compare what is known of a job with its state, in the file itself."""
        with connected(self.ledger.path) as other:
            rows = other.execute(
                "select state, video_id, reason, downloaded_at, sha256, purchases, attempts"
                " from jobs"
            ).fetchall()
        for state, video_id, reason, downloaded_at, sha256, purchases, attempts in rows:
            assert (state == "failed") == (reason is not None)
            assert state == "failed" or (video_id is None) == (
                state in {"pending", "submitting", "in_doubt"}
            )
            assert state != "done" or None not in (downloaded_at, sha256)
            assert 0 <= purchases <= attempts

    @invariant()
    def no_clip_is_bought_twice_unasked(self) -> None:
        """Count what the service made for each job."""
        for key, made in self.made.items():
            assert len(made) <= 1 + self.words[key]

    @invariant()
    def between_two_purchases_is_a_persons_word(self) -> None:
        """Look for it in the history."""
        for job in self.jobs:
            bought = False
            for past in self.ledger.records.history(job.key):
                assert not (bought and past.event in BOUGHT)
                bought = past.event in BOUGHT or (bought and past.event not in A_PERSONS_WORD)

    @invariant()
    def no_submission_is_older_than_its_process(self) -> None:
        """Compare the file with what this process has on the wire."""
        with connected(self.ledger.path) as other:
            sent = other.execute("select key from jobs where state = 'submitting'").fetchall()
        assert {key for (key,) in sent} == self.answers.keys()

    @invariant()
    def what_happened_gives_what_is(self) -> None:
        """Let it all happen once more."""
        for first, job in zip(self.first, self.jobs, strict=True):
            assert replay(first, self.ledger.records.history(job.key)) == job
            assert look(self.ledger, job) == job

    @invariant()
    def every_video_has_one_job_and_was_made_for_it(self) -> None:
        """Compare the file with what the service made."""
        with connected(self.ledger.path) as other:
            owned = other.execute(
                "select key, json_extract(detail, '$.video_id') from events"
                " where event in ('submit_accepted', 'doubt_adopted')"
            ).fetchall()
        assert len({video_id for _, video_id in owned}) == len(owned)
        for key, video_id in owned:
            assert video_id in self.made[key]

    @invariant()
    def nothing_paid_for_is_forgotten(self) -> None:
        """See that a video without an owner is of a doubt, or was given up by a person."""
        for job in self.jobs:
            open_ = job.state in {State.SUBMITTING, State.IN_DOUBT}
            written_off = job.purchases - len(
                [it for it in self.ledger.records.history(job.key) if it.event in BOUGHT]
            )
            assert len(self.unclaimed(job.key)) <= open_ + written_off + self.words[job.key]


def test_whatever_can_happen_to_a_job_happens_here() -> None:
    asked = {Event.SUBMIT_STARTED, Event.DOWNLOAD_KEPT, *PAID, *A_PERSONS_WORD}
    assert asked | {*ANSWERS, *FATES} == set(Event)


def test_no_crash_and_no_person_makes_the_ledger_break_a_promise() -> None:
    walks = settings(max_examples=20, stateful_step_count=30)
    run_state_machine_as_test(Campaign, settings=walks)
