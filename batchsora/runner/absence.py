"""Presence and absence in a service's list: which video is a doubt's, and when none of them is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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


def candidate(job: Job, run: Session, listed: Sequence[Video]) -> str | None:
    """Pick the oldest video that may be this job's: it looks the same, and nobody has it yet."""
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
            return video.id
    return None


def has_settled(job: Job, run: Session, tries: Tries) -> bool:
    """Tell whether a list had time enough to show what an answer was lost of."""
    doubted_s = (run.now() - (job.doubted_at or run.now())).total_seconds()
    return max(doubted_s, _looked_for_s(tries)) >= run.settings.settle_s


def may_resend(job: Job, run: Session, tries: Tries, listed: Sequence[Video]) -> bool:
    """Tell whether a job may be sent again because a list does not show it.

    Never unasked; not before this very session has looked for long enough, whatever the wall's
    clock says; not where the list does not reach back to the request, or does not show what was
    bought lately either; once for a job, and not often in a run folder.
    """
    if not run.resend_absent or _looked_for_s(tries) < run.settings.settle_s:
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
