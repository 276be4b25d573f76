"""Jobs that render in a few slots, looked at by a schedule: what is lost, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Protocol

from batchsora.job import Order, Size
from batchsora.runner.render_times import RenderTimes

ORDER = Order("a calm sea", "sora-2", 4, Size(720, 1280))
SLOTS = 20
JOBS = 300
WARM = 2 * SLOTS  # jobs after which the schedule knows its kind

Drawn = Callable[[Random], float]


class Schedule(Protocol):
    """When to look again at a job of this age, and what became of a look."""

    def next_look_s(self, age_s: float) -> float:
        """Tell the seconds until the next look."""

    def learn(self, job: Watched) -> None:
        """Hear that a job was found finished."""


@dataclass(frozen=True)
class Fixed:
    """Looks at the same distance for ever."""

    every_s: float

    def next_look_s(self, age_s: float) -> float:
        """Tell the seconds until the next look."""
        del age_s
        return self.every_s

    def learn(self, job: Watched) -> None:
        """Learn nothing."""


class Learned:
    """The runner's own."""

    def __init__(self, longest_s: float, *, told: bool = False) -> None:
        """`told` says whether the service tells, in whole seconds, when a render ended."""
        self.times = RenderTimes(longest_s)
        self._told = told

    def next_look_s(self, age_s: float) -> float:
        """Tell the seconds until the next look."""
        return self.times.next_look_s(ORDER, age_s)

    def learn(self, job: Watched) -> None:
        """Learn from a job, as the runner does."""
        self.times.learn(
            ORDER,
            job.found_at - job.began_at,
            looks=job.looks,
            going_at_s=job.going_at_s,
            told_s=float(int(job.render_s)) if self._told else None,
        )


@dataclass
class Watched:
    """One job: how long it renders, when it began, when it was seen finished, and its looks."""

    render_s: float
    began_at: float
    looks: int = 0
    going_at_s: float = 0.0
    found_at: float = 0.0


def watch(schedule: Schedule, drawn: Drawn, seed: int = 1) -> list[Watched]:
    """Let jobs render in full slots, each watched until it is found finished."""
    chance = Random(seed)
    jobs: list[Watched] = []
    looks: list[tuple[float, int]] = []

    def begin(at: float) -> None:
        jobs.append(Watched(drawn(chance), at))
        heappush(looks, (at + schedule.next_look_s(0.0), len(jobs) - 1))

    for _ in range(SLOTS):
        begin(0.0)
    while looks:
        at, number = heappop(looks)
        job = jobs[number]
        job.looks += 1
        age_s = at - job.began_at
        if age_s >= job.render_s:
            job.found_at = at
            schedule.learn(job)
            if len(jobs) < JOBS:
                begin(at)
        else:
            job.going_at_s = age_s
            heappush(looks, (at + schedule.next_look_s(age_s), number))
    return jobs


def lost(jobs: Sequence[Watched]) -> float:
    """Tell which part of the render time slots were held by what had finished."""
    held_s = sum(job.found_at - job.began_at for job in jobs)
    return held_s / sum(job.render_s for job in jobs) - 1


def looks_each(jobs: Sequence[Watched]) -> float:
    """Tell how often a job was looked at on average."""
    return sum(job.looks for job in jobs) / len(jobs)


def took_s(jobs: Sequence[Watched]) -> float:
    """Tell how long it took until the last job was found finished."""
    return max(job.found_at for job in jobs)
