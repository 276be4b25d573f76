"""Power cuts at random instants: what was acknowledged by then is on the disk afterwards.

A kill does not show this: the kernel keeps what a dead process has written. So the run folder lies
on a disk whose power is cut; the service's record, and what the runner said, lie elsewhere.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from batchsora.lifecycle import Event

from .campaign import Campaign, Noted
from .disks import Disk, disk
from .lives import STORY
from .outside import BETWEEN_LOOKS_S, PATIENCE_S, Record, read_record, simulator
from .promises import Broken, check_kept_clip, check_purchases, settle

JOBS_A_CUT = 8
WORDS = (0, 2 * JOBS_A_CUT)  # of those, how many are waited for
ACKNOWLEDGED = frozenset({Event.SUBMIT_ACCEPTED, Event.DOWNLOAD_KEPT})
GIVES_AN_ID = frozenset({Event.SUBMIT_ACCEPTED, Event.DOUBT_ADOPTED})
SOON_S = 0.3  # a request or two after the last of these words


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


@dataclass(frozen=True, slots=True)
class Moment:
    """When the power is cut: after so many acknowledgements of a runner's, and a while.

    Counted in time alone, a slow machine would be cut off before anything is bought.
    """

    words: int
    delay_s: float


def check_cuts(package: Path, home: Path, *, listed: bool, seed: int, cuts: int) -> Tally:
    """Cut a campaign's power so often, look at the disk each time, and see it through."""
    with (
        simulator(home / "service", STORY.format(seed=seed, listed=str(listed).lower())) as url,
        disk(home) as cut_off,
    ):
        options = ("--base-url", url, "--rate", "10/1s", "--progress", "json")
        folder = cut_off.folder / "run"
        campaign = Campaign(package, home, *options, jobs=JOBS_A_CUT * cuts, folder=folder)
        tally = Tally()
        with _told_with(seed, campaign) as met:
            chance = random.Random(seed)
            has_work = True
            while len(met) < cuts:
                words = chance.randint(*WORDS) if has_work else 0
                moment = Moment(words, chance.uniform(0.0, SOON_S))
                has_work = _is_cut_off(campaign, cut_off, moment)
                if has_work:
                    met.append(moment)
                    tally = _look(campaign, read_record(url), len(met))
            settle(campaign, partial(read_record, url))
        return tally


@contextmanager
def _told_with(seed: int, campaign: Campaign) -> Iterator[list[Moment]]:
    """Add to what was broken how it can be looked at again."""
    met: list[Moment] = []
    try:
        yield met
    except Broken as broken:
        broken.add_note(f"seed {seed}, power cut at {met}; the runner said:\n{campaign.said()}")
        raise


def _is_cut_off(campaign: Campaign, cut_off: Disk, moment: Moment) -> bool:
    """Start a runner, cut the power at a moment, and kill it; False if it had ended before.

    It lives for an instant longer than its disk, which does it no good: nothing can be kept.
    """
    words = _acknowledged(campaign) + moment.words
    with campaign.runner() as runner:
        _wait_for(campaign, runner, words)
        try:
            runner.wait(moment.delay_s)
        except subprocess.TimeoutExpired:
            cut_off.cut()
            runner.kill()
            runner.wait()
        else:
            return False
    cut_off.restore()
    return True


def _wait_for(campaign: Campaign, runner: subprocess.Popen[str], words: int) -> None:
    """Wait until so much is acknowledged, or the runner has ended."""
    stuck_at = time.monotonic() + PATIENCE_S
    while runner.poll() is None and _acknowledged(campaign) < words:
        assert time.monotonic() < stuck_at, campaign.said()
        time.sleep(BETWEEN_LOOKS_S)


def _acknowledged(campaign: Campaign) -> int:
    return sum(it["event"] in ACKNOWLEDGED for it in campaign.events())


def _look(campaign: Campaign, record: Record, cuts: int) -> Tally:
    """See that all is there that was acknowledged before the cut."""
    noted = {it.id: it for it in campaign.noted()}
    events = tuple(campaign.events())
    bought = {it["job"]: it["video_id"] for it in events if it["event"] in GIVES_AN_ID}
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
