"""One step of a job done in the world, and what happened recorded. No exception leaves a step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from batchsora.backoff import Backoff
from batchsora.errors import Stop, StopReason
from batchsora.job import Fault, Job, Reason
from batchsora.lifecycle import Event, Step
from batchsora.media.clips import ClipDamaged
from batchsora.media.images import ImageProblem, prepare_image
from batchsora.runner.pacing import Gate
from batchsora.runner.placing import Partial, already_there, put_in_place
from batchsora.runner.session import Session, Tries
from batchsora.service.client import Upload
from batchsora.service.dialects import Progress, Video
from batchsora.service.verdicts import Kind, Verdict

PAUSES = Backoff(first_s=2.0, ceiling_s=120.0)  # after a 429 that says nothing of how long
RETRIES = Backoff(first_s=1.0, ceiling_s=60.0)
LOOK_UPS = Backoff(first_s=2.0, ceiling_s=20.0)
SKEW = timedelta(seconds=5)  # a service's clock, in whole seconds, may be this far behind ours


async def submit(job: Job, run: Session, tries: Tries) -> Job:
    """Order the clip: everything slow first, then the record, then the request, then its answer."""
    try:
        upload = await _prepare(job, run)
    except ImageProblem as problem:
        fault = Fault("image_unreadable", problem.what, problem.mend)
        return run.record(job, Event.IMAGE_UNREADABLE, reason=Reason.IMAGE_UNREADABLE, fault=fault)
    async with run.wire, run.alike(job):
        generation = await run.gates.submit.admit()
        if not run.may_submit(job):
            return job
        job = run.record(job, Event.SUBMIT_STARTED)
        video, verdict = await run.service.create(job.order, upload)
        job = _settle_submit(job, run, tries, video, verdict)
    await _pace(run, run.gates.submit, verdict, generation)
    if verdict.kind is Kind.RETRY:
        await run.stopping.sleep(RETRIES.wait_s(tries.unsent, run.chance()))
    return job


async def _prepare(job: Job, run: Session) -> Upload | None:
    image = job.order.image
    if image is None:
        return None
    path = run.manifest_folder / image.written
    ready = await run.offload(lambda: prepare_image(path, job.order.size, job.order.fit))
    if ready.source_sha256 != image.sha256:
        raise ImageProblem("the image has changed since this run began", "run the manifest again")
    return Upload(ready.content, ready.file_name, ready.mime_type)


def _settle_submit(
    job: Job, run: Session, tries: Tries, video: Video | None, verdict: Verdict
) -> Job:
    """Record what became of a submission. Nothing here may wait: the answer is not on disk yet."""
    if video is not None and video.id is not None and verdict.kind is Kind.OK:
        if run.ledger.records.owner_of(video.id) is None:
            run.accepted()
            return run.record(job, Event.SUBMIT_ACCEPTED, video_id=video.id)
        fault = Fault("id_taken", f"the service answered with {video.id}, another job's video")
        return run.record(job, Event.SUBMIT_LOST, fault=fault)
    fault = verdict.fault or Fault("unknown", "the service said nothing that can be understood")
    match verdict.kind:
        case Kind.REJECT:
            run.rejected(fault)
            reason = verdict.reason or Reason.REJECTED
            return run.record(job, Event.SUBMIT_REJECTED, reason=reason, fault=fault)
        case Kind.RETRY:
            return _unsent(job, run, tries, fault)
        case Kind.PAUSE | Kind.STOP:
            if verdict.stop is not None:
                run.stopping.ask(verdict.stop)
            return run.record(job, Event.SUBMIT_DEFERRED, fault=fault)
        case Kind.OK | Kind.DOUBT | Kind.NOT_READY:
            return run.record(job, Event.SUBMIT_LOST, fault=fault, evidence=verdict.evidence)


def _unsent(job: Job, run: Session, tries: Tries, fault: Fault) -> Job:
    tries.unsent += 1
    run.unreachable(fault)
    if tries.unsent >= run.settings.max_attempts:
        return run.record(job, Event.GAVE_UP, reason=Reason.GAVE_UP, fault=fault)
    return run.record(job, Event.SUBMIT_DEFERRED, fault=fault)


async def look_up(job: Job, run: Session, tries: Tries) -> Job:
    """Look for a job in doubt in the service's list, until the list can be believed."""
    if not run.has_list:
        tries.gave_up = True
        return job
    generation = await run.gates.poll.admit()
    listed, verdict = await run.service.newest()
    if listed is None and verdict.kind is Kind.OK:
        run.has_list = False
    if listed is not None and (found := _candidate(job, run, listed)) is not None:
        return run.record(job, Event.DOUBT_ADOPTED, video_id=found)
    await _pace(run, run.gates.poll, verdict, generation)
    doubted_at = job.doubted_at or run.now()
    if listed is not None and (run.now() - doubted_at).total_seconds() >= run.settings.settle_s:
        tries.gave_up = True
        return job
    tries.looks += 1
    await run.stopping.sleep(LOOK_UPS.wait_s(tries.looks, run.chance()))
    return job


def _candidate(job: Job, run: Session, listed: list[Video]) -> str | None:
    """Pick the oldest video that may be this job's: it looks the same, and nobody has it yet."""
    order, since = job.order, (job.submit_started_at or run.now()) - SKEW
    for video in sorted(listed, key=lambda it: it.created_at or run.now()):
        same = (video.prompt, video.model, video.seconds, video.size) == (
            order.prompt,
            order.model,
            order.seconds,
            str(order.size),
        )
        new = video.created_at is not None and video.created_at >= since
        if same and new and video.id and run.ledger.records.owner_of(video.id) is None:
            return video.id
    return None


