"""Kills at random instants: a runner that lives a number of short lives, and then a whole one."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .boundaries import ON_THE_WIRE
from .campaign import Campaign
from .outside import Record, read_embedded, read_record, simulator
from .promises import DONE, DOUBTS_LEFT, Broken, check_purchases, settle

AT_WORK = 0.7  # of the kills; the others meet a runner that is starting
START_S = 0.5  # imports, lock, ledger, manifest

# some answers and clips trickle, so that many kills meet one in the middle
STORY = """
clip: tiny
render_s: [0.3, 0.8]
slow_s: 0.4
faults:
  - {{at: create, fault: slow, probability: 0.5}}
  - {{at: content, fault: slow, probability: 0.5}}
list: {listed}
"""


@dataclass(frozen=True, slots=True)
class Instant:
    """When a runner is killed, counted from its start, or from when it has the run folder."""

    at_work: bool
    delay_s: float


def check_ten_kills(package: Path, home: Path, *, listed: bool, seed: int) -> None:
    """Kill the runner ten times, against a service with or without a list, and see it through."""
    with simulator(home / "service", STORY.format(listed=str(listed).lower())) as url:
        campaign = Campaign(package, home, "--base-url", url, "--rate", "5/1s", jobs=12)
        _live(campaign, partial(read_record, url), seed, work_s=0.9, kills=10)


def check_killed_rehearsal(package: Path, home: Path, *, seed: int) -> None:
    """Kill a rehearsal again and again, the service inside of it too, and see it through."""
    campaign = Campaign(package, home, "--simulate", "--rate", "3/1s", jobs=3)
    _live(campaign, partial(read_embedded, campaign.folder), seed, work_s=1.5, kills=6)


def instants(seed: int, work_s: float) -> Iterator[Instant]:
    """Spread kills over the whole life of a runner; a noisy machine does not move the spread."""
    chance = random.Random(seed)
    while True:
        at_work = chance.random() < AT_WORK
        yield Instant(at_work, chance.uniform(0.0, work_s if at_work else START_S))


def _live(
    campaign: Campaign, record: Callable[[], Record], seed: int, *, work_s: float, kills: int
) -> None:
    """Live until so many kills have met a living runner; then run to the end and look at all."""
    when = instants(seed, work_s)
    met: list[Instant] = []
    try:
        while len(met) < kills:
            before = {it.id for it in campaign.noted() if it.open}
            instant = next(when)
            if _is_killed(campaign, instant):
                met.append(instant)
                _check_crash(campaign, record(), before)
        settle(campaign, record)
    except Broken as broken:
        broken.add_note(f"seed {seed}, killed at {met}; what is left is in {campaign.folder}")
        raise


def _is_killed(campaign: Campaign, instant: Instant) -> bool:
    """Start a runner and kill it at an instant; tell whether it had not ended before."""
    with campaign.runner() as runner:
        if instant.at_work:
            campaign.wait_for_work(runner)
        try:
            runner.wait(instant.delay_s)
        except subprocess.TimeoutExpired:
            runner.kill()
        code = runner.wait()
    if code not in {-signal.SIGKILL, DONE, DOUBTS_LEFT}:
        raise Broken(f"exit code {code}: {campaign.said()}")
    return code == -signal.SIGKILL


def _check_crash(campaign: Campaign, record: Record, before: set[str]) -> None:
    noted = campaign.noted()
    check_purchases(record, noted)
    new = {it.id for it in noted if it.open} - before
    if len(new) > ON_THE_WIRE:
        raise Broken(f"one crash put {len(new)} jobs in doubt")
