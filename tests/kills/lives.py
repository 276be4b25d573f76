"""Kills at random instants: a runner that lives a number of short lives, and then a whole one."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from .boundaries import ON_THE_WIRE
from .campaign import Campaign
from .outside import BETWEEN_LOOKS_S, Record, read_embedded, read_record, simulator
from .promises import (
    DONE,
    DOUBTS_LEFT,
    Broken,
    TooManyDoubts,
    check_in_place,
    check_purchases,
    settle,
)
from .toll import Toll

# exit codes of a runner that was asked to end: in its time, or when its work was done already
ASKED_TO_END = {130, -signal.SIGTERM}
IDLE_LIVES = 5  # that end by themselves, in a row: there is nothing left to be killed at

# Of the creates 20 % are answered 502 after they were accepted, 10 % are cut after and 10 % before
# that, 10 % are refused; a fault meets only what those before it in the list let through. Some
# answers and clips trickle, so that many kills meet one in the middle.
STORY = """
seed: {seed}
clip: tiny
render_s: [0.3, 0.8]
slow_s: 0.4
faults:
  - {{at: create, fault: slow, probability: 0.5}}
  - {{at: create, fault: 429, probability: 0.1, retry_after: "0.2"}}
  - {{at: create, fault: lost_before, probability: 0.1111}}
  - {{at: create, fault: 502_after, probability: 0.2857}}
  - {{at: create, fault: lost_after, probability: 0.125}}
  - {{at: content, fault: slow, probability: 0.5}}
list: {listed}
"""

When = Literal["from its start", "at work", "after SIGTERM", "when it has stopped"]
# how many of the kills come then, and how long at most after that
WHEN: dict[When, tuple[float, float]] = {
    "from its start": (0.2, 0.5),  # imports, lock, ledger, manifest
    "at work": (0.6, 0.9),
    "after SIGTERM": (0.1, 0.4),  # the last answers and clips come in
    "when it has stopped": (0.1, 0.03),  # the reports
}


@dataclass(frozen=True, slots=True)
class Instant:
    """When a runner is killed."""

    when: When
    work_s: float  # before it is asked to end, where it is
    delay_s: float


def check_kills(
    package: Path, home: Path, *, listed: bool, seed: int, kills: int = 10, jobs: int = 20
) -> Toll:
    """Kill the runner so often in a storm of faults, and see it through; returns the toll."""
    story = STORY.format(seed=seed, listed=str(listed).lower())
    with simulator(home / "service", story) as url:
        options = ("--base-url", url, "--rate", "6/1s", "--burst", "4")
        campaign = Campaign(package, home, *options, jobs=jobs, warm=True)
        return _live(campaign, partial(read_record, url), seed, kills=kills)


def check_killed_rehearsal(package: Path, home: Path, *, seed: int) -> None:
    """Kill a rehearsal again and again, the service inside of it too, and see it through."""
    campaign = Campaign(package, home, "--simulate", "--rate", "3/1s", jobs=3)
    _live(campaign, partial(read_embedded, campaign.folder), seed, kills=6)


def instants(seed: int) -> Iterator[Instant]:
    """Spread kills over the whole life of a runner; a noisy machine does not move the spread."""
    chance = random.Random(seed)
    whens, weights = list(WHEN), [share for share, _ in WHEN.values()]
    work_s = WHEN["at work"][1]
    while True:
        (when,) = chance.choices(whens, weights)
        yield Instant(when, chance.uniform(0.0, work_s), chance.uniform(0.0, WHEN[when][1]))


def _live(campaign: Campaign, record: Callable[[], Record], seed: int, *, kills: int) -> Toll:
    """Live until so many kills have met a living runner; then run to the end and look at all."""
    when = instants(seed)
    toll = Toll()
    met: list[Instant] = []
    idle = 0
    try:
        while len(met) < kills and idle < IDLE_LIVES:
            instant = next(when)
            if _is_met(campaign, record, instant, toll):
                met.append(instant)
                idle = 0
            else:
                idle += 1
        settle(campaign, record)
        toll.close(campaign.faults_of_doubts(), len(record().creates))
    except Broken as broken:
        broken.add_note(f"seed {seed}, killed at {met}; what is left is in {campaign.folder}")
        raise
    return toll


def _is_met(campaign: Campaign, record: Callable[[], Record], instant: Instant, toll: Toll) -> bool:
    """Live one life, and look at what a kill has left; tell whether it met a living runner."""
    before = campaign.noted()
    read = _Log(campaign.log)
    with campaign.runner() as runner:
        _kill(campaign, runner, instant, read)
        code = runner.wait()
    if code not in {-signal.SIGKILL, DONE, DOUBTS_LEFT, *ASKED_TO_END}:
        raise Broken(f"exit code {code}: {campaign.said()}")
    if code != -signal.SIGKILL:
        return False
    noted = campaign.noted()
    check_purchases(record(), noted)
    check_in_place(campaign)
    if (made := toll.count(before, noted, read())) > ON_THE_WIRE:
        raise TooManyDoubts(f"one crash put {made} jobs in doubt")
    return True


def _kill(campaign: Campaign, runner: subprocess.Popen[str], instant: Instant, read: _Log) -> None:
    """Kill a runner at an instant, or see it end before."""
    if instant.when == "at work":
        campaign.wait_for_work(runner)
    elif instant.when != "from its start":
        _wait_for("started", runner, read)
        _wait(runner, instant.work_s)
        runner.terminate()
        if instant.when == "when it has stopped":
            _wait_for("stopped", runner, read)
    _wait(runner, instant.delay_s)
    runner.kill()


def _wait(runner: subprocess.Popen[str], delay_s: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        runner.wait(delay_s)


def _wait_for(event: str, runner: subprocess.Popen[str], read: _Log) -> None:
    """Wait until the runner's log has an event, or it is no more."""
    while runner.poll() is None and f'"event": "{event}"' not in read():
        time.sleep(BETWEEN_LOOKS_S)


class _Log:
    """What was logged since this was made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._from = file.stat().st_size if file.exists() else 0

    def __call__(self) -> str:
        if not self._file.exists():
            return ""
        return self._file.read_bytes()[self._from :].decode("utf-8", "replace")
