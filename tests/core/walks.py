"""Lives of jobs: every walk through the table, with what is plausibly known at each step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from batchsora.job import Clip, Fault, Job, Order, Reason, Size
from batchsora.lifecycle import TRANSITIONS, Event, Happening, advance

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
PRICE_USD = Decimal("0.40")
FAULT = Fault("code", "what went wrong", "what to do")
CLIP = Clip("videos/cat.mp4", 1000, "ab" * 32)
BOUGHT = frozenset({Event.SUBMIT_ACCEPTED, Event.DOUBT_ADOPTED, Event.DOUBT_WRITTEN_OFF})

# why a job may fail, for each way to fail
REASONS = {
    Event.IMAGE_UNREADABLE: [Reason.IMAGE_UNREADABLE],
    Event.SUBMIT_REJECTED: [Reason.REJECTED, Reason.MODERATED],
    Event.GAVE_UP: [Reason.GAVE_UP],
    Event.DOUBT_WRITTEN_OFF: [Reason.LOST],
    Event.RENDER_FAILED: [
        Reason.RENDER_FAILED,
        Reason.MODERATED,
        Reason.EXPIRED,
        Reason.REJECTED,
    ],
    Event.DOWNLOAD_LOST: [Reason.EXPIRED, Reason.REJECTED],
}
FAULTY = frozenset(REASONS) | {Event.SUBMIT_DEFERRED, Event.SUBMIT_LOST, Event.DOWNLOAD_DEFERRED}


def pending(price_usd: Decimal | None = PRICE_USD) -> Job:
    """Make a job that nothing has happened to."""
    order = Order("a cat", "sora-2", 4, Size(720, 1280))
    return Job(order.key(), "cat", order, "videos/cat.mp4", price_usd)


def happening(event: Event, *, nth: int = 0, reason: Reason | None = None) -> Happening:
    """Make the nth happening of a life, with all that may be known of such an event."""
    at = AT + timedelta(minutes=nth)
    known: dict[str, Any] = {}
    if event in {Event.SUBMIT_ACCEPTED, Event.DOUBT_ADOPTED}:
        known["video_id"] = f"video_{nth}"
    if event in REASONS:
        known["reason"] = reason or REASONS[event][0]
    if event in FAULTY:
        known["fault"] = FAULT
    if event is Event.RENDER_COMPLETED:
        known |= {"completed_at": at, "expires_at": at + timedelta(hours=1)}
    if event is Event.DOWNLOAD_CHECKED:
        known |= {"clip": CLIP, "hint": "shorter than ordered", "started_at": at}
    if event is Event.FILE_LOST:
        known["hint"] = "gone"
    return Happening(event, at, **known)


@dataclass(frozen=True, slots=True)
class Life:
    """A walk through the table: the job before and after each happening."""

    jobs: list[Job]
    happenings: list[Happening]

    @property
    def end(self) -> Job:
        """The job as it stands."""
        return self.jobs[-1]

    @property
    def steps(self) -> list[tuple[Job, Happening, Job]]:
        """Each happening between the job before and after it."""
        pairs = zip(pairwise(self.jobs), self.happenings, strict=True)
        return [(before, it, after) for (before, after), it in pairs]


def _makes_sense(event: Event, job: Job) -> bool:
    """Tell whether the runner would say so: the table knows states, not what else is known."""
    if event is Event.DOWNLOAD_KEPT:
        return job.clip is not None
    if event is Event.FILE_LOST:
        return job.downloaded_at is not None
    return True


@st.composite
def lives(draw: st.DrawFn, price_usd: Decimal | None = PRICE_USD) -> Life:
    """Walk through the table at random, as the runner and a person may."""
    jobs, happenings = [pending(price_usd)], []
    for nth in range(draw(st.integers(0, 25))):
        job = jobs[-1]
        events = [it for state, it in TRANSITIONS if state is job.state and _makes_sense(it, job)]
        event = draw(st.sampled_from(events))
        reason = draw(st.sampled_from(REASONS[event])) if event in REASONS else None
        happenings.append(happening(event, nth=nth, reason=reason))
        jobs.append(advance(job, happenings[-1]))
    return Life(jobs, happenings)
