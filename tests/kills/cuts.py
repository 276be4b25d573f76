"""Power cuts at random instants: what was acknowledged by then is on the disk afterwards.

A kill does not show this: the kernel keeps what a dead process has written. So the run folder lies
on a disk whose power is cut; the service's record, and what the runner said, lie elsewhere.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from batchsora.lifecycle import Event

from .campaign import Campaign, Noted
from .disks import Disk, disk
from .lives import STORY, Instant, instants
from .outside import Record, read_record, simulator
from .promises import Broken, check_kept_clip, check_purchases, settle

JOBS_A_CUT = 8
WORK_S = 1.5  # in which a runner buys most of them


@dataclass(frozen=True, slots=True)
class Tally:
    """How much was acknowledged when the power was cut; nothing of it was lost."""

    cuts: int = 0
    intents: int = 0  # requests that the service counted
    ids: int = 0
    clips: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.cuts + other.cuts,
            self.intents + other.intents,
            self.ids + other.ids,
            self.clips + other.clips,
        )


def check_cuts(package: Path, home: Path, *, listed: bool, seed: int, cuts: int) -> Tally:
    """Cut a campaign's power so often, look at the disk each time, and see it through."""
    with (
        simulator(home / "service", STORY.format(listed=str(listed).lower())) as url,
        disk(home) as cut_off,
    ):
        options = ("--base-url", url, "--rate", "10/1s", "--progress", "json")
        folder = cut_off.folder / "run"
        campaign = Campaign(package, home, *options, jobs=JOBS_A_CUT * cuts, folder=folder)
        tally = Tally()
        with _told_with(seed, campaign) as met:
            when = instants(seed, WORK_S)
            while len(met) < cuts:
                instant = next(when)
                if _is_cut_off(campaign, cut_off, instant):
                    met.append(instant)
                    tally = _look(campaign, read_record(url), len(met))
            settle(campaign, partial(read_record, url))
        return tally


@contextmanager
def _told_with(seed: int, campaign: Campaign) -> Iterator[list[Instant]]:
    """Add to what was broken how it can be looked at again."""
    met: list[Instant] = []
    try:
        yield met
    except Broken as broken:
        broken.add_note(f"seed {seed}, power cut at {met}; the runner said:\n{campaign.said()}")
        raise


def _is_cut_off(campaign: Campaign, cut_off: Disk, instant: Instant) -> bool:
    """Start a runner, cut the power at an instant, kill it; tell whether it had not ended before.

    What it does between the cut and its death can't be kept: it lives for a moment too long, as a
    machine does whose disk fails first.
    """
    with campaign.runner() as runner:
        if instant.at_work:
            campaign.wait_for_work(runner)
        try:
            runner.wait(instant.delay_s)
        except subprocess.TimeoutExpired:
            cut_off.cut()
            runner.kill()
            runner.wait()
        else:
            return False
    cut_off.restore()
    return True


def _look(campaign: Campaign, record: Record, cuts: int) -> Tally:
    """See that all is there that was acknowledged before the cut."""
    noted = {it.id: it for it in campaign.noted()}
    events = tuple(campaign.events())
    bought = {it["job"]: it["video_id"] for it in events if it["event"] == Event.SUBMIT_ACCEPTED}
    kept = [it["job"] for it in events if it["event"] == Event.DOWNLOAD_KEPT]
    _check_intents(record, noted.values())
    for job, video_id in bought.items():
        if job not in noted or noted[job].video_id != video_id:
            raise Broken(f"the id {video_id} of {job} is lost: {noted.get(job)}")
    for job in kept:
        if noted[job].state != "done":
            raise Broken(f"the clip of {job} was kept, the ledger has {noted[job]}")
    for it in noted.values():
        if it.state == "done":
            check_kept_clip(campaign.folder, it)
    return Tally(cuts, record.posts, len(bought), len(kept))


def _check_intents(record: Record, noted: Collection[Noted]) -> None:
    """For each request an intent, for each create one of its own job."""
    check_purchases(record, noted)
    begun = Counter({it.prompt: it.attempts for it in noted})
    made = Counter(prompt for prompt, _ in record.creates)
    if lost := made - begun:
        raise Broken(f"intents are lost: {lost}")
