"""Slots: how many jobs may be at the service at once."""

from __future__ import annotations

from batchsora.runner.bell import Bell


class Slots:
    """Counts jobs at the service; what is there already counts, but never waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._freed = Bell()

    def take(self) -> None:
        """Count a job that is at the service, however many are."""
        self._held += 1

    async def acquire(self) -> None:
        """Wait until there is room for one more, and take it."""
        while self._held >= self._most:
            await self._freed.wait()
        self._held += 1

    def release(self) -> None:
        """Make room."""
        self._held -= 1
        self._freed.ring()