async def poll(job: Job, run: Session, tries: Tries) -> Job:
    """Look at a job that the service has."""
    age_s = (run.now() - (job.submitted_at or run.now())).total_seconds()
    await run.stopping.sleep(tries.next_look_s or run.times.next_look_s(job.order, age_s))
    if run.stopping.asked or run.waited_too_long(tries):
        tries.gave_up = not run.stopping.asked
        return job
    generation = await run.gates.poll.admit()
    age_s = (run.now() - (job.submitted_at or run.now())).total_seconds()
    video, verdict = await run.service.poll(job.video_id or "", age_s=age_s)
    tries.looks += 1
    tries.next_look_s = video.poll_after_s if video is not None else None
    job = _settle_poll(job, run, tries, video, verdict)
    await _pace(run, run.gates.poll, verdict, generation)
    return job


def _settle_poll(
    job: Job, run: Session, tries: Tries, video: Video | None, verdict: Verdict
) -> Job:
    if verdict.kind is Kind.REJECT:
        reason = verdict.reason or Reason.EXPIRED
        return run.record(job, Event.RENDER_FAILED, reason=reason, fault=verdict.fault)
    if verdict.kind is not Kind.OK or video is None:
        tries.failures += 1
        tries.next_look_s = RETRIES.wait_s(tries.failures, run.chance())
        return job
    tries.failures = 0
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


def _completed(job: Job, run: Session, tries: Tries, video: Video) -> Job:
    at = run.now()
    if job.submitted_at is not None:
        took_s = (at - job.submitted_at).total_seconds()
        run.times.learn(job.order, took_s, looks=tries.looks)
    completed_at = video.completed_at or at
    earliest = job.render_started_at or job.submitted_at or at
    return run.record(
        job,
        Event.RENDER_COMPLETED,
        completed_at=min(at, max(earliest, completed_at)),
        expires_at=video.expires_at,
    )


async def download(job: Job, run: Session, tries: Tries) -> Job:
    """Fetch a finished clip, and keep it only whole."""
    if (kept := await run.offload(lambda: already_there(run.folder, job))) is not None:
        return run.record(job, Event.DOWNLOAD_KEPT, clip=kept.clip, hint=kept.hint)
    async with run.downloads:
        generation = await run.gates.download.admit()
        if run.stopping.asked:
            return job
        job, verdict = await _fetch(job, run, tries)
    await _pace(run, run.gates.download, verdict, generation)
    if verdict.kind in {Kind.RETRY, Kind.NOT_READY}:
        tries.failures += 1
        tries.gave_up = run.waited_too_long(tries)
        await _refresh_url(job, run, tries)
        await run.stopping.sleep(RETRIES.wait_s(tries.failures, run.chance()))
    return job


async def _refresh_url(job: Job, run: Session, tries: Tries) -> None:
    """Ask where else the clip may lie: some services give its address in the status only."""
    await run.gates.poll.admit()
    video, _ = await run.service.poll(job.video_id or "", age_s=0)
    tries.url = video.url if video is not None else None


async def _fetch(job: Job, run: Session, tries: Tries) -> tuple[Job, Verdict]:
    started_at = run.now()
    expired = job.expires_at is not None and job.expires_at < started_at
    try:
        with Partial(run.folder, job.key) as partial:
            video_id = job.video_id or ""
            verdict = await run.service.fetch(video_id, tries.url, partial.write, expired=expired)
            if verdict.kind is Kind.OK:
                kept = await run.offload(lambda: put_in_place(run.folder, job, partial))
                known = {"clip": kept.clip, "hint": kept.hint, "started_at": started_at}
                job = run.record(job, Event.DOWNLOAD_KEPT, **known)
            elif verdict.kind is Kind.REJECT:
                job = _lost(job, run, verdict)
    except ClipDamaged as damaged:
        verdict = Verdict(Kind.RETRY, fault=Fault("clip_damaged", damaged.what))
    except OSError as error:
        what = f"the clip can't be kept: {error}"
        stop = Stop(StopReason.DISK, what, "free some space, then run again")
        verdict = Verdict(Kind.STOP, stop=stop)
    return job, verdict


def _lost(job: Job, run: Session, verdict: Verdict) -> Job:
    if job.downloaded_at is not None:  # it was here once: its row is done, and says so
        return run.record(job, Event.FILE_LOST, hint="file missing, and gone from the service")
    reason = verdict.reason or Reason.EXPIRED
    return run.record(job, Event.DOWNLOAD_LOST, reason=reason, fault=verdict.fault)


async def _pace(run: Session, gate: Gate, verdict: Verdict, generation: int) -> None:
    """Let what the service answered slow everybody down, or let this gate speed up."""
    if verdict.kind is Kind.PAUSE:
        run.pauses += 1
        wait_s = verdict.wait_s
        if wait_s is None:
            wait_s = PAUSES.wait_s(run.pauses, run.chance())
        run.pause(wait_s, verdict)
        await gate.pushed_back(generation)
    elif verdict.kind is Kind.STOP and verdict.stop is not None:
        run.stopping.ask(verdict.stop)
    elif verdict.kind is Kind.OK:
        run.pauses = 0
        await gate.let_in()


STEPS: dict[Step, Callable[[Job, Session, Tries], Awaitable[Job]]] = {
    Step.SUBMIT: submit,
    Step.LOOK_UP: look_up,
    Step.POLL: poll,
    Step.DOWNLOAD: download,
}
