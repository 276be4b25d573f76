"""Whether a submission may leave now: all that forbids a new purchase, asked in one place."""

from __future__ import annotations

import shutil
from enum import Enum, auto

from batchsora.errors import Stop, StopReason
from batchsora.job import Job
from batchsora.runner.session import Session

ROOM_FOR_A_CLIP = 256 * 1024 * 1024  # bytes: no purchase that can't be kept


class Admission(Enum):
    """What is said to a submission."""

    GO = auto()
    WAIT = auto()  # something moves that may let it go
    LEAVE = auto()  # not in this session


async def admitted(job: Job, run: Session) -> bool:
    """Wait until a job may be submitted; False when that can't come about in this session."""
    while (said := admission(job, run)) is Admission.WAIT:
        await run.stopping.bell.wait()
    return said is Admission.GO


def admission(job: Job, run: Session) -> Admission:
    """Look at all that forbids a new purchase; asked again right before the request."""
    if not run.stopping.no_more_submits:
        _see_to_the_disk(run)
    if run.stopping.no_more_submits:
        return Admission.LEAVE
    if run.ledger.count_in_doubt() >= run.settings.max_doubts:
        return _doubted(run)
    if run.has_list and (doubts := run.ledger.alike_in_doubt(job)):
        # in the list, the clip of one could not be told from that of the other
        if any(it.key in run.looked_for for it in doubts):
            return Admission.WAIT
        if any(it.order.picture != job.order.picture for it in doubts):
            return Admission.LEAVE
    if run.fetching > 2 * run.settings.download_concurrency:
        return Admission.WAIT  # what is finished comes first: it is paid for, and it expires
    return Admission.GO


def _doubted(run: Session) -> Admission:
    """Hold while a look-up may still settle a doubt; else only a person can."""
    if run.looked_for:
        return Admission.WAIT
    what = f"{run.ledger.count_in_doubt()} jobs in doubt hold up new submissions"
    mend = "settle them with `batchsora resolve`, or raise --max-doubts"
    run.stopping.ask(Stop(StopReason.DOUBTS, what, mend))
    return Admission.LEAVE


def _see_to_the_disk(run: Session) -> None:
    if shutil.disk_usage(run.folder).free < ROOM_FOR_A_CLIP:
        what = f"less than {ROOM_FOR_A_CLIP // 2**20} MiB are free under {run.folder}"
        run.stopping.ask(Stop(StopReason.DISK_LOW, what, "free some space, then run again"))
