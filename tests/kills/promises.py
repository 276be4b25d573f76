"""The promises, as they look from outside. Each check raises `Broken`, and nothing else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from batchsora.job import Size
from batchsora.media.clips import ClipDamaged, ClipFacts, check_clip, clip_hint, hash_file

if TYPE_CHECKING:
    from .campaign import Noted
    from .outside import Record

DONE, DOUBTS_LEFT = 0, 6  # exit codes
KEPT = {  # in a run folder that is done, beside the clips and the embedded simulator's own
    "ledger.db",
    "ledger.db-journal",
    "manifest.yaml",
    "report.csv",
    "report.html",
    "attempts.csv",
    "report.json",
    "run.log",
    "work/lock",
}
ROUNDS = 20  # of settling: what is bought anew may be answered with a fault anew


class Broken(Exception):  # noqa: N818 - a promise is
    """A promise that batchsora makes was broken."""


class BoughtTwice(Broken):
    """More than one create of a job was accepted."""


class Unintended(Broken):
    """A request was sent for which no intent is on the disk."""


class IdForgotten(Broken):
    """A create was accepted, and neither is its id in the ledger nor its job in doubt."""


class TooManyDoubts(Broken):
    """One crash put more jobs in doubt than requests are on the wire at once."""


class ClipSpoiled(Broken):
    """A clip is missing, not whole, or not what was ordered."""


class LeftLying(Broken):
    """A file is lying about that belongs to nothing."""


class OverBudget(Broken):
    """More was billed, or may be, than was allowed; or less was bought than that allows."""


class LedgerDamaged(Broken):
    """The ledger does not pass SQLite's own check of its integrity."""


class Campaign(Protocol):
    """A campaign that can be run, looked at, and settled by a person."""

    @property
    def folder(self) -> Path:
        """The run folder."""

    @property
    def prompts(self) -> Sequence[str]:
        """What was ordered: a job for each."""

    def noted(self) -> Sequence[Noted]:
        """Say what the ledger's file says of each job."""

    def run(self) -> int:
        """Run until the runner leaves; returns its exit code."""

    def resolve(self, jobs: Sequence[str], *how: str) -> None:
        """Say what became of jobs in doubt."""

    def said(self) -> str:
        """Return the last words."""


def check_purchases(record: Record, noted: Collection[Noted]) -> None:
    """At most one create a job, no request without an intent, and no id that nobody knows."""
    bought = Counter(prompt for prompt, _ in record.creates)
    if twice := sorted(prompt for prompt, times in bought.items() if times > 1):
        raise BoughtTwice(f"bought twice: {', '.join(twice)}")
    begun = sum(it.attempts for it in noted)
    if record.posts > begun:
        raise Unintended(f"{record.posts} requests were sent, {begun} intents are on disk")
    jobs = {it.prompt: it for it in noted}
    for prompt, video_id in record.creates:
        job = jobs.get(prompt)
        if job is None or (job.video_id != video_id and not job.open):
            raise IdForgotten(f"{prompt} was bought as {video_id}, the ledger says {job}")


def settle(campaign: Campaign, record: Callable[[], Record]) -> None:
    """Run to the end, let a person settle the doubts by the record, run again, and look at all."""
    for _ in range(ROUNDS):
        code = campaign.run()
        noted = campaign.noted()
        made = record()
        check_purchases(made, noted)
        doubts = [it for it in noted if it.open]
        if code != (DOUBTS_LEFT if doubts else DONE):
            raise Broken(f"exit code {code}, {len(doubts)} doubts: {campaign.said()}")
        if not doubts:
            break
        _resolve(campaign, made, doubts)
    check_kept(campaign, record())


def _resolve(campaign: Campaign, made: Record, doubts: Collection[Noted]) -> None:
    for doubt in doubts:
        for video_id in made.ids(doubt.prompt):
            campaign.resolve([doubt.id], "--video", video_id)
    if unmade := [doubt.id for doubt in doubts if not made.ids(doubt.prompt)]:
        campaign.resolve(unmade, "--not-made")


def check_in_place(campaign: Campaign) -> None:
    """At any time: what has a clip's name is a whole clip."""
    for file in campaign.folder.glob("videos/**/*.mp4"):
        try:
            check_clip(file)
        except ClipDamaged as damaged:
            raise ClipSpoiled(f"{file.name}: {damaged}") from damaged


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


def check_whole(file: Path) -> ClipFacts:
    """See that a file is a whole clip, and tell what it is."""
    try:
        return check_clip(file)
    except (ClipDamaged, FileNotFoundError) as damaged:
        raise ClipSpoiled(f"{file.name}: {damaged}") from damaged


def check_kept_clip(folder: Path, job: Noted) -> None:
    """See that the clip of a finished job is in its place, whole, and the one that was ordered."""
    file = folder / str(job.file)
    facts = check_whole(file)
    if (facts.bytes, hash_file(file)) != (job.bytes, job.sha256):
        raise ClipSpoiled(f"{job.file} is not the file that the ledger notes")
    if hint := clip_hint(facts, seconds=job.seconds, size=Size.parse(job.size)):
        raise ClipSpoiled(f"{job.file}: {hint}")


def _check_files(folder: Path, clips: set[str]) -> None:
    found = {str(it.relative_to(folder)) for it in folder.rglob("*") if it.is_file()}
    kept = {it for it in found if it.startswith(("work/simulator/", "work/thumbs/"))} | KEPT | clips
    if left := found - kept:
        raise LeftLying(f"left behind: {', '.join(sorted(left))}")
