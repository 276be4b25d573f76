"""Gates in front of the service: a leaky bucket that can be paused, slowed and sped up again."""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

from batchsora.settings import Rate

HEADROOM = 1.02  # a bucket filled to the brim meets the service's window now and then: leave 2 %
SLOWER = 0.5  # how much of the rate is left after a 429
RECOVERY = 0.02  # of the ceiling, added for each request that was let in


class Pause:
    """The time before which nobody asks the service for anything: a 429 pushes it for all gates."""

    def __init__(self) -> None:
        self._until = 0.0

    def push(self, wait_s: float) -> None:
        """Let everybody wait for so many seconds from now, or longer if they wait already."""
        self._until = max(self._until, asyncio.get_running_loop().time() + wait_s)

    @property
    def left_s(self) -> float:
        """Seconds until anybody may ask again."""
        return max(0.0, self._until - asyncio.get_running_loop().time())

    async def over(self) -> None:
        """Wait until it is over, also when it is pushed in the meantime."""
        while (left_s := self.left_s) > 0:  # noqa: ASYNC110 - it may be pushed, not just set
            await asyncio.sleep(left_s)


class Gate:
    """Lets requests of one kind through at a rate; strictly in the order in which they came.

    After a 429 the rate is halved, once for all requests that were under way then, and grows back
    to the ceiling with every request that is let in.
    """

    def __init__(self, rate: Rate, burst: int, pause: Pause) -> None:
        self._ceiling = 1 / (rate.interval_s * HEADROOM)
        self._rate = self._ceiling
        self._burst = burst
        self._pause = pause
        self._head = asyncio.Lock()  # only the head waits in the limiter: nobody barges in
        self._limiter = self._bucket()
        self.generation = 0

    @property
    def per_minute(self) -> float:
        """Requests a minute that pass at present."""
        return self._rate * 60

    async def admit(self) -> int:
        """Wait for one's turn; returns the generation that `pushed_back` wants to know."""
        async with self._head:
            await self._pause.over()
            await self._limiter.acquire()
            # again: all who waited in the limiter would rush out the instant a pause ends
            await self._pause.over()
        return self.generation

    async def pushed_back(self, generation: int) -> None:
        """Slow down after a 429: the first one of a generation counts, the rest knew no better."""
        if generation != self.generation:
            return
        self.generation += 1
        await self._set(max(self._ceiling / 64, self._rate * SLOWER))

    async def let_in(self) -> None:
        """Speed up a little after a request that the service took."""
        if self._rate < self._ceiling:
            await self._set(min(self._ceiling, self._rate + self._ceiling * RECOVERY))

    async def _set(self, rate: float) -> None:
        # a limiter's rate is fixed when it is made; a new one starts full, so that no burst follows
        self._rate = rate
        limiter = self._bucket()
        await limiter.acquire(self._burst)
        self._limiter = limiter

    def _bucket(self) -> AsyncLimiter:
        return AsyncLimiter(self._burst, self._burst / self._rate)
