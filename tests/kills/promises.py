"""The promises, as they look from outside. Each check raises `Broken`, and nothing else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from batchsora.job import Size
from batchsora.media.clips import ClipDamaged, check_clip, clip_hint, hash_file

if TYPE_CHECKING:
    from .campaign import Campaign, Noted
    from .outside import Record

DONE, DOUBTS_LEFT = 0, 6  # exit codes


class Broken(Exception):  # noqa: N818 - a promise is
    """A promise that batchsora makes was broken."""


def check_purchases(record: Record, noted: Collection[Noted]) -> None:
    """At most one create a job, and no request that no intent was written for."""
    bought = Counter(prompt for prompt, _ in record.creates)
    if twice := sorted(prompt for prompt, times in bought.items() if times > 1):
        raise Broken(f"bought twice: {', '.join(twice)}")
    begun = sum(it.attempts for it in noted)
    if record.posts > begun:
        raise Broken(f"{record.posts} requests were sent, {begun} intents are on disk")


def settle(campaign: Campaign, record: Callable[[], Record]) -> None:
    """Run to the end, let a person settle the doubts by the record, run again, and look at all."""
    code = campaign.run()
    noted = campaign.noted()
    made = record()
    check_purchases(made, noted)
    doubts = [it for it in noted if it.open]
    if code != (DOUBTS_LEFT if doubts else DONE):
        raise Broken(f"exit code {code}, {len(doubts)} doubts: {campaign.said()}")
    if doubts:
        _resolve(campaign, made, doubts)
        if (code := campaign.run()) != DONE:
            raise Broken(f"exit code {code}: {campaign.said()}")
    check_kept(campaign, record())


def _resolve(campaign: Campaign, made: Record, doubts: Collection[Noted]) -> None:
    for doubt in doubts:
        for video_id in made.ids(doubt.prompt):
            campaign.resolve([doubt.id], "--video", video_id)
    if unmade := [doubt.id for doubt in doubts if not made.ids(doubt.prompt)]:
        campaign.resolve(unmade, "--not-made")


def check_kept(campaign: Campaign, record: Record) -> None:
    """Each job bought exactly once, its own video kept whole, and nothing else lying about."""
    noted = campaign.noted()
    check_purchases(record, noted)
    if sorted(prompt for prompt, _ in record.creates) != sorted(campaign.prompts):
        raise Broken(f"bought: {record.creates}")
    for job in noted:
        if (job.state, job.purchases) != ("done", 1):
            raise Broken(f"{job.id} is {job.state}, bought {job.purchases} times")
        if [job.video_id] != record.ids(job.prompt):
            raise Broken(f"{job.id} has {job.video_id}, its own is {record.ids(job.prompt)}")
        check_kept_clip(campaign.folder, job)
    _check_files(campaign.folder, {str(job.file) for job in noted})


def check_kept_clip(folder: Path, job: Noted) -> None:
    """See that the clip of a finished job is in its place, whole, and the one that was ordered."""
    file = folder / str(job.file)
    try:
        facts = check_clip(file)
    except ClipDamaged as damaged:
        raise Broken(f"{job.file}: {damaged}") from damaged
    if (facts.bytes, hash_file(file)) != (job.bytes, job.sha256):
        raise Broken(f"{job.file} is not the file that the ledger notes")
    if hint := clip_hint(facts, seconds=job.seconds, size=Size.parse(job.size)):
        raise Broken(f"{job.file}: {hint}")


def _check_files(folder: Path, expected: set[str]) -> None:
    clips = {str(it.relative_to(folder)) for it in folder.glob("videos/**/*") if it.is_file()}
    if clips != expected:
        raise Broken(f"files without a job, or jobs without a file: {clips ^ expected}")
    if left := [it.name for it in (folder / "work" / "partial").iterdir()]:
        raise Broken(f"left behind: {left}")
