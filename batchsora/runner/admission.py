"""Whether a submission may leave now: all that forbids a new purchase, asked in one place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from enum import Enum, auto

from batchsora.errors import Stop, StopReason
from batchsora.job import Job
from batchsora.runner.session import Session, Work

ROOM_FOR_A_CLIP = 256 * 1024 * 1024  # bytes: no purchase that can't be kept


class Admission(Enum):
    """What is said to a submission."""

    GO = auto()
    WAIT = auto()  # something moves that may let it go
    LEAVE = auto()  # not in this session


async def admitted(job: Job, run: Session) -> bool:
    """Wait until a job may be submitted; False when that can't come about in this session."""
    while (said := admission(job, run)) is Admission.WAIT:
        if _has_too_many(run):
            await run.slots.change()
        else:
            await run.stopping.bell.wait()
    return said is Admission.GO


def admission(job: Job, run: Session) -> Admission:
    """Look at all that forbids a new purchase; asked again right before the request."""
    answers = (forbids(job, run) for forbids in _FORBIDDING)
    return next(filter(None, answers), Admission.GO)


Forbids = Callable[[Job, Session], Admission | None]


def _a_stop(_: Job, run: Session) -> Admission | None:
    if not run.stopping.no_more_submits:
        _see_to_the_disk(run)
    forbidden = run.stopping.no_more_submits or run.work is Work.COLLECT
    return Admission.LEAVE if forbidden else None


def _a_sleep(_: Job, run: Session) -> Admission | None:
    """Look first at what was bought before this machine slept: it may expire by now."""
    return Admission.WAIT if run.roster.unseen else None


def _doubts(_: Job, run: Session) -> Admission | None:
    """Hold while a look-up may still settle a doubt; else only a person can."""
    doubts = run.ledger.agenda.count_in_doubt()
    if doubts < run.settings.max_doubts:
        return None
    if run.roster.looked_for:
        return Admission.WAIT
    what = f"{doubts} jobs in doubt hold up new submissions"
    mend = "settle them with `batchsora resolve`, or raise --max-doubts"
    run.stopping.ask(Stop(StopReason.DOUBTS, what, mend))
    return Admission.LEAVE


def _a_doubt_alike(job: Job, run: Session) -> Admission | None:
    """Hold where, in the list, the clip of one could not be told from that of the other."""
    doubts = run.ledger.agenda.alike_in_doubt(job) if run.has_list else []
    if any(it.key in run.roster.looked_for for it in doubts):
        return Admission.WAIT
    if any(it.order.picture != job.order.picture for it in doubts):
        return Admission.LEAVE
    return None


def _an_earlier_row(job: Job, run: Session) -> Admission | None:
    """Let those that the service put off go first: rows are bought in the manifest's order."""
    return Admission.WAIT if run.roster.is_behind_put_off(job) else None


def _unfetched_clips(_: Job, run: Session) -> Admission | None:
    """Fetch first what is finished: it is paid for, and it expires."""
    too_many = run.roster.fetching > 2 * run.settings.download_concurrency
    return Admission.WAIT if too_many else None


def _a_full_service(_: Job, run: Session) -> Admission | None:
    if not _has_too_many(run):
        return None
    return Admission.LEAVE if stopped_as_stuck(run) else Admission.WAIT


def _the_budget(job: Job, run: Session) -> Admission | None:
    """Hold while a refusal may still give back what it reserved; else the budget is reached.

    It is spent in the manifest's order: no later row takes what an earlier one may need, and none
    says that it is reached before its turn has come.
    """
    if run.settings.max_cost_usd is None:
        return None
    if run.roster.is_behind_unsent(job):
        return Admission.WAIT
    if run.ledger.affords(job):
        return None
    may_be_given_back = run.resend_absent and run.roster.looked_for
    if run.totals.reserved_usd or may_be_given_back:
        return Admission.WAIT
    limit, bill = run.settings.max_cost_usd, run.totals.bill_usd
    what = f"the budget of {limit:.2f} USD is reached: {bill:.2f} USD are billed or in doubt"
    if job.price_usd is not None:
        what += f", and the next clip costs {job.price_usd:.2f} USD"
    run.stopping.ask(Stop(StopReason.BUDGET, what, "raise --max-cost and run again: it goes on"))
    return Admission.LEAVE


# the budget is asked last: what it lets through is reserved by the very next statement
_FORBIDDING: Sequence[Forbids] = (
    _a_stop,
    _a_sleep,
    _doubts,
    _a_doubt_alike,
    _an_earlier_row,
    _unfetched_clips,
    _a_full_service,
    _the_budget,
)


def _has_too_many(run: Session) -> bool:
    return run.totals.at_service >= run.slots.limit


def stopped_as_stuck(run: Session) -> bool:
    """Stop where nothing that holds a slot will free it; tell whether that is so."""
    if run.slots.are_stuck:
        what = "every slot is held by a job that the service does not finish"
        mend = "ask the provider; later, run it again: it goes on waiting, and buys none anew"
        run.stopping.ask(Stop(StopReason.OUTAGE, what, mend))
    return run.slots.are_stuck


def _see_to_the_disk(run: Session) -> None:
    try:
        free = shutil.disk_usage(run.folder).free
    except OSError as error:
        mend = "put it back before you run again: a new ledger knows of no purchase"
        run.stopping.ask(Stop(StopReason.DISK, f"the run folder can't be used: {error}", mend))
        return
    if free < ROOM_FOR_A_CLIP:
        what = f"less than {ROOM_FOR_A_CLIP // 2**20} MiB are free under {run.folder}"
        run.stopping.ask(Stop(StopReason.DISK_LOW, what, "free some space, then run again"))
