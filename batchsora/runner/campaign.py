"""A whole run: jobs to their ends, reports written, whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from batchsora.backoff import Backoff
from batchsora.clock import Now, system_now
from batchsora.errors import LedgerError, Stop, StopReason
from batchsora.job import Fault, State
from batchsora.ledger.examples import Examples, examples
from batchsora.ledger.lately import Lately
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.manifest import Manifest
from batchsora.runner.choosing import Choice
from batchsora.runner.heeding import heed
from batchsora.runner.loop import drive_all
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.placing import make_ready, sweep
from batchsora.runner.progress import Tell, Told
from batchsora.runner.render_times import RenderTimes
from batchsora.runner.reporting import write_reports
from batchsora.runner.session import ON_THE_WIRE, Gates, Session, Work
from batchsora.runner.slots import Slots
from batchsora.runner.stopping import Stopping
from batchsora.runner.troubles import Troubles
from batchsora.runner.waking import notice_sleep
from batchsora.service.client import VideoService
from batchsora.service.verdicts import LONG_WAIT_S, Kind, Verdict
from batchsora.settings import Settings

# the first contact is short: an address may be wrong, and a person waits
CONTACTS = 6
CONTACT_AGAIN = Backoff(first_s=0.5, ceiling_s=4.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    totals: Totals  # of all that the ledger reports
    scope: Totals  # of the jobs that this session drove
    missing: int  # finished clips of the chosen jobs that are not here any more
    examples: Examples  # a few of those that somebody has to see to


def open_session(
    manifest: Manifest,
    ledger: Ledger,
    service: VideoService,
    settings: Settings,
    *,
    stopping: Stopping,
    tell: Tell,
    work: Work = Work.ALL,
    resend_absent: bool = False,
    save_inputs: bool = False,
    neighbours: Neighbours = Neighbours(),  # noqa: B008 - a value that nobody can change
    now: Now = system_now,
    chance: Callable[[], float] = random.random,
    offload: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread,
) -> Session:
    """Put together what the steps of a run share; what the ledger knows is learned from."""
    times = RenderTimes.recalled(settings.poll_interval_s, ledger.records.render_times())
    gates = Gates(settings)
    _honour(gates, Lately(ledger.db), now, tell)
    totals = ledger.keep_account(settings.max_cost_usd)
    scope = Totals.of(ledger.agenda.tallies_of_session())
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
        gates=gates,
        slots=Slots(settings.max_in_flight, stopping.bell),
        troubles=Troubles(settings, scope.jobs, stopping),
        neighbours=neighbours,
        preparing=asyncio.Lock(),
        wire=asyncio.Semaphore(ON_THE_WIRE),
        downloads=asyncio.Semaphore(settings.download_concurrency),
        totals=totals,
        scope=scope,
        work=work,
        resend_absent=resend_absent,
        save_inputs=save_inputs,
    )


def _honour(gates: Gates, lately: Lately, now: Now, tell: Tell) -> None:
    """Go on at the pace of the session before: a restart is no way round a limit."""
    if (last_at := lately.last_intent_at()) is not None:
        gates.submit.left_before(max(0.0, (now() - last_at).total_seconds()))
    if (until := lately.put_off_until()) is not None:
        left_s = (until - now()).total_seconds()
        # a longer wait has stopped that session, and a person knows of it
        if 0 < left_s <= LONG_WAIT_S:
            gates.pause.push(left_s, "as the service asked before")
            message = f"paused for {left_s:.0f} s, as the service asked before"
            tell(Told(now(), "paused", message=message))


async def sum_up_idle(ledger: Ledger) -> Outcome:
    """Sum up a run that has nothing to do at the service; its reports are written all the same."""
    await asyncio.to_thread(_write, ledger.folder, ledger.now, hurried=False)
    return _outcome(ledger)


def _outcome(ledger: Ledger) -> Outcome:
    totals, scope = ledger.records.tallies(), ledger.agenda.tallies_of_session()
    missing = ledger.agenda.count_missing()
    named = examples(ledger.agenda.examples, Totals.of(scope))
    return Outcome(Totals.of(totals), Totals.of(scope), missing, named)


async def carry_out(run: Session, choice: Choice) -> Outcome:
    """Drive what the ledger holds to its end; the reports are written however it ends."""
    run.tell(Told(run.now(), "started"))
    try:
        make_ready(run.folder)
        sweep(run.folder, run.ledger.agenda.awaits_its_name)
        _insist_on_prices(run)
        await _ask_for_list(run)
        sleepless = asyncio.create_task(notice_sleep(run))
        try:
            await drive_all(run, chosen=not choice.everything)
        finally:
            sleepless.cancel()
    finally:
        for stop in run.stopping.stops:
            message = f"{stop.what}; {stop.mend}" if stop.mend else stop.what
            run.tell(Told(run.now(), "stopped", message=message))
        await _report(run)
        run.tell(Told(run.now(), "ended"))
    return replace(_outcome(run.ledger), totals=run.totals, scope=run.scope)


async def _report(run: Session) -> None:
    """Write the reports; where that fails, what the run did is still to be told.

    Not in the loop, which a second Ctrl-C would wait for.
    """
    hurried = any(it.reason is StopReason.INTERRUPTED for it in run.stopping.stops)
    try:
        await run.offload(lambda: _write(run.folder, run.now, hurried=hurried))
    except OSError as error:
        what = f"the reports can't be written: {error}"
        mend = f"mend that, then: batchsora report {run.folder}"
        run.stopping.ask(Stop(StopReason.DISK, what, mend))
    except LedgerError as error:  # mostly known by now: the first reason of a kind is kept
        run.stopping.ask(Stop(StopReason.LEDGER, error.what, error.mend))


def _write(folder: Path, now: Now, *, hurried: bool) -> None:
    # a connection of its own: SQLite's belong to the thread that opened them
    with closing(open_for_reading(folder / "ledger.db")) as ledger:
        write_reports(folder, Records(ledger), now, hurried=hurried)


def _insist_on_prices(run: Session) -> None:
    """Buy nothing at all where a budget could not be kept; what was bought is still collected."""
    if run.settings.max_cost_usd is None or run.work is Work.COLLECT:
        return
    if not run.scope.states[State.PENDING]:
        return
    if (job := run.ledger.agenda.unpriced()) is not None:
        what = f"the price of {job.name} ({job.order.model}) is not known"
        mend = "give its model a price (models: or --models), or leave --max-cost away"
    elif before := run.totals.unpriced:
        what = f"clips of unknown price were bought here before: {before}"
        mend = "leave --max-cost away, or go on in another run folder with --out-dir"
    else:
        return
    what = f"a budget can't be kept: {what}"
    run.stopping.ask(Stop(StopReason.UNPRICED, what, mend))


async def _ask_for_list(run: Session) -> None:
    """Ask, before anything is bought, whether the service lists its videos; a wrong key shows too.

    Where there is no list, jobs that look alike need not be submitted one at a time.
    """
    buying = run.scope.states[State.PENDING] and not run.stopping.no_more_submits
    if not (buying and run.work is not Work.COLLECT) and not run.scope.states[State.IN_DOUBT]:
        return
    for contact in count(1):
        generation = await run.stopping.unless_asked(run.gates.poll.admit())
        if generation is None:
            return
        answer = await run.stopping.unless_asked(run.service.newest(1))
        if answer is None:
            return
        listed, verdict = answer
        if not verdict.unsent:
            run.has_list = listed is not None or verdict.kind is not Kind.OK
            await heed(run, run.gates.poll, verdict, generation)
            return
        if contact == CONTACTS:
            run.troubles.never_reached(_fault(verdict))
            return
        wait_s = CONTACT_AGAIN.wait_s(contact, run.chance())
        message = f"the service can't be reached, trying again: {_fault(verdict).message}"
        run.tell(Told(run.now(), "paused", message=message))
        await run.stopping.sleep(wait_s)


def _fault(verdict: Verdict) -> Fault:
    return verdict.fault or Fault("unknown", "nobody says why")
