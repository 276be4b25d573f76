"""Submitting a job: everything slow first, then the record, then the request, then its answer."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from batchsora.errors import Stop, StopReason
from batchsora.job import Fault, Job, Reason
from batchsora.lifecycle import Event
from batchsora.manifest import is_address
from batchsora.media.images import ImageProblem, prepare_image
from batchsora.runner.admission import Admission, admission
from batchsora.runner.heeding import heed
from batchsora.runner.inputs import keep_input
from batchsora.runner.recalling import find_image
from batchsora.runner.session import RETRIES, Session, Tries
from batchsora.runner.thumbs import keep_thumb
from batchsora.service.client import Upload
from batchsora.service.dialects import Video
from batchsora.service.verdicts import Kind, Verdict


async def submit(job: Job, run: Session, tries: Tries) -> Job:
    """Order the clip."""
    try:
        tries.upload = tries.upload or await _prepare(job, run)
    except ImageProblem as problem:
        fault = Fault("image_unreadable", problem.what, problem.mend)
        return run.record(job, Event.IMAGE_UNREADABLE, reason=Reason.IMAGE_UNREADABLE, fault=fault)
    except OSError as error:  # of the copy of what is sent: nothing else is written here
        what = f"what is sent can't be kept: {error}"
        mend = "mend that, or leave --save-inputs away; then run it again"
        run.stopping.ask(Stop(StopReason.DISK_LOW, what, mend))
        return job
    async with run.turn(job), run.wire:
        generation = await run.stopping.unless_asked(run.gates.submit.admit(), buying=True)
        if generation is None:
            return job
        if admission(job, run) is not Admission.GO:
            run.gates.submit.give_back()
            return job
        job = run.record(job, Event.SUBMIT_STARTED)
        video, verdict = await run.service.create(job.order, tries.upload)
        job = _settle(job, run, tries, video, verdict)
    await heed(run, run.gates.submit, verdict, generation)
    if verdict.kind is Kind.RETRY:
        await run.stopping.sleep(RETRIES.wait_s(tries.unsent, run.chance()), buying=True)
    return job


async def _prepare(job: Job, run: Session) -> Upload | None:
    image = job.order.image
    if image is None:
        return None
    path, sha256 = find_image(run.ledger.records, run.manifest_folder, run.folder, image)
    async with run.preparing:
        ready = await run.offload(lambda: prepare_image(path, job.order.size, job.order.framing))
    if ready.source_sha256 != sha256 and is_address(image.written):
        path.unlink(missing_ok=True)
        mend = "it was removed: run with --retry-failed, and it is fetched again"
        raise ImageProblem("what was fetched is not what is kept", mend)
    if ready.source_sha256 != sha256:
        raise ImageProblem("the image has changed since this run began", "run the manifest again")
    upload = Upload(ready.content, ready.file_name, ready.mime_type)
    if run.save_inputs:
        await run.offload(lambda: keep_input(run.folder, job, upload))
    await run.offload(lambda: keep_thumb(run.folder, job, upload.content))
    return upload


def _settle(job: Job, run: Session, tries: Tries, video: Video | None, verdict: Verdict) -> Job:
    """Record what became of a submission. Nothing here may wait: the answer is not on disk yet."""
    tries.began_s = asyncio.get_running_loop().time()  # of the wait for a clip, or for news
    if video is not None and video.id is not None and verdict.kind is Kind.OK:
        return _accepted(job, run, tries, video.id)
    fault = verdict.fault or Fault("unknown", "the service said nothing that can be understood")
    match verdict.kind:
        case Kind.REJECT:
            run.troubles.rejected(fault)
            reason = verdict.reason or Reason.REJECTED
            return run.record(job, Event.SUBMIT_REJECTED, reason=reason, fault=fault)
        case Kind.RETRY:
            return _unsent(job, run, tries, fault)
        case Kind.PAUSE | Kind.STOP:
            if verdict.stop is not None:
                run.stopping.ask(verdict.stop)
            run.troubles.put_off(fault)
            again_at = _again_at(run, verdict)
            return run.record(job, Event.SUBMIT_DEFERRED, fault=fault, again_at=again_at)
        case Kind.OK | Kind.DOUBT | Kind.NOT_READY:
            return run.record(job, Event.SUBMIT_LOST, fault=fault, evidence=verdict.evidence)


def _accepted(job: Job, run: Session, tries: Tries, video_id: str) -> Job:
    if run.ledger.records.owner_of(video_id) is not None:
        fault = Fault("id_taken", f"the service answered with {video_id}, another job's video")
        return run.record(job, Event.SUBMIT_LOST, fault=fault, evidence=video_id)
    run.troubles.accepted()
    tries.upload = None
    job = run.record(job, Event.SUBMIT_ACCEPTED, video_id=video_id)
    run.slots.taken(run.totals.at_service)
    return job


def _unsent(job: Job, run: Session, tries: Tries, fault: Fault) -> Job:
    outage = run.gates.pause.outage
    tries.unsent += tries.outage != outage  # however long that lasts
    tries.outage = outage
    if tries.unsent >= run.settings.max_attempts:
        return run.record(job, Event.GAVE_UP, reason=Reason.GAVE_UP, fault=fault)
    return run.record(job, Event.SUBMIT_DEFERRED, fault=fault)


def _again_at(run: Session, verdict: Verdict) -> datetime | None:
    return None if verdict.wait_s is None else run.now() + timedelta(seconds=verdict.wait_s)
