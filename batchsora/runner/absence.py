"""Presence and absence in a service's list: which video is a doubt's, and when none of them is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from batchsora.job import Fault, Job
from batchsora.ledger.lately import ABSENT, Lately
from batchsora.runner.session import Session, Tries, Work
from batchsora.service.dialects import Page, Video

SKEW = timedelta(seconds=5)  # a service tells times in whole seconds, and clocks differ a little
ANY_ZONE = timedelta(hours=26)  # so far may two clocks be apart that tell no zone
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


async def adoptable(job: Job, run: Session, shown: Sequence[str]) -> str | None:
    """Pick the first candidate that can be nobody else's: no other job's here, no run folder's."""
    if not shown or _has_a_rival(job, run):
        return None
    neighbours, order = run.neighbours, job.order
    found = await run.offload(  # their disks may be slow, or busy
        lambda: next((it for it in shown if not neighbours.may_have(it, order)), None)
    )
    # what was nobody's then may have been adopted meanwhile
    is_free = found is not None and run.ledger.records.owner_of(found) is None
    return found if is_free and not _has_a_rival(job, run) else None


def _has_a_rival(job: Job, run: Session) -> bool:
    """Tell whether a job of another picture, that looks alike in a list, is or was open, too.

    Where there was no list they were not sent in turn; now nobody can say whose a video is.
    """
    since = (job.submit_started_at or run.now()) - SKEW
    agenda = run.ledger.agenda
    others = [*agenda.alike_in_doubt(job), *agenda.alike_settled_since(job, since)]
    return run.is_sent(job) or any(it.order.picture != job.order.picture for it in others)


def has_settled(job: Job, run: Session, tries: Tries, *, seen: bool) -> bool:
    """Tell whether a list had time enough to show what an answer was lost of.

    What this very session has looked for counts, whatever the wall's clock says, where a list could
    not be `seen` now, and where another purchase may follow.
    """
    if run.resend_absent or not seen:
        return _looked_for_s(tries) >= run.settings.settle_s
    doubted_s = (run.now() - (job.doubted_at or run.now())).total_seconds()
    return max(doubted_s, _looked_for_s(tries)) >= run.settings.settle_s


def may_resend(job: Job, run: Session, listed: Page) -> bool:
    """Tell whether a job may be sent again because a list that has settled does not show it.

    Never unasked, nor where it would not be bought now: what a later run buys, a person has to know
    of. Not where anything in the list could be its video; not where the list may lack
    what is as new as the request, or lacks what was bought lately; once for a job, and not often in
    a run folder.
    """
    buying = run.work is not Work.COLLECT and not run.stopping.no_more_submits
    if not (run.resend_absent and buying and run.ledger.agenda.is_chosen(job.key)):
        return False
    if any(_could_be(job, run, video) for video in listed.videos):
        return False
    itself, everybody = Lately(run.ledger.db).resent(job.key)
    if itself or everybody >= RESENDS:
        return False
    return _reaches_back(job, listed) and _is_trusted(run, listed)


def _could_be(job: Job, run: Session, video: Video) -> bool:
    """Tell whether a video could be a job's, whatever the list says of it.

    Services cut prompts, set them in quotes or write them anew, have names of their own for models
    and sizes, and tell times of any zone: what nobody here has, and is not older by days, could be.
    """
    if video.id is not None and run.ledger.records.owner_of(video.id) is not None:
        return False
    since = (job.submit_started_at or run.now()) - ANY_ZONE
    return video.created_at is None or video.created_at >= since


def _reaches_back(job: Job, listed: Page) -> bool:
    """Tell whether a list shows all that is as new as the request: all there is, or in order."""
    if listed.is_whole:
        return True
    times = [video.created_at for video in listed.videos]
    known = [at for at in times if at is not None]
    since = job.submit_started_at
    in_order = known == sorted(known, reverse=True) and len(known) == len(times)
    return bool(known) and in_order and since is not None and known[-1] < since - SKEW


def _is_trusted(run: Session, listed: Page) -> bool:
    """Tell whether a list shows what it should: the newest purchase, or anything if none is new."""
    shown = {video.id for video in listed.videos}
    lately = Lately(run.ledger.db)
    if (newest := lately.bought_since(run.now() - SHOULD_SHOW)) is not None:
        return newest in shown
    ever = lately.bought_since(datetime.min.replace(tzinfo=UTC))
    return ever is None or bool(shown)


def _looked_for_s(tries: Tries) -> float:
    return asyncio.get_running_loop().time() - tries.began_s
