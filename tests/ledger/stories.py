"""Ledgers in a run folder, jobs in them, and what may happen to those."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchsora.job import Clip, Fault, Fit, Framing, Image, Job, Order, Reason, Size, State
from batchsora.ledger import intake
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event, Happening
from batchsora.planned import Planned

AT = datetime(2026, 1, 31, 9, 30, 0, 250_000, tzinfo=UTC)
FAULT = Fault("code", "what went wrong", "what to do")
CLIP = Clip("videos/cat.mp4", 1000, "ab" * 32)
SERVICE = "https://gptproto.com/v1"

# what leads from one state to the next on the way to each
WAYS: dict[State, tuple[Event, ...]] = {
    State.PENDING: (),
    State.SUBMITTING: (Event.SUBMIT_STARTED,),
    State.IN_DOUBT: (Event.SUBMIT_STARTED, Event.SUBMIT_LOST),
    State.RUNNING: (Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED),
    State.RENDERED: (Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED, Event.RENDER_COMPLETED),
    State.DONE: (
        Event.SUBMIT_STARTED,
        Event.SUBMIT_ACCEPTED,
        Event.RENDER_PROGRESSED,
        Event.RENDER_COMPLETED,
        Event.DOWNLOAD_CHECKED,
        Event.DOWNLOAD_KEPT,
    ),
    State.FAILED: (Event.SUBMIT_STARTED, Event.SUBMIT_ACCEPTED, Event.RENDER_FAILED),
}


def rescue_file(folder: Path) -> Path:
    """Say where ids of paid videos go that a ledger in this folder does not take."""
    return folder / "elsewhere" / "rescue.jsonl"


def opened(folder: Path, name: str = "run") -> Ledger:
    """Open the ledger of a run folder, at a time that stands still, and claim it."""
    ledger = Ledger(folder / name, rescue_file=rescue_file(folder), now=lambda: AT)
    ledger.claim("cats", SERVICE, "../cats.yaml", ["mood"])
    return ledger


def planned(
    name: str,
    *,
    prompt: str | None = None,
    take: int = 1,
    image: str | None = None,
    price_usd: str | None = "0.40",
    tags: Sequence[str] = (),
    line: int = 2,
    **columns: str,
) -> Planned:
    """Plan a job that differs from others by its name."""
    order = Order(
        prompt=f"a {name}" if prompt is None else prompt,
        model="sora-2",
        seconds=4,
        size=Size(720, 1280),
        take=take,
        image=None if image is None else Image(image, "cd" * 32),
        framing=Framing(Fit.CONTAIN, pad="#102030"),
    )
    return Planned(
        key=order.key(),
        id=name,
        order=order,
        price_usd=None if price_usd is None else Decimal(price_usd),
        output=f"videos/{name}-{take}-{order.key()[:4]}.mp4",
        row=line - 1,
        line=line,
        file="",
        explicit_id=True,
        tags=tuple(tags),
        columns=columns,
        image_path=None,
    )


def take_in(ledger: Ledger, *jobs: Planned) -> list[Job]:
    """Record new jobs, in the manifest's order."""
    with ledger.atomic():
        intake.add(ledger.db, list(enumerate(jobs)), AT)
    return [look(ledger, it) for it in jobs]


def look(ledger: Ledger, job: Planned | Job) -> Job:
    """Read a job as the ledger has it."""
    return ledger.records.find([job.key])[job.key].job


def happening(event: Event, job: Job, **known: Any) -> Happening:
    """Say that something happened to a job, with what is usually known of it."""
    video_id = f"video_{job.id}_{job.order.take}_{job.attempts}"
    usual: dict[Event, dict[str, Any]] = {
        Event.SUBMIT_ACCEPTED: {"video_id": video_id},
        Event.DOUBT_ADOPTED: {"video_id": video_id},
        Event.SUBMIT_LOST: {"fault": FAULT, "evidence": "HTTP 502\n\nBad gateway"},
        Event.SUBMIT_DEFERRED: {"fault": FAULT},
        Event.SUBMIT_REJECTED: {"fault": FAULT, "reason": Reason.REJECTED},
        Event.DOUBT_WRITTEN_OFF: {"fault": FAULT, "reason": Reason.LOST},
        Event.RENDER_COMPLETED: {"completed_at": AT, "expires_at": AT + timedelta(hours=1)},
        Event.RENDER_FAILED: {"fault": FAULT, "reason": Reason.RENDER_FAILED},
        Event.DOWNLOAD_CHECKED: {"clip": CLIP, "hint": "a hint", "started_at": AT},
    }
    return Happening(event, AT, **(usual.get(event, {}) | known))


def record(ledger: Ledger, job: Job, *events: Event, **known: Any) -> Job:
    """Record some events of a job, one after the other; what is known is of the last one."""
    for event in events[:-1]:
        job = ledger.record(job, happening(event, job))
    return ledger.record(job, happening(events[-1], job, **known))


def bring(ledger: Ledger, job: Job, state: State) -> Job:
    """Bring a pending job into a state, by the shortest way."""
    return record(ledger, job, *WAYS[state]) if WAYS[state] else job


@contextmanager
def connected(ledger: Path, *, timeout_s: float = 0.01) -> Iterator[sqlite3.Connection]:
    """Open a ledger's file with plain SQLite, as any other program may."""
    connection = sqlite3.connect(ledger, timeout=timeout_s, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    """Refuse, as a full disk does, what is written beyond a length."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def everything(ledger: Path) -> list[Any]:
    """Read all that a ledger's file tells."""
    tables = ("campaign", "jobs", "events", "(select length(held) from room)")
    with connected(ledger) as connection:
        return [connection.execute(f"select * from {it}").fetchall() for it in tables]  # noqa: S608
