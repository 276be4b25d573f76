"""Fetching a finished clip, and keeping it only whole."""

from __future__ import annotations

from datetime import datetime, timedelta

from batchsora.errors import Stop, StopReason
from batchsora.job import Fault, Job, Reason, State
from batchsora.lifecycle import FILE_MISSING_HINT, Event
from batchsora.media.clips import ClipDamaged
from batchsora.runner.heeding import heed
from batchsora.runner.placing import Partial, finish
from batchsora.runner.session import RETRIES, Session, Tries
from batchsora.service.verdicts import Kind, Verdict

LIFETIME = timedelta(hours=1)  # of a clip at the service, where it does not say


async def download(job: Job, run: Session, tries: Tries) -> Job:
    """Bring a finished clip here."""
    try:
        if await run.offload(lambda: finish(run.folder, job)):
            return run.record(job, Event.DOWNLOAD_KEPT)
    except OSError as error:
        run.stopping.ask(_disk_stop(error))
        return job
    job, verdict = await fetch_in_turn(job, run, tries)
    if verdict is None:
        return job
    if not verdict.unsent:
        run.seen(job)
    if verdict.kind is not Kind.OK:
        tries.gave_up = run.waited_too_long(tries) or run.has_left
    if verdict.kind in {Kind.RETRY, Kind.NOT_READY}:
        tries.failures += 1
        await _ask_where(job, run, tries)
        await run.stopping.sleep(RETRIES.wait_s(tries.failures, run.chance()))
    return job


async def _ask_where(job: Job, run: Session, tries: Tries) -> None:
    """Ask where else the clip may lie: some services give its address in the status only.

    Every other try goes through the API again: a link may be stale.
    """
    tries.url = None
    if not tries.failures % 2:
        return
    generation = await run.stopping.unless_asked(run.gates.poll.admit())
    if generation is None:
        return
    answer = await run.stopping.unless_asked(run.service.poll(job.video_id or "", age_s=0))
    if answer is not None:
        video, verdict = answer
        tries.url = video.url if video is not None else None
        await heed(run, run.gates.poll, verdict, generation)


async def fetch_in_turn(job: Job, run: Session, tries: Tries) -> tuple[Job, Verdict | None]:
    """Wait for one's turn, then try once to fetch a clip; no verdict where a stop came first."""
    async with run.downloads:
        generation = await run.stopping.unless_asked(run.gates.download.admit())
        if generation is None:
            return job, None
        job, verdict = await _fetch_once(job, run, tries)
    await heed(run, run.gates.download, verdict, generation)
    return job, verdict


async def _fetch_once(job: Job, run: Session, tries: Tries) -> tuple[Job, Verdict]:
    """Try once to fetch a clip, and record what came of it."""
    started_at = run.now()
    try:
        with Partial(run.folder, job.key) as partial:
            expired = _is_expired(job, started_at)
            fetch = run.service.fetch(job.video_id or "", tries.url, partial.write, expired=expired)
            answer = await run.stopping.unless_asked(fetch)
            if answer is None:  # it is whole at the service, and can be fetched again
                return job, Verdict(Kind.RETRY)
            verdict = answer
            if verdict.kind is Kind.OK:
                clip, hint = await run.offload(lambda: partial.check(run.folder, job))
                if job.state is State.RUNNING:  # its clip is there although nobody said so
                    job = run.record(job, Event.RENDER_COMPLETED)
                known = {"clip": clip, "hint": hint, "started_at": started_at}
                job = run.record(job, Event.DOWNLOAD_CHECKED, **known)
                checked = job
                if await run.offload(lambda: finish(run.folder, checked)):
                    return run.record(job, Event.DOWNLOAD_KEPT), verdict
                fault = Fault("place_taken", f"a file appeared at {clip.file} just now")
                verdict = Verdict(Kind.RETRY, fault=fault)
    except ClipDamaged as damaged:
        verdict = Verdict(Kind.RETRY, fault=Fault("clip_damaged", damaged.what))
    except OSError as error:
        stop = _disk_stop(error)
        verdict = Verdict(Kind.STOP, stop=stop, fault=Fault("disk", stop.what, stop.mend))
    return _settle(job, run, verdict), verdict


def _settle(job: Job, run: Session, verdict: Verdict) -> Job:
    if job.state is not State.RENDERED:
        return job  # that was only a look: the job goes on
    if verdict.kind is Kind.REJECT:
        return _lost(job, run, verdict)
    if verdict.fault is not None and (job.fault is None or job.fault.code != verdict.fault.code):
        return run.record(job, Event.DOWNLOAD_DEFERRED, fault=verdict.fault)
    return job


def _lost(job: Job, run: Session, verdict: Verdict) -> Job:
    if job.downloaded_at is not None:  # it was here once: its row is done, and says so
        return run.record(job, Event.FILE_LOST, hint=FILE_MISSING_HINT)
    reason = verdict.reason or Reason.EXPIRED
    return run.record(job, Event.DOWNLOAD_LOST, reason=reason, fault=verdict.fault)


def _is_expired(job: Job, now: datetime) -> bool:
    expires_at = job.expires_at or (job.completed_at and job.completed_at + LIFETIME)
    return expires_at is not None and expires_at < now


def _disk_stop(error: OSError) -> Stop:
    what = f"the clip can't be kept: {error}"
    return Stop(StopReason.DISK, what, "free some space, or make the folder writable; run again")
