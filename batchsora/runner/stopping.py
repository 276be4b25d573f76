"""Stopping: flags that are looked at between steps. No submission is ever cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from batchsora.errors import Stop, StopReason
from batchsora.runner.bell import Bell

COLLECT = frozenset(  # no more is bought, but what was bought is still fetched: it expires
    {
        StopReason.BALANCE_EMPTY,
        StopReason.MODEL_GONE,
        StopReason.NO_ORDERS,
        StopReason.SAME_REJECTION,
        StopReason.DOUBTS,
        StopReason.BUDGET,
        StopReason.UNPRICED,
        StopReason.FAILURES,
        StopReason.DISK_LOW,
    }
)

T = TypeVar("T")


class Stopping:
    """Why, and how far, a run is to stop."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self.bell = Bell()  # a stop is one of the things that wake who waits for a move
        self._everything = asyncio.Event()
        self._buying = asyncio.Event()
        self._light = asyncio.Event()  # set for an instant when sleepers are roused

    def ask(self, stop: Stop) -> None:
        """Stop for a reason; the first of each kind is kept."""
        if all(it.reason is not stop.reason for it in self.stops):
            self.stops.append(stop)
        self._buying.set()
        if stop.reason not in COLLECT:
            self._everything.set()
            self._light.set()
        self.bell.ring()

    @property
    def asked(self) -> bool:
        """Tell whether no new step may begin."""
        return self._everything.is_set()

    @property
    def no_more_submits(self) -> bool:
        """Tell whether no new submission may begin."""
        return self._buying.is_set()

    def rouse(self) -> None:
        """End the sleep of all who sleep lightly now."""
        self._light.set()
        if not self.asked:
            self._light.clear()

    async def sleep(self, wait_s: float, *, buying: bool = False, lightly: bool = False) -> None:
        """Sleep, but not into a stop; `buying` says that it is a submission that waits."""
        end = self._buying if buying else self._light if lightly else self._everything
        try:
            async with asyncio.timeout(wait_s):
                await end.wait()
        except TimeoutError:
            return

    async def unless_asked(
        self, awaited: Coroutine[Any, Any, T], *, buying: bool = False
    ) -> T | None:
        """Wait for something, but not into a stop; None when that came first.

        For turns at a gate, and for requests that only look or fetch: they may be cut off, and
        asked again. A submission on the wire never may.
        """
        waiting = asyncio.ensure_future(awaited)
        stop = asyncio.ensure_future((self._buying if buying else self._everything).wait())
        try:
            await asyncio.wait({waiting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return await waiting
            waiting.cancel()
            await asyncio.wait({waiting})
            return None
        finally:
            waiting.cancel()
            stop.cancel()
