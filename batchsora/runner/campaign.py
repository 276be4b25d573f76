"""A whole run: jobs to their ends, reports written, whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from batchsora.clock import Now, system_now
from batchsora.errors import Stop, StopReason
from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.manifest import Manifest
from batchsora.runner.choosing import Choice
from batchsora.runner.loop import drive_all
from batchsora.runner.placing import make_ready, sweep
from batchsora.runner.progress import Tell, Told, Totals
from batchsora.runner.render_times import RenderTimes
from batchsora.runner.reporting import write_reports
from batchsora.runner.session import ON_THE_WIRE, Gates, Session
from batchsora.runner.stopping import Stopping
from batchsora.service.client import VideoService
from batchsora.service.verdicts import Kind
from batchsora.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    totals: Totals  # of all that the ledger reports
    scope: Totals  # of the jobs that this session drove
    missing: int  # finished clips of the chosen jobs that are not here any more


def open_session(
    manifest: Manifest,
    ledger: Ledger,
    service: VideoService,
    settings: Settings,
    *,
    stopping: Stopping,
    tell: Tell,
    save_inputs: bool = False,
    now: Now = system_now,
    chance: Callable[[], float] = random.random,
    offload: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread,
) -> Session:
    """Put together what the steps of a run share; what the ledger knows is learned from."""
    times = RenderTimes(settings.poll_interval_s)
    for job, took_s in ledger.records.render_times():
        times.learn(job.order, took_s, looks=2, going_at_s=took_s)
    return Session(
        ledger=ledger,
        service=service,
        settings=settings,
        folder=ledger.folder,
        manifest_folder=manifest.path.parent,
        now=now,
        chance=chance,
        offload=offload,
        tell=tell,
        times=times,
        stopping=stopping,
        gates=Gates(settings),
        preparing=asyncio.Lock(),
        wire=asyncio.Semaphore(ON_THE_WIRE),
        downloads=asyncio.Semaphore(settings.download_concurrency),
        totals=Totals.of(ledger.records.tallies()),
        scope=Totals.of(ledger.tallies_of_session()),
        save_inputs=save_inputs,
    )


def sum_up_idle(ledger: Ledger) -> Outcome:
    """Sum up a run that has nothing to do at the service; its reports are written all the same."""
    write_reports(ledger.folder, ledger.records, ledger.now)
    totals, scope = ledger.records.tallies(), ledger.tallies_of_session()
    return Outcome(Totals.of(totals), Totals.of(scope), ledger.count_missing())


async def carry_out(run: Session, choice: Choice) -> Outcome:
    """Drive what the ledger holds to its end; the reports are written however it ends."""
    run.tell(Told(run.now(), "started"))
    try:
        make_ready(run.folder)
        sweep(run.folder, run.ledger.awaits_its_name)
        await _ask_for_list(run)
        await drive_all(run, chosen=not choice.everything)
    finally:
        for stop in run.stopping.stops:
            message = f"{stop.what}; {stop.mend}" if stop.mend else stop.what
            run.tell(Told(run.now(), "stopped", message=message))
        _report(run)
        run.tell(Told(run.now(), "ended"))
    return Outcome(run.totals, run.scope, run.ledger.count_missing())


def _report(run: Session) -> None:
    """Write the reports; where that fails, what the run did is still to be told."""
    try:
        write_reports(run.folder, run.ledger.records, run.now)
    except OSError as error:
        what = f"the reports can't be written: {error}"
        mend = f"mend that, then: batchsora report {run.folder}"
        run.stopping.ask(Stop(StopReason.DISK, what, mend))


async def _ask_for_list(run: Session) -> None:
    """Ask, before anything is bought, whether the service lists its videos; a wrong key shows too.

    Where there is no list, jobs that look alike need not be submitted one at a time.
    """
    if not run.scope.states[State.PENDING] and not run.scope.states[State.IN_DOUBT]:
        return
    answer = await run.stopping.unless_asked(run.service.newest(1))
    if answer is None:
        return
    listed, verdict = answer
    if verdict.kind is Kind.STOP and verdict.stop is not None:
        run.stopping.ask(verdict.stop)
    run.has_list = listed is not None or verdict.kind is not Kind.OK
