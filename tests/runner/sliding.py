"""A service that counts what it took in a sliding window, and a crowd that asks it by a gate."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from batchsora.runner.heeding import PAUSES
from batchsora.runner.pacing import Gate, Pause
from batchsora.runner.session import ON_THE_WIRE
from batchsora.settings import Rate

MINUTE = Rate(60, 60.0)
OUT_OF_ORDER_S = 30.0  # what a service that takes nothing at all asks for


@dataclass
class Sliding:
    """Takes `limit(now)` requests in any `window_s`; None is any number. Refused ones don't count.

    It answers after `answers_s`, half of it on the way there; `strays` are refused for nothing.
    """

    limit: Callable[[float], int | None]
    window_s: float = 60.0
    names_wait: bool = True
    answers_s: float = 0.0
    strays: frozenset[int] = frozenset()
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    async def ask(self) -> float | None:
        """Ask once; None when it was taken, else the seconds after which to come back."""
        await asyncio.sleep(self.answers_s / 2)
        now = asyncio.get_running_loop().time()
        wait_s = self._wait_s(now)
        (self.accepted if wait_s is None else self.refused).append(now)
        await asyncio.sleep(self.answers_s / 2)
        return wait_s

    def _wait_s(self, now: float) -> float | None:
        if len(self.accepted) + len(self.refused) + 1 in self.strays:
            return 2.0
        limit = self.limit(now)
        recent = [at for at in self.accepted if at > now - self.window_s]
        if limit is None or len(recent) < limit:
            return None
        return math.ceil(recent[-limit] + self.window_s - now) if limit else OUT_OF_ORDER_S

    @property
    def took_s(self) -> float:
        """Seconds from the first request that was taken to the last."""
        return self.accepted[-1] - self.accepted[0]


@dataclass
class Crowd:
    """Asks a service for so many things, a few at a time, as the runner's submissions do."""

    service: Sliding
    rate: Rate = MINUTE
    burst: int = 1
    seed: int = 1
    pauses: int = 0

    def __post_init__(self) -> None:
        """Stand in front of a new gate."""
        self.pause = Pause()
        self.gate = Gate(self.rate, self.burst, self.pause)
        self._wire = asyncio.Semaphore(ON_THE_WIRE)
        self._chance = Random(self.seed)

    async def ask(self, requests: int) -> None:
        """Ask until so many requests were taken."""
        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(self._ask_once())

    async def _ask_once(self) -> None:
        while True:
            async with self._wire:
                generation = await self.gate.admit()
                wait_s = await self.service.ask()
            if wait_s is None:
                self.pauses = 0
                await self.gate.let_in()
                return
            await self._heed(generation, wait_s)

    async def _heed(self, generation: int, wait_s: float) -> None:
        if self.service.names_wait:
            self.pause.push(wait_s)
        elif generation == self.gate.generation:
            self.pauses += 1
            self.pause.push(PAUSES.wait_s(self.pauses, self._chance.random()))
        await self.gate.pushed_back(generation, named=self.service.names_wait)
