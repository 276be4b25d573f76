"""Presence and absence in a service's list: which video is a doubt's, and when none of them is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

from batchsora.job import Fault, Job
from batchsora.ledger.lately import ABSENT, Lately
from batchsora.runner.session import Session, Tries
from batchsora.service.client import PAGE
from batchsora.service.dialects import Video

SKEW = timedelta(seconds=5)  # a service tells times in whole seconds, and clocks differ a little
RESENDS = 10  # in a run folder, whatever its lists do not show; and one for each job
SHOULD_SHOW = timedelta(minutes=30)  # what was bought so lately is in an honest list
NOT_LISTED = Fault(ABSENT, "the service's list does not show it: nothing was made")


def candidates(job: Job, run: Session, listed: Sequence[Video]) -> Iterator[str]:
    """Pick the videos that may be this job's, the oldest first: alike, and no other job's here."""
    order, since = job.order, (job.submit_started_at or run.now()) - SKEW
    for video in sorted(listed, key=lambda it: it.created_at or run.now()):
        same = (video.prompt, video.model, video.seconds, video.size) == (
            order.prompt,
            order.model,
            order.seconds,
            str(order.size),
        )
        new = video.created_at is not None and video.created_at >= since
        if same and new and video.id and run.ledger.records.owner_of(video.id) is None:
            yield video.id


def adoptable(job: Job, run: Session, shown: Sequence[str]) -> str | None:
    """Pick the first candidate that is no other run folder's, nor may turn out to be."""
    return next((it for it in shown if not run.neighbours.may_have(it, job.order)), None)


def has_settled(job: Job, run: Session, tries: Tries) -> bool:
    """Tell whether a list had time enough to show what an answer was lost of."""
    if run.resend_absent:  # what this very session saw counts, whatever the wall's clock says
        return _looked_for_s(tries) >= run.settings.settle_s
    doubted_s = (run.now() - (job.doubted_at or run.now())).total_seconds()
    return max(doubted_s, _looked_for_s(tries)) >= run.settings.settle_s


def may_resend(job: Job, run: Session, listed: Sequence[Video]) -> bool:
    """Tell whether a job may be sent again because a list that has settled does not show it.

    Never unasked; not where the list does not reach back to the request, or does not show what was
    bought lately either; once for a job, and not often in a run folder.
    """
    if not run.resend_absent:
        return False
    lately = Lately(run.ledger.db)
    itself, everybody = lately.resent(job.key)
    if itself or everybody >= RESENDS:
        return False
    shown = {video.id for video in listed}
    other = lately.bought_since(run.now() - SHOULD_SHOW)
    return _reaches_back(job, listed) and (other is None or other in shown)


def _looked_for_s(tries: Tries) -> float:
    return asyncio.get_running_loop().time() - tries.began_s


def _reaches_back(job: Job, listed: Sequence[Video]) -> bool:
    """Tell whether a list shows all that is as new as the request."""
    if len(listed) < PAGE:
        return True
    since = job.submit_started_at
    return since is not None and any(
        video.created_at is not None and video.created_at < since - SKEW for video in listed
    )
