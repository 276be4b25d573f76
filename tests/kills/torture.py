"""The torture: kills at random instants and at every system call, and rivals; prints a table.

From the folder above, where `kills` is a package: python -m kills.torture --seed 7 --kills 50
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from .boundaries import ON_THE_WIRE, story
from .lives import check_kills
from .outside import SHIPPED, simulator
from .points import KINDS, Point, check_point, find_points
from .promises import (
    BoughtTwice,
    Broken,
    ClipSpoiled,
    IdForgotten,
    LedgerDamaged,
    LeftLying,
    TooManyDoubts,
    Unintended,
)
from .rivals import check_rivals
from .toll import PHASES, Toll
from .traced import why_not

AT_A_TIME = 2
EACH = 25  # kills in a campaign
JOBS = 60
RIVALS = 20
ZEROS: dict[str, type[Broken]] = {
    "clips bought twice": BoughtTwice,
    "requests without an intent on the disk": Unintended,
    "accepted ids that the ledger does not know": IdForgotten,
    f"crashes that made more than {ON_THE_WIRE} doubts": TooManyDoubts,
    "clips missing, damaged or in the wrong place": ClipSpoiled,
    "files left lying about": LeftLying,
    "ledgers damaged": LedgerDamaged,
    "anything else": Broken,
}

T = TypeVar("T")
Line = tuple[str, object]


class Torturer:
    """What is tortured where, two at a time, and what came of it."""

    def __init__(self, home: Path, seed: int) -> None:
        self.broken: list[Broken] = []
        self._home = home
        self._seed = seed
        self._pool = ProcessPoolExecutor(AT_A_TIME, mp_context=get_context("spawn"))

    def _all(self, checks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Carry checks out, in processes of their own; what is broken is kept for the end."""
        futures: list[Future[T]] = [self._pool.submit(check) for check in checks]
        for future in futures:
            try:
                yield future.result()
            except Broken as broken:
                self.broken.append(broken)

    def kill(self, kills: int) -> Iterator[Line]:
        """Kill runners in storms of faults until so many kills have met a living one."""
        toll, campaigns = Toll(), Counter[bool]()
        while (left := kills - toll.kills) > 0 and not self.broken:
            storms = []
            for at in range(0, left, EACH):
                listed = campaigns.total() % 2 == 0
                campaigns[listed] += 1
                seed = 1000 * self._seed + campaigns.total()
                home = self._folder(f"storm-{seed}")
                storms.append(
                    partial(
                        check_kills,
                        *(SHIPPED, home),
                        listed=listed,
                        seed=seed,
                        kills=min(EACH, left - at),
                        jobs=JOBS,
                    )
                )
            for one in self._all(storms):
                toll.add(one)
        yield "kills that met a living runner", toll.kills
        yield from ((f"- while {phase}", toll.phases[phase]) for phase in PHASES)
        for doubts in range(max(ON_THE_WIRE, *toll.doubts, 0) + 1):
            yield f"crashes that made {doubts} doubts", toll.doubts[doubts]
        yield "doubts that lost answers made", toll.lost
        yield f"campaigns of {JOBS} jobs with a list, without", f"{campaigns[True]}, {campaigns[False]}"
        yield "creates accepted, jobs", f"{toll.bought}, {JOBS * campaigns.total()}"

    def trap(self) -> Iterator[Line]:
        """Kill a runner at each system call of a small run."""
        if why_not():
            yield "kills at system calls", f"none: {why_not()}"
            return
        with simulator(self._folder("watched"), story(listed=False)) as url:
            points = find_points(self._home / "points", url)
        shares = [points[at::AT_A_TIME] for at in range(AT_A_TIME)]
        checks = [
            partial(check_points, self._home / f"trapped-{number}", share)
            for number, share in enumerate(shares)
        ]
        met, there = Counter[str](), Counter(it.kind for it in points)
        for one, broken in self._all(checks):
            met += one
            self.broken += broken
        for kind in KINDS:
            yield f"kills at a {kind}, of", f"{met[kind]}, {there[kind]}"

    def rival(self) -> Iterator[Line]:
        """Start two runners at once."""
        seeds = [1000 * self._seed + number for number in range(RIVALS)]
        checks = [
            partial(check_rivals, SHIPPED, self._folder(f"rivals-{it}"), seed=it) for it in seeds
        ]
        yield "two runners at once, one sent away, a third after a kill", len(list(self._all(checks)))

    def zeros(self) -> Iterator[Line]:
        """Count what was broken."""
        yield from (
            (name, sum(type(it) is kind for it in self.broken)) for name, kind in ZEROS.items()
        )

    def _folder(self, name: str) -> Path:
        folder = self._home / name
        folder.mkdir()
        return folder


def check_points(home: Path, points: Sequence[Point]) -> tuple[Counter[str], list[Broken]]:
    """Kill a run at each of these; returns how many were met by kind, and what was broken."""
    met, all_broken = Counter[str](), list[Broken]()
    with simulator(home / "service", story(listed=False)) as url:
        for number, point in enumerate(points):
            try:
                met[point.kind] += check_point(home / str(number), url, point)
            except Broken as broken:
                all_broken.append(broken)
    return met, all_broken


def torture(seed: int, kills: int) -> bool:
    """Do it all and print the table; tell whether nothing was broken."""
    began_s = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="torture-"))
    torturer = Torturer(home, seed)
    for part in (torturer.kill(kills), torturer.trap(), torturer.rival(), torturer.zeros()):
        for name, count in part:
            print(f"| {name:58} | {count!s:>12} |", flush=True)
    took_s = int(time.monotonic() - began_s)
    took, cores = f"{took_s // 60} min {took_s % 60} s", os.cpu_count()
    print(f"seed {seed}; {took} on {cores} cores, Python {platform.python_version()}")
    for broken in torturer.broken:
        print(f"\n{type(broken).__name__}: {broken}", *broken.__notes__, sep="\n", file=sys.stderr)
    if not torturer.broken:
        shutil.rmtree(home)
    return not torturer.broken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=300)
    asked = parser.parse_args()
    sys.exit(not torture(asked.seed, asked.kills))
