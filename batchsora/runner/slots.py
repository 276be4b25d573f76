"""Slots: how many jobs may be at the service at once."""

from __future__ import annotations

from batchsora.runner.bell import Bell


class Slots:
    """Counts jobs at the service; what is there already counts, but never waits."""

    def __init__(self, most: int, bell: Bell) -> None:
        """`bell` is rung by whatever else may end a wait."""
        self._most = most
        self._held = 0
        self._stuck = 0  # held by jobs that this session waits for no more
        self._bell = bell

    def take(self) -> None:
        """Count a job that is at the service, however many are."""
        self._held += 1

    @property
    def is_full(self) -> bool:
        """Tell whether there is no room for one more."""
        return self._held >= self._most

    @property
    def are_stuck(self) -> bool:
        """Tell whether none that is held will come free in this session."""
        return self._stuck >= self._most

    def release(self) -> None:
        """Make room."""
        self._held -= 1
        self._bell.ring()

    def keep(self) -> None:
        """Leave a slot to a job that stays at the service: it takes its place there for long."""
        self._stuck += 1
        self._bell.ring()

    async def change(self) -> None:
        """Wait until there may be room."""
        await self._bell.wait()
