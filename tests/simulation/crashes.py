"""Crashes at any await of the runner's, on virtual time, and what must hold after each of them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from kills.campaign import Noted
from kills.promises import (
    Broken,
    check_kept_clip,
    check_purchases,
    check_whole,
    settle,
)

from .plot import Plot
from .simulated import Simulated

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux has it; elsewhere it is the disk


def count_awaits(plot: Plot) -> int:
    """Count the awaits of a life that no crash ends."""
    with _home() as home, Simulated(home, plot) as campaign:
        seen = campaign.run_until(None).resumed
        settle(campaign, campaign.record)
        return seen


def check_crash(plot: Plot, *awaits: int) -> int:
    """Kill a runner at this await, the next one at that; see it through. Returns the kills."""
    with _home() as home, Simulated(home, plot) as campaign:
        try:
            for await_ in awaits:
                _crash(campaign, await_)
            settle(campaign, campaign.record)
        except Broken as broken:
            broken.add_note(f"killed at await {' and '.join(map(str, awaits))}")
            raise
        return campaign.deaths


def _crash(campaign: Simulated, await_: int) -> None:
    before = {it.id for it in campaign.noted() if it.open}
    life = campaign.run_until(await_)
    if life.over:
        new = [it for it in _noted(campaign) if it.open and it.id not in before]
        _check_doubts(new, life.posts(), campaign.plot.answers_lost)


def _noted(campaign: Simulated) -> Sequence[Noted]:
    """Look at what a crash has left, at that very instant."""
    record, noted = campaign.record(), campaign.noted()
    check_purchases(record, noted)
    for file in campaign.folder.glob("videos/**/*"):
        check_whole(file)
    for job in noted:
        if job.state == "done":
            check_kept_clip(campaign.folder, job)
    return noted


def _check_doubts(new: Sequence[Noted], on_the_wire: int, lost: int) -> None:
    """See that only what was on the wire, or what the service lost, comes into doubt."""
    sent = sum(it.state == "submitting" for it in new)
    if sent > on_the_wire:
        raise Broken(f"{on_the_wire} requests on the wire, {sent} jobs in doubt")
    if len(new) - sent > lost:
        raise Broken(f"{lost} answers lost, in doubt are {new}")


def check_sample(plot: Plot, *, seed: int, once: int | None = None, twice: int = 0) -> int:
    """Crash at so many awaits, or each, and at so many pairs of them; returns the kills."""
    chance = random.Random(seed)
    awaits = range(1, count_awaits(plot) + 1)
    alone = ([it] for it in chance.sample(awaits, len(awaits) if once is None else once))
    pairs = (chance.sample(awaits, 2) for _ in range(twice))
    return sum(check_crash(plot, *it) for it in chain(alone, pairs))


@contextmanager
def _home() -> Iterator[Path]:
    """Give a folder in memory: nothing here is about the disk, and all of this syncs it often."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)
