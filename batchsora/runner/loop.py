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
from batchsora.runner.admission import admitted
from batchsora.runner.progress import Told
from batchsora.runner.session import Session, Tries
from batchsora.runner.slots import Slots
from batchsora.runner.steps import STEPS

WINDOW = 100  # pending jobs read at a time: memory does not grow with the manifest


async def drive_all(run: Session, *, chosen: bool) -> None:
    """Carry every job as far as it goes in this session.

    What the service has comes first: it is paid for, and it expires. No exception leaves a job's
    coroutine; what stops the run is in `run.stopping` afterwards.
    """
    slots = Slots(run.settings.max_in_flight, run.stopping.bell)
    async with asyncio.TaskGroup() as group:
        with _ending_in_a_stop(run):
            for job in _under_way(run):
                run.take_note(job)
                if job.state is State.RENDERED:
                    run.fetching += 1
                else:
                    slots.take()  # it is there already, however many may be
                group.create_task(_drive_job(job, run, slots))
            async for job in _to_submit(run, slots, chosen=chosen):
                group.create_task(_drive_job(job, run, slots))


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
    while window := run.ledger.under_way(after, WINDOW):
        found.extend(window)
        after = window[-1].key
    return found


async def _to_submit(run: Session, slots: Slots, *, chosen: bool) -> AsyncIterator[Job]:
    """Hand out pending jobs in the manifest's order, each with a slot that its driver frees."""
    after = -1
    while window := run.ledger.to_submit(after, WINDOW, chosen=chosen):
        for position, job in window:
            if not await _has_room(run, slots):
                return
            slots.take()
            after = position
            yield job


async def _has_room(run: Session, slots: Slots) -> bool:
    """Wait for a slot; False when no more is to be submitted."""
    while not run.stopping.no_more_submits:
        if not slots.is_full:
            return True
        if slots.are_stuck:
            what = "every slot is held by a job that the service does not finish"
            mend = "ask the provider; later, run it again: it goes on waiting, and buys none anew"
            run.stopping.ask(Stop(StopReason.OUTAGE, what, mend))
        else:
            await slots.change()
    return False


async def _drive_job(job: Job, run: Session, slots: Slots) -> None:
    """Drive one job; a finished one holds no slot, for it takes no place at the service."""
    tries = Tries(asyncio.get_running_loop().time())
    with _ending_in_a_stop(run):
        if job.state is not State.RENDERED:
            try:
                job = await drive(job, run, tries, until=State.RENDERED)
            finally:
                if job.state is State.RUNNING and not run.stopping.asked:
                    slots.keep()
                else:
                    slots.release()
        if job.state is State.RENDERED:  # whatever else was left as it is stays so
            job = await drive(job, run, tries)
    run.let_go(job)


async def drive(job: Job, run: Session, tries: Tries, until: State | None = None) -> Job:
    """Carry one job towards its end, one recorded step at a time."""
    while (step := next_step(job)) is not None and job.state is not until:
        if run.stopping.asked or tries.gave_up:
            break
        if step is Step.SUBMIT and not await admitted(job, run):
            break
        job = await STEPS[step](job, run, tries)
    return job
