"""The loop: one way in for a start and a resume. It drives jobs until there is no next step."""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from batchsora.errors import LedgerError, Stop, StopReason
from batchsora.job import Job, State
from batchsora.ledger.opening import explain
from batchsora.lifecycle import Step, next_step
from batchsora.runner.admission import admitted, stopped_as_stuck
from batchsora.runner.progress import Told
from batchsora.runner.session import Session, Tries, Work
from batchsora.runner.steps import STEPS

WINDOW = 100  # pending jobs read at a time: memory does not grow with the manifest


async def drive_all(run: Session, *, chosen: bool) -> None:
    """Carry every job as far as it goes in this session.

    What the service has comes first: it is paid for, and it expires. No exception leaves a job's
    coroutine; what stops the run is in `run.stopping` afterwards.
    """
    async with asyncio.TaskGroup() as watching:
        with _ending_in_a_stop(run):
            for job in _under_way(run):
                run.roster.take(job, has_list=run.has_list)
                if job.state is not State.RENDERED:
                    run.slots.take()  # it is there already, however many may be
                watching.create_task(_drive_job(job, run))
        async with asyncio.TaskGroup() as ordering:
            with _ending_in_a_stop(run):
                async for job in _to_submit(run, chosen=chosen):
                    ordering.create_task(_order(job, run, watching))
        run.is_ordering = False
        run.stopping.bell.ring()
        run.stopping.rouse()
    if run.work is Work.ORDER and not run.stopping.asked:
        _detach(run)


def _detach(run: Session) -> None:
    """Leave what was ordered to a later session."""
    if jobs := run.totals.at_service + run.totals.states[State.RENDERED]:
        what = f"{jobs} job{'s are' if jobs > 1 else ' is'} left at the service, as --detach asks"
        mend = "run it without --detach soon: a finished clip is kept for about an hour"
        run.stopping.ask(Stop(StopReason.DETACHED, what, mend))


@contextmanager
def _ending_in_a_stop(run: Session) -> Iterator[None]:
    """Turn any error into a stop of the run: in a TaskGroup it would cut off others' requests."""
    try:
        yield
    except (LedgerError, sqlite3.Error) as error:
        known = error if isinstance(error, LedgerError) else explain(error, run.ledger.path)
        run.stopping.ask(Stop(StopReason.LEDGER, known.what, known.mend))
    except Exception as error:  # noqa: BLE001 - a bug, caught once: the run stops between steps
        trace = "".join(traceback.format_exception(error))  # without the values of locals
        run.tell(Told(run.now(), "bug", message=trace))
        what = f"a bug in batchsora: {type(error).__name__}"
        mend = "run the same command again: nothing is bought twice"
        run.stopping.ask(Stop(StopReason.BUG, what, mend))


def _under_way(run: Session) -> list[Job]:
    """Read the jobs that the service has, or may have: as many as earlier sessions had slots."""
    found: list[Job] = []
    after = ""
    while window := run.ledger.agenda.under_way(after, WINDOW):
        found.extend(window)
        after = window[-1].key
    return found


async def _to_submit(run: Session, *, chosen: bool) -> AsyncIterator[Job]:
    """Hand out pending jobs in the manifest's order, each with a slot that its driver frees."""
    if run.work is Work.COLLECT:
        return
    after = -1
    while window := run.ledger.agenda.to_submit(after, WINDOW, chosen=chosen):
        for position, job in window:
            after = position
            if job.key in run.roster.taken_over:  # a doubt that was cleared
                continue
            if not await _has_room(run):
                return
            run.slots.take()
            run.roster.take_order(job)
            yield job


async def _has_room(run: Session) -> bool:
    """Wait for a slot; False when no more is to be submitted."""
    while not run.stopping.no_more_submits:
        if not run.slots.is_full:
            return True
        if not stopped_as_stuck(run):
            await run.slots.change()
    return False


async def _order(job: Job, run: Session, watching: asyncio.TaskGroup) -> None:
    """Drive a new job: to its end, or until it is ordered where that is all that is wanted."""
    if run.work is not Work.ORDER:
        await _drive_job(job, run)
        return
    with _ending_in_a_stop(run):
        job = await drive(job, run, _fresh_tries(), until=State.RUNNING)
    watching.create_task(_drive_job(job, run))


async def _drive_job(job: Job, run: Session) -> None:
    """Drive one job; a finished one holds no slot, for it takes no place at the service."""
    tries = _fresh_tries()
    with _ending_in_a_stop(run):
        if job.state is not State.RENDERED:
            try:
                job = await drive(job, run, tries, until=State.RENDERED)
            finally:
                if job.state is State.RUNNING and not run.stopping.asked:
                    run.slots.keep()
                else:
                    run.slots.release()
        if job.state is State.RENDERED:  # whatever else was left as it is stays so
            job = await drive(job, run, tries)
    run.let_go(job)


def _fresh_tries() -> Tries:
    return Tries(asyncio.get_running_loop().time())


async def drive(job: Job, run: Session, tries: Tries, until: State | None = None) -> Job:
    """Carry one job towards its end, one recorded step at a time."""
    while (step := next_step(job)) is not None and job.state is not until:
        if run.stopping.asked or tries.gave_up:
            break
        if step is Step.SUBMIT and not await admitted(job, run):
            break
        if step is not Step.SUBMIT and not await _wanted_now(step, run):
            break
        job = await STEPS[step](job, run, tries)
    return job


async def _wanted_now(step: Step, run: Session) -> bool:
    """Wait, where only orders are wanted, until they need the room; False where they never will.

    A doubt holds orders up, too, and is looked for as long as there are any. What is finished is
    fetched, for it expires first.
    """
    while run.work is Work.ORDER and not run.stopping.asked:
        if step is Step.DOWNLOAD:
            return True
        if not run.is_ordering:
            return False
        if step is Step.LOOK_UP or run.slots.are_wanted:
            return True
        await run.stopping.bell.wait()
    return not run.stopping.asked
