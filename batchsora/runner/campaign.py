"""A whole run: manifest into ledger, jobs to their ends, reports written, whatever happens."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from batchsora.clock import Now, stamp, system_now
from batchsora.errors import ManifestRefusedError, Problem
from batchsora.job import State
from batchsora.ledger import intake
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.records import Records
from batchsora.lifecycle import Event, Happening
from batchsora.manifest import Manifest
from batchsora.reports.summary import write_json
from batchsora.reports.tables import write_csv
from batchsora.runner.loop import drive_all
from batchsora.runner.planning import Action, Choice, Met, batches, meet
from batchsora.runner.progress import Tell, Totals
from batchsora.runner.render_times import RenderTimes
from batchsora.runner.session import ON_THE_WIRE, Gates, Session
from batchsora.runner.stopping import Stopping
from batchsora.runner.unique import Seen
from batchsora.service.client import VideoService
from batchsora.service.verdicts import Kind
from batchsora.settings import Settings

PROBLEMS_SHOWN = 100


def take_in(
    manifest: Manifest, ledger: Ledger, choice: Choice, *, retry_failed: bool = False
) -> int:
    """Take a manifest's jobs into the ledger: all of them or, where one is wrong, none.

    Returns how many are chosen; raises ManifestRefusedError.
    """
    with ledger.atomic(), Seen(str(manifest.path)) as present:
        chosen = _take_in_batches(manifest, ledger, choice, present, retry_failed=retry_failed)
        intake.drop_places(ledger.db, present.has)
    return chosen


def _take_in_batches(
    manifest: Manifest, ledger: Ledger, choice: Choice, present: Seen, *, retry_failed: bool
) -> int:
    problems: list[Problem] = []
    count = chosen = 0
    ledger.choose_nothing()
    for batch in batches(meet(manifest, ledger.records, ledger.folder, choice)):
        found = [it for it in batch if isinstance(it, Problem)]
        count += len(found)
        problems.extend(found[: PROBLEMS_SHOWN - len(problems)])
        if count:
            continue  # nothing is kept: only the rest of the problems is wanted
        met = [it for it in batch if isinstance(it, Met)]
        taken = [it for it in met if it.chosen]
        present.remember(it.planned.key for it in met)
        intake.add(
            ledger.db, [(it.position, it.planned) for it in met if not it.known], ledger.now()
        )
        intake.place(ledger.db, [(it.position, it.planned) for it in met if it.known])
        ledger.choose(it.planned.key for it in taken)
        chosen += len(taken)
        for it in taken:
            _wake(ledger, it, retry_failed=retry_failed)
    if problems:
        raise ManifestRefusedError(problems, count)
    return chosen


def _wake(ledger: Ledger, met: Met, *, retry_failed: bool) -> None:
    """Put back what a run is to take up again: failed jobs where asked, clips that were removed."""
    if met.known is None:
        return
    job, now = met.known.job, ledger.now()
    if met.action is Action.FAILED and retry_failed:
        ledger.record(job, Happening(Event.RETRY_ASKED, now))
    elif met.action is Action.DOWNLOAD and job.state is State.DONE:
        if job.expires_at is not None and job.expires_at <= now:
            hint = "file missing, and gone from the service"
            ledger.record(job, Happening(Event.FILE_LOST, now, hint=hint))
        else:
            ledger.record(job, Happening(Event.FILE_MISSING, now))


def write_reports(folder: Path, records: Records, now: Now = system_now) -> None:
    """Write the reports of a run folder anew from its ledger."""
    campaign = records.campaign()
    if campaign is None:
        return
    own = campaign.columns or _columns_in_use(records)
    write_csv(folder / "report.csv", records.entries(), own)
    run = {
        "name": campaign.name,
        "service": campaign.service,
        "began_at": stamp(campaign.began_at),
        "reported_at": stamp(now()),
    }
    totals = count_up(records)
    write_json(
        folder / "report.json",
        run=run,
        entries=records.entries(),
        totals={
            **{state.value: totals.states[state] for state in State},
            "spent_usd": totals.spent_usd,
            "in_doubt_usd": totals.in_doubt_usd,
            "unpriced": totals.unpriced,
        },
        own=own,
    )


def _columns_in_use(records: Records) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in records.entries():
        found.update(dict.fromkeys(entry.columns))
    return tuple(found)


def count_up(records: Records) -> Totals:
    """Count all that is reported of a ledger."""
    totals = Totals()
    for tally in records.tallies():
        totals.add(tally.state, tally.price_usd, tally.jobs, tally.purchases)
    return totals


async def carry_out(
    manifest: Manifest,
    ledger: Ledger,
    service: VideoService,
    settings: Settings,
    *,
    choice: Choice,
    stopping: Stopping,
    tell: Tell,
    now: Now = system_now,
    chance: Callable[[], float] = random.random,
    offload: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread,
) -> Totals:
    """Drive what a ledger holds to its end; the reports are written however it ends."""
    times = RenderTimes(settings.poll_interval_s)
    for job, took_s in ledger.records.render_times():
        times.learn(job.order, took_s, looks=2)
    run = Session(
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
        wire=asyncio.Semaphore(ON_THE_WIRE),
        downloads=asyncio.Semaphore(settings.download_concurrency),
        totals=count_up(ledger.records),
    )
    try:
        await _ask_for_list(run)
        await drive_all(run, chosen=not choice.everything)
    finally:
        write_reports(ledger.folder, ledger.records, now)
    return run.totals


async def _ask_for_list(run: Session) -> None:
    """Ask, before anything is bought, whether the service lists its videos; a wrong key shows too.

    Where there is no list, jobs that look alike need not be submitted one at a time.
    """
    if not run.totals.states[State.PENDING] and not run.totals.states[State.IN_DOUBT]:
        return
    listed, verdict = await run.service.newest(1)
    if verdict.kind is Kind.STOP and verdict.stop is not None:
        run.stopping.ask(verdict.stop)
    run.has_list = listed is not None or verdict.kind is not Kind.OK


def keep_manifest(manifest: Path, folder: Path) -> None:
    """Keep the manifest in the run folder as it was given."""
    shutil.copyfile(manifest, folder / f"manifest{manifest.suffix}")
