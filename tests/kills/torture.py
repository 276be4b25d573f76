"""The torture: kills at random instants and at every system call, and rivals. Prints a table.

With the folder above on the path: python -m kills.torture --seed 7 --kills 50
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
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from .boundaries import ON_THE_WIRE, story
from .budget import check_budget
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
    OverBudget,
    TooManyDoubts,
    Unintended,
)
from .rivals import check_rivals
from .toll import PHASES, Toll
from .traced import why_not

AT_A_TIME = 2
KILLS_EACH = 25  # of one campaign: it gets through them, and has work for each
JOBS = 60
ROUNDS_OF_RIVALS = 20
BUDGETS = 2  # of three limits each
ZEROS: dict[str, type[Broken]] = {
    "clips bought twice": BoughtTwice,
    "requests without an intent on the disk": Unintended,
    "accepted ids that the ledger did not know": IdForgotten,
    f"crashes that made more than {ON_THE_WIRE} doubts": TooManyDoubts,
    "clips missing, damaged, or not what was ordered": ClipSpoiled,
    "files left lying about": LeftLying,
    "ledgers damaged": LedgerDamaged,
    "bills beyond the budget": OverBudget,
    "anything else": Broken,
}

T = TypeVar("T")
Line = tuple[str, object]


class Torturer:
    """What is tortured, two at a time, each in a folder of its own, and what was broken."""

    def __init__(self, home: Path, seed: int) -> None:
        self.broken: list[Broken] = []
        self._home = home
        self._seed = seed
        # processes, not threads: each forks runners of its own
        self._pool = ProcessPoolExecutor(AT_A_TIME, mp_context=get_context("spawn"))

    def close(self) -> None:
        """Begin nothing more, and wait for what is under way to end its processes."""
        self._pool.shutdown(cancel_futures=True)

    def kill(self, kills: int) -> Iterator[Line]:
        """Kill runners in storms of faults until so many kills have met a living one."""
        toll, begun = Toll(), 0
        while (left := kills - toll.kills) > 0 and not self.broken:
            shares = [min(KILLS_EACH, left - at) for at in range(0, left, KILLS_EACH)]
            for one in self._all([self._storm(begun + it, part) for it, part in enumerate(shares)]):
                toll.add(one)
            begun += len(shares)
        yield (
            f"campaigns of {JOBS} jobs, with a list / without",
            _row(begun - begun // 2, begun // 2),
        )
        yield "creates accepted / jobs", _row(toll.bought, begun * JOBS)
        yield "kills that met a living runner", toll.kills
        yield f"- while {' / '.join(PHASES)}", _row(*(toll.phases[it] for it in PHASES))
        most = max(ON_THE_WIRE, *toll.doubts, 0)
        made = range(most + 1)
        yield (
            f"- that made {' / '.join(map(str, made))} doubts",
            _row(*(toll.doubts[it] for it in made)),
        )
        yield "doubts that lost answers made, beside those", toll.lost

    def trap(self) -> Iterator[Line]:
        """Kill a runner at each system call of a small run."""
        if why_not():
            yield "kills at system calls", f"none: {why_not()}"
            return
        with simulator(self._home / "watched", story(listed=False)) as url:
            points = find_points(self._home / "points", url)
        shares = [points[at::AT_A_TIME] for at in range(AT_A_TIME)]
        homes = [self._home / f"trapped-{number}" for number in range(AT_A_TIME)]
        met, there = Counter[str](), Counter(it.kind for it in points)
        for one, broken in self._all(map(partial(partial, check_points), homes, shares)):
            met += one
            self.broken += broken
        yield from ((f"kills at each {it} / of", _row(met[it], there[it])) for it in KINDS)

    def rival(self) -> Iterator[Line]:
        """Start two runners at once, again and again."""
        seeds = [1000 * self._seed + number for number in range(ROUNDS_OF_RIVALS)]
        homes = [self._folder(f"rivals-{it}") for it in seeds]
        checks = [
            partial(check_rivals, SHIPPED, home, seed=it)
            for home, it in zip(homes, seeds, strict=True)
        ]
        yield "two runners at once: one sent away", sum(1 for _ in self._all(checks))

    def spend(self) -> Iterator[Line]:
        """Spend budgets with kills on the way."""
        seeds = [1000 * self._seed + number for number in range(BUDGETS)]
        homes = [self._folder(f"budget-{it}") for it in seeds]
        checks = [
            partial(check_budget, SHIPPED, home, seed=it)
            for home, it in zip(homes, seeds, strict=True)
        ]
        for spent in self._all(checks):
            for one in spent:
                yield "500 jobs: USD allowed / billed / in doubt, jobs left, kills", one

    def zeros(self) -> Iterator[Line]:
        """Count what was broken."""
        for name, kind in ZEROS.items():
            yield name, sum(type(it) is kind for it in self.broken)

    def _storm(self, number: int, kills: int) -> Callable[[], Toll]:
        seed = 1000 * self._seed + number
        home = self._folder(f"storm-{seed}")
        listed = number % 2 == 0
        return partial(check_kills, SHIPPED, home, listed=listed, seed=seed, kills=kills, jobs=JOBS)

    def _all(self, checks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Carry checks out, and keep what is broken for the end."""
        for future in [self._pool.submit(check) for check in checks]:
            try:
                yield future.result()
            except Broken as broken:
                self.broken.append(broken)

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
    print(f"| {'what':66} | {f'seed {seed}':34} |\n| {'-' * 66} | {'-' * 34} |", flush=True)
    with closing(Torturer(home, seed)) as torturer:
        for part in (
            torturer.kill(kills),
            torturer.trap(),
            torturer.rival(),
            torturer.spend(),
            torturer.zeros(),
        ):
            for name, count in part:
                print(f"| {name:66} | {count!s:34} |", flush=True)
    minutes, seconds = divmod(int(time.monotonic() - began_s), 60)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"| {'took':66} | {f'{minutes} min {seconds} s: {machine}':34} |")
    for broken in torturer.broken:
        print(
            f"\n{type(broken).__name__}: {broken}",
            *getattr(broken, "__notes__", ()),
            sep="\n",
            file=sys.stderr,
        )
    if not torturer.broken:
        shutil.rmtree(home)
    return not torturer.broken


def _row(*counts: int) -> str:
    return " / ".join(map(str, counts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=300)
    asked = parser.parse_args()
    sys.exit(not torture(asked.seed, asked.kills))
