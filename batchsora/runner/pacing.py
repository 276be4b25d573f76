"""Gates in front of the service: requests leave in order, at a rate that its answers teach."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from aiolimiter import AsyncLimiter

from batchsora.backoff import Backoff
from batchsora.settings import Rate

HEADROOM = 1.02  # a bucket filled to the brim meets the service's window now and then: leave 2 %
MEMORY_S = 60.0  # limits are nearly always per minute
BENEFIT = 5.0  # requests at the rate tried that count besides those seen: one stray 429 is no law
IDLE_S = 2.0  # no more of a gap counts as time in which the service took no more
PROBING_S = 150.0  # after so long without a 429 the limit has been tried at twice its rate
PATIENCE = 1.5  # so many times rarer is it tried each time that it proves right, ...
PROBING_MOST_S = 600.0  # ... but 10 minutes are long enough to miss a service's better mood
WRONG = 1.2  # a limit that has been passed by a fifth is none
SCOUT_S = 10.0  # after a 429 that names no wait, one request goes first, and is so far ahead
PROBES = Backoff(first_s=1.0, ceiling_s=60.0)  # while nothing leaves
HAIR_S = 1e-6  # slept too long, so that the bucket's own arithmetic agrees that it has leaked


class Pause:
    """The time before which nobody asks the service for anything; the same for all gates.

    A 429 pushes it. While requests never leave, a single one tries now and then, ever more rarely:
    an outage is met with a probe, not with a hammer.
    """

    def __init__(self) -> None:
        self._outages = 0
        self._until = 0.0
        self._probe_at = 0.0
        self._probing = False
        self._missed = 0  # requests in a row that never left; those that left together are one
        self._missed_at = 0.0  # when the first of them came back
        self._heads: list[asyncio.Event] = []
        self.why = ""  # in the service's words, or in those of the network

    def push(self, wait_s: float, why: str = "") -> None:
        """Let everybody wait for so many seconds from now, or longer if they wait already."""
        if (until := _now() + wait_s) > self._until:
            self._until, self.why = until, why

    @property
    def left_s(self) -> float:
        """Seconds until anybody may ask again."""
        return max(0.0, self._until - _now(), self._probe_at - _now())

    @property
    def outage(self) -> int:
        """The number of the outage, from 1, to which a request belongs that never leaves now."""
        return self._outages + (not self._missed)

    @property
    def outage_s(self) -> float:
        """Seconds for which no request has left; 0 where the last one did."""
        return _now() - self._missed_at if self._missed else 0.0

    def missed(self, chance: float, why: str = "") -> bool:
        """Count a request that never left, `chance` being 0 to 1; False for one of a volley."""
        if self._missed and _now() < self._probe_at and not self._probing:
            return False
        if not self._missed:
            self._outages += 1
            self._missed_at = _now()
        self._missed, self.why = self._missed + 1, why
        self._probing = False
        self._probe_at = _now() + PROBES.wait_s(self._missed, chance)
        self._wake()  # who waited for this probe to come back waits for another time now
        return True

    def reached(self) -> None:
        """End an outage: a request has left."""
        if self._missed:
            self._missed = 0
            self._probe_at = 0.0
            self._probing = False
            self._wake()

    def passing(self) -> None:
        """Let one request through; during an outage nobody follows before it is back."""
        if self._missed:
            self._probing = True
            self._probe_at = _now() + PROBES.ceiling_s

    def unused(self) -> None:
        """Give a turn back that no request was made of: the next one may be the probe."""
        if self._probing:
            self._probing = False
            self._probe_at = 0.0
            self._wake()

    def wakes(self, head: asyncio.Event) -> None:
        """Set this event, too, when a wait may be over sooner than it was."""
        self._heads.append(head)

    def _wake(self) -> None:
        for head in self._heads:
            head.set()


def _now() -> float:
    return asyncio.get_running_loop().time()


class Speed:
    """How fast requests may follow each other: learned from what the service takes. No clock.

    A 429 shows the service's limit: what it took in the last minute, over that minute and the wait
    that it asks for. From there the rate grows with the cube of the time, as in TCP's CUBIC
    (RFC 9438): for a while it stays just under the limit, then it tries it, ever more boldly.
    """

    def __init__(self, ceiling: float) -> None:
        """`ceiling` is the rate that is never exceeded, in requests a second."""
        self._ceiling = ceiling
        self._limit = ceiling  # what the service is believed to take for long
        self.rate = ceiling  # what is tried
        self._calm = 0.0  # the time since the last 429, as a part of the time of probing
        self._probing_s = PROBING_S
        self._taken: deque[float] = deque()  # when, in the last minute
        self._series: _Series | None = None

    @property
    def is_slowed(self) -> bool:
        """Tell whether the service takes less than the ceiling."""
        return self.rate < self._ceiling

    @property
    def gap_s(self) -> float:
        """Seconds from one request to the next."""
        scouting = self._series is not None and self._series.blind > 0
        return max(1 / self.rate, SCOUT_S if scouting else 0.0)

    def taken(self, at: float) -> None:
        """Count a request that the service took."""
        if self._series is not None:
            self._end_series(self._series, at)
        self._taken.append(at)
        while self._taken[0] <= at - MEMORY_S:
            self._taken.popleft()
        if self.is_slowed:
            # slower than one a second it is requests that count: each of them may be refused
            self._calm += min(1.0, 1 / self.rate) / self._probing_s
            self.rate = min(self._ceiling, self._limit * (1 + self._calm**3))
            if self.rate > WRONG * self._limit:
                self._probing_s = PROBING_S

    def refused(self, at: float, wait_s: float | None) -> None:
        """Slow down after a 429; `wait_s` is the wait that it asks for, if it does."""
        if self._calm > 0 and self.rate < WRONG * self._limit:
            self._probing_s = min(PROBING_MOST_S, self._probing_s * PATIENCE)
        if self._series is None:
            self._series = _Series(at, self.rate)
        self._series.blind += not wait_s
        shown = self._shown(self._series, at + (wait_s or 0.0))
        self._set(min(self.rate, shown / HEADROOM))

    def _end_series(self, series: _Series, at: float) -> None:
        """Go on after 429s; where none of them named a wait, the limit is between two figures.

        They were one too few to wait long enough, and the last wait may have been far too long.
        """
        self._series = None
        if series.blind > 1:
            self._set(sqrt(self._limit * min(self._limit, self._shown(series, at))))

    def _set(self, limit: float) -> None:
        self._limit = self.rate = limit
        self._calm = 0.0

    def _shown(self, series: _Series, until: float) -> float:
        """Tell the rate that the service takes, if it takes the next request then.

        No limit per minute asks for more than a minute: a service that does is out of order.
        """
        taken = [at for at in self._taken if at > series.began_at - MEMORY_S]
        idle_s = max(IDLE_S, 2 / series.rate)
        gaps = pairwise([*taken, series.began_at])
        busy_s = sum(min(later - at, idle_s) for at, later in gaps)
        wait_s = min(MEMORY_S, until - series.began_at)
        return (len(taken) + BENEFIT) / (busy_s + wait_s + BENEFIT / series.rate)


@dataclass(slots=True)
class _Series:
    """429s in a row: when the first came, at which rate, and how many of them named no wait."""

    began_at: float
    rate: float
    blind: int = 0


class Gate:
    """Lets requests of one kind through at a rate; strictly in the order in which they came.

    The bucket holds the user's own rate and burst, which never change. Below that it is the gap
    between two requests that counts, and bursts are over.
    """

    def __init__(self, rate: Rate, burst: int, pause: Pause) -> None:
        self._every_s = rate.interval_s * HEADROOM
        self._burst = burst
        self._pause = pause
        self._speed = Speed(1 / self._every_s)
        self._head = asyncio.Lock()  # only the head waits for its time: nobody barges in
        self._faster = asyncio.Event()  # what the head waits for may be nearer than it was
        pause.wakes(self._faster)
        self._bucket = AsyncLimiter(burst, burst * self._every_s)
        self._was_held_up = False  # by a pause
        self._left_at = self._last_left_at = float("-inf")
        self.generation = 0
        self.pauses = 0  # in a row, of which none was followed by a request that was taken

    @property
    def per_minute(self) -> float:
        """Requests a minute that pass at present."""
        return self._speed.rate * 60

    @property
    def is_slowed(self) -> bool:
        """Tell whether the service takes less than was asked for."""
        return self._speed.is_slowed

    async def admit(self) -> int:
        """Wait for one's turn; returns the generation that `pushed_back` wants to know."""
        async with self._head:
            # asked again after every wait: there may be a pause now, or a new rate
            while (wait_s := self._wait_s()) > 0:
                self._faster.clear()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._faster.wait()
                except TimeoutError:
                    pass
            await self._pour()
            self._pause.passing()
            self._last_left_at, self._left_at = self._left_at, _now()
            return self.generation

    def give_back(self) -> None:
        """Let the next one have a turn of which no request was made."""
        self._left_at = self._last_left_at
        self._was_held_up = True  # the bucket has been poured into: go by the gap
        self._pause.unused()
        self._faster.set()

    def left_before(self, ago_s: float) -> None:
        """Count a request that another session sent: a restart is no way to a burst."""
        self._left_at = _now() - ago_s
        self._was_held_up = True

    async def pushed_back(self, generation: int, *, named: bool = True) -> None:
        """Slow down after a 429, once for all requests that left before it was known.

        The pause is pushed before; `named` says that it is the service that named its length.
        """
        if generation != self.generation:
            return
        self.generation += 1
        wait_s = self._pause.left_s if named else None
        self._speed.refused(_now(), wait_s)

    async def let_in(self) -> None:
        """Speed up a little after a request that the service took."""
        self._speed.taken(_now())
        self._faster.set()

    @property
    def _is_steady(self) -> bool:
        return self._was_held_up or self._speed.is_slowed

    def _wait_s(self) -> float:
        """Seconds until the head may go, or may ask again."""
        if (pause_s := self._pause.left_s) > 0:
            self._was_held_up = True
            return pause_s + HAIR_S
        gap_s = self._left_at + self._speed.gap_s - _now()
        if self._is_steady:
            return gap_s + HAIR_S if gap_s > 0 else 0.0
        return 0.0 if self._bucket.has_capacity() else max(0.0, gap_s) + HAIR_S

    async def _pour(self) -> None:
        """Pour a request into the bucket; there is room for it, so this takes no time.

        What has leaked away while nobody could go is not made up for: the bucket is full then.
        """
        if self._is_steady:
            self._bucket = AsyncLimiter(self._burst, self._burst * self._every_s)
            await self._bucket.acquire(self._burst)
        else:
            await self._bucket.acquire()
        self._was_held_up = False
