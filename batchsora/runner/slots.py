"""Slots: how many jobs may be at the service at once; fewer where it says that it has too many."""

from __future__ import annotations

import asyncio

from batchsora.runner.bell import Bell

PATIENCE = 2  # so many times longer before one more is tried, each time that it was refused
MOST_PATIENCE = 32
AGAIN_S = 60.0  # after so long one more is tried in any case: others may have filled the service


class Slots:
    """Counts jobs at the service; what is there already counts, but never waits.

    A service that has too many running lowers the limit to what it has. From there it grows by one
    whenever as many jobs as there are slots were taken in a row, or after some time, whichever is
    sooner; both are longer each time that it was wrong.
    """

    def __init__(self, most: int, bell: Bell) -> None:
        """`bell` is rung by whatever else may end a wait."""
        self.limit = most
        self._most = most
        self._held = 0
        self._stuck = 0  # held by jobs that this session waits for no more
        self._waiting = 0  # for room
        self._taken = 0  # since the last refusal
        self._tried = 0  # of these, while the limit held others up
        self._patience = 1
        self._again_at = float("inf")  # when one more is tried; the limit was never lowered so far
        self._bell = bell

    def take(self) -> None:
        """Count a job that is at the service, however many are."""
        self._held += 1

    @property
    def is_full(self) -> bool:
        """Tell whether there is no room for one more."""
        return self._held >= self.limit

    @property
    def are_stuck(self) -> bool:
        """Tell whether none that is held will come free in this session."""
        return self._stuck >= self.limit

    def release(self) -> None:
        """Make room."""
        self._held -= 1
        self._bell.ring()

    def keep(self) -> None:
        """Leave a slot to a job that stays at the service: it takes its place there for long."""
        self._stuck += 1
        self._bell.ring()

    def refused(self, at_service: int, wait_s: float) -> None:
        """Go down to as many jobs as the service has; `wait_s` is how long it wants no more."""
        self.limit = max(1, min(self.limit, at_service))
        if self._taken:  # else it is of the same volley as the last one
            self._patience = min(MOST_PATIENCE, self._patience * PATIENCE)
        self._taken = self._tried = 0
        self._again_at = _now() + max(wait_s, AGAIN_S * self._patience)

    def taken(self, at_service: int) -> None:
        """Go up by one after a while in which the service took all that it was given."""
        self._taken += 1
        if at_service < self.limit or self.limit >= self._most:
            return  # the limit held nobody up
        self._tried += 1
        if self._tried >= self.limit * self._patience:
            self._grow()

    def _grow(self) -> None:
        self.limit = min(self._most, self.limit + 1)
        self._tried = 0
        self._patience = max(1, self._patience // PATIENCE)
        more = self.limit < self._most
        self._again_at = _now() + AGAIN_S * self._patience if more else float("inf")
        self._bell.ring()

    @property
    def are_wanted(self) -> bool:
        """Tell whether somebody waits for room."""
        return self._waiting > 0

    async def change(self) -> None:
        """Wait until there may be room."""
        if not self._waiting:
            self._bell.ring()  # who could make room may sleep
        self._waiting += 1
        again_at = None if self._again_at == float("inf") else self._again_at
        try:
            async with asyncio.timeout_at(again_at):
                await self._bell.wait()
        except TimeoutError:
            if self._again_at == again_at:  # nobody else has tried it
                self._grow()
        finally:
            self._waiting -= 1


def _now() -> float:
    return asyncio.get_running_loop().time()
