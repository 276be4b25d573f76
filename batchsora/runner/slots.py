"""Slots: how many jobs may be at the service at once; fewer where it says that it has too many."""

from __future__ import annotations

from batchsora.runner.bell import Bell

PATIENCE = 2  # so many times longer before one more is tried, each time that it was refused
MOST_PATIENCE = 32


class Slots:
    """Counts jobs at the service; what is there already counts, but never waits.

    A service that has too many running lowers the limit to what it has; from there it grows by one
    whenever so many more jobs as there are slots were taken in a row.
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

    def refused(self, at_service: int) -> None:
        """Go down to as many jobs as the service has, for one more was too many."""
        self.limit = max(1, min(self.limit, at_service))
        if self._taken:  # else it is of the same volley as the last one
            self._patience = min(MOST_PATIENCE, self._patience * PATIENCE)
        self._taken = self._tried = 0

    def taken(self, at_service: int) -> None:
        """Go up by one after a while in which the service took all that it was given."""
        self._taken += 1
        if at_service < self.limit or self.limit == self._most:
            return  # the limit held nobody up
        self._tried += 1
        if self._tried >= self.limit * self._patience:
            self.limit += 1
            self._tried = 0
            self._patience = max(1, self._patience // PATIENCE)
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
        try:
            await self._bell.wait()
        finally:
            self._waiting -= 1
