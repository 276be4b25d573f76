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


class Broken(Exception):  # noqa: N818 - a promise is
    """A promise that batchsora makes was broken."""


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
    """At most one create a job, and no request that no intent was written for."""
    bought = Counter(prompt for prompt, _ in record.creates)
    if twice := sorted(prompt for prompt, times in bought.items() if times > 1):
        raise Broken(f"bought twice: {', '.join(twice)}")
    begun = sum(it.attempts for it in noted)
    if record.posts > begun:
        raise Broken(f"{record.posts} requests were sent, {begun} intents are on disk")


def check_none_is_lost(record: Record, noted: Collection[Noted]) -> None:
    """Every accepted id is in the ledger, or its job is in doubt."""
    known = {it.video_id for it in noted}
    known |= {video_id for it in noted if it.open for video_id in record.ids(it.prompt)}
    if lost := [video_id for _, video_id in record.creates if video_id not in known]:
        raise Broken(f"paid, and neither noted nor in doubt: {lost}")


def settle(campaign: Campaign, record: Callable[[], Record], *, rounds: int = 1) -> None:
    """Run to the end, let a person settle the doubts by the record, run again, and look at all.

    So often a service that loses answers may put jobs in doubt.
    """
    for _ in range(rounds):
        if not (doubts := _run(campaign, record)):
            break
        _resolve(campaign, record(), doubts)
    else:
        if doubts := _run(campaign, record):
            raise Broken(f"in doubt once more: {doubts}")
    check_kept(campaign, record())


def _run(campaign: Campaign, record: Callable[[], Record]) -> Collection[Noted]:
    """Run to the end; returns the doubts that are left."""
    code = campaign.run()
    noted = campaign.noted()
    check_purchases(record(), noted)
    doubts = [it for it in noted if it.open]
    if code != (DOUBTS_LEFT if doubts else DONE):
        raise Broken(f"exit code {code}, {len(doubts)} doubts: {campaign.said()}")
    return doubts


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
        check_clip_of(campaign.folder, job)
    _check_files(campaign.folder, {str(job.file) for job in noted})


def check_whole(file: Path) -> ClipFacts:
    """See that a file is a whole clip, and tell what it is."""
    try:
        return check_clip(file)
    except ClipDamaged as damaged:
        raise Broken(f"{file.name}: {damaged}") from damaged


def check_clip_of(folder: Path, job: Noted) -> None:
    """See that the clip of a finished job is there, whole, and the one that was noted."""
    file = folder / str(job.file)
    facts = check_whole(file)
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
