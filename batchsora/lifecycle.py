"""The job's life as a table. Pure: no clock, no I/O.

`TRANSITIONS` says which happening leads from which state to which; `advance` applies one to a job,
and `next_step` says what is to be done with a job as it stands. Nothing else in the house decides
either question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

from batchsora.job import Clip, Fault, Job, Reason, State


class Event(StrEnum):
    """What can happen to a job."""

    IMAGE_UNREADABLE = "image_unreadable"
    SUBMIT_STARTED = "submit_started"  # on disk before the request leaves
    SUBMIT_ACCEPTED = "submit_accepted"  # the service gave an id
    SUBMIT_DEFERRED = "submit_deferred"  # provably not sent, or explicitly put off
    SUBMIT_REJECTED = "submit_rejected"
    SUBMIT_LOST = "submit_lost"  # sent, and no answer that says what became of it
    GAVE_UP = "gave_up"
    DOUBT_ADOPTED = "doubt_adopted"  # found in the list, or by a person
    DOUBT_CLEARED = "doubt_cleared"  # nothing was made: a person said so, or a list, if it may
    DOUBT_WRITTEN_OFF = "doubt_written_off"  # a person said that it is paid and lost
    RENDER_PROGRESSED = "render_progressed"  # out of the queue and being rendered
    RENDER_COMPLETED = "render_completed"
    RENDER_FAILED = "render_failed"
    DOWNLOAD_DEFERRED = "download_deferred"
    DOWNLOAD_CHECKED = "download_checked"  # whole; on disk before the file gets its name
    DOWNLOAD_KEPT = "download_kept"  # in its place
    DOWNLOAD_LOST = "download_lost"  # gone from the service before it was fetched
    FILE_MISSING = "file_missing"  # a finished clip was removed here; it may still be there
    FILE_LOST = "file_lost"  # a finished clip was removed here, and is gone there too
    FILE_FOUND = "file_found"  # a finished clip that was removed here is back
    RETRY_ASKED = "retry_asked"  # a person wants a failed job tried again, or another clip


class Step(Enum):
    """What the runner can do for a job."""

    SUBMIT = auto()
    LOOK_UP = auto()
    POLL = auto()
    DOWNLOAD = auto()


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a job, when, and what is known of it."""

    event: Event
    at: datetime
    video_id: str | None = None
    reason: Reason | None = None
    fault: Fault | None = None
    hint: str = ""
    started_at: datetime | None = None  # of the render, or of the download
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    again_at: datetime | None = None  # before then the service wants no other request
    clip: Clip | None = None
    evidence: str = ""  # the raw answer, where a person may have to judge it


class IllegalTransitionError(Exception):
    """Something happened that cannot happen to a job in its state: a bug; nothing was changed."""


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.PENDING, Event.SUBMIT_STARTED): State.SUBMITTING,
    (State.PENDING, Event.IMAGE_UNREADABLE): State.FAILED,
    (State.SUBMITTING, Event.SUBMIT_ACCEPTED): State.RUNNING,
    (State.SUBMITTING, Event.SUBMIT_DEFERRED): State.PENDING,
    (State.SUBMITTING, Event.SUBMIT_REJECTED): State.FAILED,
    (State.SUBMITTING, Event.SUBMIT_LOST): State.IN_DOUBT,
    (State.SUBMITTING, Event.GAVE_UP): State.FAILED,
    (State.IN_DOUBT, Event.DOUBT_ADOPTED): State.RUNNING,
    (State.IN_DOUBT, Event.DOUBT_CLEARED): State.PENDING,
    (State.IN_DOUBT, Event.DOUBT_WRITTEN_OFF): State.FAILED,
    (State.RUNNING, Event.RENDER_PROGRESSED): State.RUNNING,
    (State.RUNNING, Event.RENDER_COMPLETED): State.RENDERED,
    (State.RUNNING, Event.RENDER_FAILED): State.FAILED,
    (State.RENDERED, Event.DOWNLOAD_DEFERRED): State.RENDERED,
    (State.RENDERED, Event.DOWNLOAD_CHECKED): State.RENDERED,
    (State.RENDERED, Event.DOWNLOAD_KEPT): State.DONE,
    (State.RENDERED, Event.DOWNLOAD_LOST): State.FAILED,
    (State.RENDERED, Event.FILE_LOST): State.DONE,
    (State.DONE, Event.FILE_MISSING): State.RENDERED,
    (State.DONE, Event.FILE_LOST): State.DONE,
    (State.DONE, Event.FILE_FOUND): State.DONE,
    (State.DONE, Event.RETRY_ASKED): State.PENDING,  # looked at, and rejected
    (State.FAILED, Event.RETRY_ASKED): State.PENDING,  # or RUNNING, where its id is alive
}

NEXT_STEP: dict[State, Step | None] = {
    State.PENDING: Step.SUBMIT,
    State.SUBMITTING: None,  # a request is on the wire: only its answer leads on
    State.IN_DOUBT: Step.LOOK_UP,
    State.RUNNING: Step.POLL,
    State.RENDERED: Step.DOWNLOAD,
    State.DONE: None,
    State.FAILED: None,
}

FILE_MISSING_HINT = "file missing, and gone from the service"

