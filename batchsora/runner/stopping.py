"""Stopping: flags that are looked at between steps. Nothing on the wire is ever cancelled."""

from __future__ import annotations

import asyncio

from batchsora.errors import Stop, StopReason

COLLECT = frozenset(  # no more is bought, but what was bought is still fetched: it expires
    {
        StopReason.BALANCE_EMPTY,
        StopReason.MODEL_GONE,
        StopReason.SAME_REJECTION,
        StopReason.DOUBTS,
    }
)


class Stopping:
    """Why, and how far, a run is to stop."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self._all = asyncio.Event()

    def ask(self, stop: Stop) -> None:
        """Stop for a reason; the first of each kind is kept."""
        if all(it.reason is not stop.reason for it in self.stops):
            self.stops.append(stop)
        if stop.reason not in COLLECT:
            self._all.set()

    @property
    def asked(self) -> bool:
        """Tell whether no new step may begin."""
        return self._all.is_set()

    @property
    def no_more_submits(self) -> bool:
        """Tell whether no new submission may begin."""
        return bool(self.stops)

    async def sleep(self, wait_s: float) -> None:
        """Sleep, but not into a stop."""
        try:
            async with asyncio.timeout(wait_s):
                await self._all.wait()
        except TimeoutError:
            return
