"""The create requests that were begun for a job, read out of its history. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from batchsora.clock import read_stamp
from batchsora.job import Fault, Job, Reason, State
from batchsora.ledger.answers import Past
from batchsora.lifecycle import Event

NOTHING = Decimal(0)


class RequestOutcome(StrEnum):
    """What became of a create request."""

    SUBMITTING = "submitting"  # it is on the wire just now
    ACCEPTED = "accepted"
    PUT_OFF = "put_off"  # provably not sent, or refused for the moment
    REJECTED = "rejected"  # a value is not liked
    MODERATED = "moderated"
    GAVE_UP = "gave_up"  # the last of those that never left
    IN_DOUBT = "in_doubt"  # nobody knows yet
    ADOPTED = "adopted"  # its answer was lost, its video was found
    NOT_MADE = "not_made"  # its answer was lost, and nothing was made
    LOST = "lost"  # its answer was lost; a person said that it is paid


_OUTCOMES: Mapping[str, RequestOutcome] = {
    Event.SUBMIT_STARTED: RequestOutcome.SUBMITTING,
    Event.SUBMIT_ACCEPTED: RequestOutcome.ACCEPTED,
    Event.SUBMIT_DEFERRED: RequestOutcome.PUT_OFF,
    Event.SUBMIT_REJECTED: RequestOutcome.REJECTED,
    Event.GAVE_UP: RequestOutcome.GAVE_UP,
    Event.SUBMIT_LOST: RequestOutcome.IN_DOUBT,
    Event.DOUBT_ADOPTED: RequestOutcome.ADOPTED,
    Event.DOUBT_CLEARED: RequestOutcome.NOT_MADE,
    Event.DOUBT_WRITTEN_OFF: RequestOutcome.LOST,
}
TOLD_BY = (*_OUTCOMES, Event.RENDER_FAILED, Event.DOWNLOAD_KEPT, Event.DOWNLOAD_LOST,
           Event.RETRY_ASKED)  # fmt: skip
"""The events of a history that say something of a create request."""

FREE = frozenset(
    {
        RequestOutcome.PUT_OFF,
        RequestOutcome.REJECTED,
        RequestOutcome.MODERATED,
        RequestOutcome.GAVE_UP,
        RequestOutcome.NOT_MADE,
    }
)
"""Outcomes that cost nothing; all others are billed, or may be."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One create request: when it was begun, what was answered, and what came of the purchase."""

    number: int  # of its job's, from 1
    started_at: datetime
    outcome: RequestOutcome = RequestOutcome.SUBMITTING
    answered_at: datetime | None = None  # or when it was clear that no answer would come
    wait_s: float | None = None  # so long the service wants no other request
    video_id: str | None = None
    fault: Fault | None = None  # the last thing that went wrong with it
    cost_usd: Decimal | None = None  # what is billed for it, or may be; None is not known
    ended: str | None = (
        None  # `done`, or the reason of a failure; None: nothing bought, or going on
    )


def attempts_of(job: Job, history: Iterable[Past]) -> list[Attempt]:
    """Read the create requests of a job, oldest first, from its history: the events of `TOLD_BY`.

    A ledger of an older version does not tell the price of each: what a job that was bought once
    has cost is still known then.
    """
    found: list[Attempt] = []
    for past in history:
        if past.event == Event.SUBMIT_STARTED:
            found.append(_begun(len(found) + 1, past))
        elif found:
            found[-1] = _gone_on(found[-1], past)
    billed = sum(it.outcome not in FREE for it in found)
    only_bill_usd = job.bill_usd if billed == 1 else None
    return [_priced(it, only_bill_usd) for it in found]


def is_plain(job: Job) -> bool:
    """Tell whether a job's row says all of its one request: most do, and a history is far to read.

    It was accepted, and not adopted: that is noted as submitted when its request was begun.
    """
    return (
        job.attempts == job.purchases == 1
        and job.submitted_at is not None
        and job.submitted_at != job.submit_started_at
    )


def plain_attempt(job: Job) -> Attempt:
    """Read the one request of a job that `is_plain` from its row: the same as from its history."""
    assert job.submit_started_at is not None  # noqa: S101 - it was begun
    ended = job.reason or (State.DONE if job.downloaded_at is not None else None)
    return Attempt(
        1,
        job.submit_started_at,
        RequestOutcome.ACCEPTED,
        job.submitted_at,
        video_id=job.video_id,
        fault=job.fault if job.state is State.FAILED else None,
        cost_usd=job.bill_usd,
        ended=None if ended is None else ended.value,
    )


def _begun(number: int, past: Past) -> Attempt:
    price = past.detail.get("price_usd")
    return Attempt(number, past.at, cost_usd=None if price is None else Decimal(price))


def _gone_on(attempt: Attempt, past: Past) -> Attempt:
    detail = past.detail
    changes: dict[str, Any] = {"ended": _end(attempt, past)}
    if past.event == Event.RETRY_ASKED and past.state is State.RUNNING:
        changes["fault"] = None  # its purchase is taken up again
    if "code" in detail:
        changes["fault"] = Fault(detail["code"], detail["message"], detail.get("fault_hint", ""))
    if (outcome := _OUTCOMES.get(past.event)) is not None:
        is_moderated = past.state is State.FAILED and detail["reason"] == Reason.MODERATED
        changes["outcome"] = RequestOutcome.MODERATED if is_moderated else outcome
        changes["answered_at"] = attempt.answered_at or past.at
        changes["video_id"] = detail.get("video_id")
        changes["wait_s"] = _wait_s(past)
    return replace(attempt, **changes)


def _end(attempt: Attempt, past: Past) -> str | None:
    """Say how a purchase has ended; a job that is put back to be bought anew ends as it did."""
    if past.state is State.PENDING:
        return attempt.ended
    if past.event in {Event.SUBMIT_REJECTED, Event.GAVE_UP}:
        return None
    if past.state is State.DONE:
        return State.DONE.value
    return str(past.detail["reason"]) if past.state is State.FAILED else None


def _wait_s(past: Past) -> float | None:
    again_at = past.detail.get("again_at")
    if again_at is None:
        return None
    return max(0.0, round((read_stamp(again_at) - past.at).total_seconds(), 1))


def _priced(attempt: Attempt, only_bill_usd: Decimal | None) -> Attempt:
    if attempt.outcome in FREE:
        return replace(attempt, cost_usd=NOTHING)
    return attempt if attempt.cost_usd is not None else replace(attempt, cost_usd=only_bill_usd)