# an id whose video the service no longer has, or never made, is of no more use
DEAD_IDS = frozenset({Reason.EXPIRED, Reason.RENDER_FAILED, Reason.MODERATED, Reason.LOST})


def next_step(job: Job) -> Step | None:
    """Say what is to be done with a job as it stands; None where there is nothing."""
    return NEXT_STEP[job.state]


def id_is_alive(job: Job) -> bool:
    """Tell whether a failed job can be taken up again without a new purchase."""
    is_failed = job.state is State.FAILED
    return is_failed and job.video_id is not None and job.reason not in DEAD_IDS


def advance(job: Job, happening: Happening) -> Job:
    """Carry a job over one transition.

    Returns a new job with the next revision; raises `IllegalTransitionError`, and changes nothing,
    where the table has no such transition.
    """
    target = TRANSITIONS.get((job.state, happening.event))
    if target is None:
        raise IllegalTransitionError(f"{happening.event} cannot happen to a job {job.state}")
    if happening.event is Event.RETRY_ASKED and id_is_alive(job):
        target = State.RUNNING
    changes = _CHANGES[happening.event](job, happening)
    return replace(job, **{"state": target, "revision": job.revision + 1, **changes})


# What each event changes in a job, beside its state. The values are the job's fields.
_Changes = dict[str, Any]

_CLEAN: _Changes = {"reason": None, "fault": None, "hint": ""}
_UNSENT: _Changes = {
    **_CLEAN,
    "video_id": None,
    "submitted_at": None,
    "doubted_at": None,
    "render_started_at": None,
    "completed_at": None,
    "expires_at": None,
    "download_started_at": None,
    "downloaded_at": None,
    "clip": None,
}


def _nothing(_: Job, __: Happening) -> _Changes:
    return {}


def _failed(_: Job, it: Happening) -> _Changes:
    return {"reason": it.reason, "fault": it.fault}


def _started(job: Job, it: Happening) -> _Changes:
    return {**_UNSENT, "attempts": job.attempts + 1, "submit_started_at": it.at}


def _billed(job: Job) -> _Changes:
    known = job.price_usd is not None
    return {
        "purchases": job.purchases + 1,
        "spent_usd": job.spent_usd + (job.price_usd or 0),
        "unpriced": job.unpriced + (not known),
    }


def _accepted(job: Job, it: Happening) -> _Changes:
    return {**_CLEAN, **_billed(job), "video_id": it.video_id, "submitted_at": it.at}


def _adopted(job: Job, it: Happening) -> _Changes:
    # it was bought when the request left, not when we found it
    return {**_accepted(job, it), "submitted_at": job.submit_started_at or it.at}


def _deferred(_: Job, it: Happening) -> _Changes:
    return {"fault": it.fault}


def _doubted(_: Job, it: Happening) -> _Changes:
    return {"fault": it.fault, "doubted_at": it.at}


def _written_off(job: Job, it: Happening) -> _Changes:
    return {**_failed(job, it), **_billed(job)}


def _progressed(job: Job, it: Happening) -> _Changes:
    return {"render_started_at": job.render_started_at or it.started_at or it.at}


def _completed(job: Job, it: Happening) -> _Changes:
    return {
        **_CLEAN,
        "render_started_at": job.render_started_at or it.started_at,
        "completed_at": it.completed_at or it.at,
        "expires_at": it.expires_at,
    }


def _checked(_: Job, it: Happening) -> _Changes:
    return {"hint": it.hint, "clip": it.clip, "download_started_at": it.started_at}


def _kept(job: Job, it: Happening) -> _Changes:
    return {**_CLEAN, "hint": job.hint, "downloaded_at": it.at}


def _hinted(_: Job, it: Happening) -> _Changes:
    return {"hint": it.hint}


def _retried(job: Job, _: Happening) -> _Changes:
    return dict(_CLEAN) if id_is_alive(job) else dict(_UNSENT)


_CHANGES: dict[Event, Callable[[Job, Happening], _Changes]] = {
    Event.IMAGE_UNREADABLE: _failed,
    Event.SUBMIT_STARTED: _started,
    Event.SUBMIT_ACCEPTED: _accepted,
    Event.SUBMIT_DEFERRED: _deferred,
    Event.SUBMIT_REJECTED: _failed,
    Event.SUBMIT_LOST: _doubted,
    Event.GAVE_UP: _failed,
    Event.DOUBT_ADOPTED: _adopted,
    Event.DOUBT_CLEARED: lambda _, __: dict(_UNSENT),
    Event.DOUBT_WRITTEN_OFF: _written_off,
    Event.RENDER_PROGRESSED: _progressed,
    Event.RENDER_COMPLETED: _completed,
    Event.RENDER_FAILED: _failed,
    Event.DOWNLOAD_DEFERRED: _deferred,
    Event.DOWNLOAD_CHECKED: _checked,
    Event.DOWNLOAD_KEPT: _kept,
    Event.DOWNLOAD_LOST: _failed,
    Event.FILE_MISSING: _nothing,
    Event.FILE_LOST: _hinted,
    Event.FILE_FOUND: _hinted,
    Event.RETRY_ASKED: _retried,
}
