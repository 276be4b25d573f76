"""Watching what is at the service: jobs that render, and jobs in doubt that may be there."""

from __future__ import annotations

from batchsora.backoff import Backoff
from batchsora.job import Fault, Job, Reason, State
from batchsora.lifecycle import Event
from batchsora.runner.absence import (
    NOT_LISTED,
    adoptable,
    candidates,
    has_settled,
    may_resend,
)
from batchsora.runner.fetching import fetch_in_turn
from batchsora.runner.heeding import heed
from batchsora.runner.session import RETRIES, Session, Tries
from batchsora.service.dialects import Page, Progress, Video
from batchsora.service.verdicts import Kind, Verdict

LOOKS = Backoff(first_s=2.0, ceiling_s=20.0)
GONE_LOOKS = 3  # a paid id is not given up for one 404: a service's stores may disagree for a while
GONE_EVERY_S = 20.0


async def look_up(job: Job, run: Session, tries: Tries) -> Job:
    """Look for a job in doubt in the service's list, until the list can be believed."""
    listed = await _list(run) if run.has_list else None
    if listed is not None:
        found = await adoptable(job, run, list(candidates(job, run, listed.videos)))
        if found is not None:
            return run.record(job, Event.DOUBT_ADOPTED, video_id=found)
    settled = has_settled(job, run, tries, seen=listed is not None) and not run.is_sent(job)
    if settled and listed is not None and may_resend(job, run, listed):
        return run.record(job, Event.DOUBT_CLEARED, fault=NOT_LISTED)
    tries.gave_up = settled or not run.has_list or run.waited_too_long(tries)
    if not tries.gave_up:
        tries.looks += 1
        await run.stopping.sleep(LOOKS.wait_s(tries.looks, run.chance()))
    return job


async def _list(run: Session) -> Page | None:
    """Ask for the newest videos; None where they could not be had now, or where nobody lists them.

    `run.has_list` tells which, afterwards.
    """
    generation = await run.stopping.unless_asked(run.gates.poll.admit())
    answer = None
    if generation is not None:
        answer = await run.stopping.unless_asked(run.service.newest())
    if generation is None or answer is None:
        return None
    listed, verdict = answer
    run.has_list = listed is not None or verdict.kind is not Kind.OK
    await heed(run, run.gates.poll, verdict, generation)
    return listed


async def poll(job: Job, run: Session, tries: Tries) -> Job:
    """Look at a job that the service has, when it is about due."""
    if job.key not in run.roster.unseen:
        due_s = tries.next_look_s or run.times.next_look_s(job.order, _age_s(job, run))
        await run.stopping.sleep(due_s, lightly=True)
    if run.stopping.asked or run.has_left:
        return job
    if run.waited_too_long(tries):
        tries.gave_up = True
        # one last look at the clip itself: a job may stand at 99 % although its clip is there
        job, _ = await fetch_in_turn(job, run, tries)
        return job
    generation = await run.stopping.unless_asked(run.gates.poll.admit())
    if generation is None:
        return job
    asked = run.service.poll(job.video_id or "", age_s=_age_s(job, run))
    answer = await run.stopping.unless_asked(asked)
    if answer is None:
        return job
    video, verdict = answer
    tries.looks += 1
    tries.next_look_s = video.poll_after_s if video is not None else None
    job = _settle(job, run, tries, video, verdict)
    if not verdict.unsent and job.state is State.RUNNING:
        run.seen(job)
    await heed(run, run.gates.poll, verdict, generation)
    return job


def _age_s(job: Job, run: Session) -> float:
    return (run.now() - (job.submitted_at or run.now())).total_seconds()


def _settle(job: Job, run: Session, tries: Tries, video: Video | None, verdict: Verdict) -> Job:
    """Record what a look showed. Nothing here may wait."""
    if verdict.kind is not Kind.OK or video is None:
        return _unseen(job, run, tries, verdict)
    tries.failures = tries.gone = 0
    if video.progress in {Progress.QUEUED, Progress.RENDERING}:
        tries.going_at_s = _age_s(job, run)
    match video.progress:
        case Progress.QUEUED:
            return job
        case Progress.RENDERING:
            started = job.render_started_at is not None
            return job if started else run.record(job, Event.RENDER_PROGRESSED)
        case Progress.FAILED:
            reason = video.reason or Reason.RENDER_FAILED
            fault = video.fault or Fault("failed", "the service does not say why")
            return run.record(job, Event.RENDER_FAILED, reason=reason, fault=fault)
        case Progress.COMPLETED:
            tries.url = video.url
            return _completed(job, run, tries, video)


def _unseen(job: Job, run: Session, tries: Tries, verdict: Verdict) -> Job:
    """Judge a look that showed no video."""
    reason = verdict.reason or Reason.EXPIRED
    if verdict.kind is not Kind.REJECT:
        tries.failures += 1
        tries.next_look_s = RETRIES.wait_s(tries.failures, run.chance())
    elif reason is Reason.EXPIRED and tries.gone < GONE_LOOKS:
        tries.gone += 1
        tries.next_look_s = GONE_EVERY_S
    else:
        return run.record(job, Event.RENDER_FAILED, reason=reason, fault=verdict.fault)
    return job


def _completed(job: Job, run: Session, tries: Tries, video: Video) -> Job:
    at = run.now()
    _learn(job, run, tries, video)
    completed_at = video.completed_at or at
    earliest = job.render_started_at or job.submitted_at or at
    return run.record(
        job,
        Event.RENDER_COMPLETED,
        completed_at=min(at, max(earliest, completed_at)),
        expires_at=video.expires_at,
    )


def _learn(job: Job, run: Session, tries: Tries, video: Video) -> None:
    """Learn how long a job of this kind takes, by our clock and by the service's own."""
    told_s = None
    if video.created_at is not None and video.completed_at is not None:
        told_s = (video.completed_at - video.created_at).total_seconds()
    run.times.learn(
        job.order,
        _age_s(job, run),
        looks=tries.looks,
        going_at_s=tries.going_at_s,
        told_s=told_s,
    )
