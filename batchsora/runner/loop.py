"""The loop: one way in for a start and a resume. It drives jobs until there is no next step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from batchsora.errors import BatchsoraError, LedgerError, Stop, StopReason
from batchsora.job import Job, State
from batchsora.lifecycle import Step, next_step
from batchsora.runner.session import Session, Tries
from batchsora.runner.steps import STEPS

WINDOW = 100  # pending jobs read at a time: memory does not grow with the manifest
BREATH_S = 0.5  # how often a submission that others hold up looks whether it may go


async def drive_all(run: Session, *, chosen: bool) -> None:
    """Carry every job as far as it goes in this session.

    What the service has comes first: it is paid for, and it expires. No exception leaves a job's
    coroutine; what stops the run is in `run.stopping` afterwards.
    """
    slots = asyncio.Semaphore(run.settings.max_in_flight)
    async with asyncio.TaskGroup() as group:
        for job in _under_way(run):
            group.create_task(_drive_known(job, run, slots))
        async for job in _to_submit(run, slots, chosen=chosen):
            group.create_task(_drive_new(job, run, slots))


def _under_way(run: Session) -> list[Job]:
    """Read the jobs that the service has, or may have: as many as earlier sessions had slots."""
    found: list[Job] = []
    after = ""
    while window := run.ledger.under_way(after, WINDOW):
        found.extend(window)
        after = window[-1].key
    return found


async def _to_submit(run: Session, slots: asyncio.Semaphore, *, chosen: bool) -> AsyncIterator[Job]:
    """Hand out pending jobs in the manifest's order, each with a slot that its driver frees."""
    after = -1
    while window := run.ledger.to_submit(after, WINDOW, chosen=chosen):
        for position, job in window:
            await slots.acquire()
            if run.stopping.no_more_submits:
                slots.release()
                return
            after = position
            yield job


async def _drive_known(job: Job, run: Session, slots: asyncio.Semaphore) -> None:
    tries = _tries()
    if job.state is not State.RENDERED:  # a finished one holds no slot at the service
        async with slots:
            job = await _guarded(job, run, tries, until=State.RENDERED)
    await _guarded(job, run, tries)


async def _drive_new(job: Job, run: Session, slots: asyncio.Semaphore) -> None:
    tries = _tries()
    try:
        job = await _guarded(job, run, tries, until=State.RENDERED)
    finally:
        slots.release()
    await _guarded(job, run, tries)


def _tries() -> Tries:
    return Tries(asyncio.get_running_loop().time())


async def _guarded(job: Job, run: Session, tries: Tries, until: State | None = None) -> Job:
    """Drive a job; turn what the ledger can't take into a stop of the whole run."""
    try:
        return await drive(job, run, tries, until)
    except LedgerError as error:
        run.stopping.ask(Stop(StopReason.LEDGER, error.what, error.mend))
    except BatchsoraError as error:
        run.stopping.ask(Stop(StopReason.BUG, error.what, error.mend))
    return job


async def drive(job: Job, run: Session, tries: Tries, until: State | None = None) -> Job:
    """Carry one job towards its end, one recorded step at a time."""
    while (step := next_step(job)) is not None and job.state is not until:
        if run.stopping.asked or tries.gave_up:
            break
        if step is Step.SUBMIT and not await _may_go(job, run):
            break
        if step is Step.LOOK_UP:
            run.lookers += 1
        try:
            job = await STEPS[step](job, run, tries)
        finally:
            run.lookers -= step is Step.LOOK_UP
    return job


async def _may_go(job: Job, run: Session) -> bool:
    """Wait while doubts hold a submission up that a look-up may still settle."""
    while not run.may_submit(job):
        if run.stopping.no_more_submits:
            return False
        if run.lookers == 0:
            what = "jobs in doubt hold up new submissions"
            mend = "settle them with `batchsora resolve`, or raise --max-doubts"
            run.stopping.ask(Stop(StopReason.DOUBTS, what, mend))
            return False
        await run.stopping.sleep(BREATH_S)
    return True
