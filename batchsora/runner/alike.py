"""Jobs that look alike in a service's list: those of different pictures are submitted in turn.

The list shows prompt, model, seconds and size, but no picture. Were two of them lost at once, a
clip could be adopted for the wrong one. Takes of one row are interchangeable, and need no turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from batchsora.job import Job, Picture
from batchsora.runner.bell import Bell


class Alike:
    """Knows what is being submitted: by likeness, and there by picture."""

    def __init__(self) -> None:
        self._sent: dict[str, Counter[Picture]] = {}
        self._ended = Bell()

    def is_under_way(self, job: Job) -> bool:
        """Tell whether a job that looks like this one is being submitted."""
        return job.order.likeness() in self._sent

    @asynccontextmanager
    async def turn(self, job: Job) -> AsyncIterator[None]:
        """Wait until no other picture's job is under way that looks like this one."""
        likeness, picture = job.order.likeness(), job.order.picture
        while any(other != picture for other in self._sent.get(likeness, ())):
            await self._ended.wait()
        pictures = self._sent.setdefault(likeness, Counter())
        pictures[picture] += 1
        try:
            yield
        finally:
            pictures[picture] -= 1
            if not pictures[picture]:
                del pictures[picture]
            if not pictures:
                del self._sent[likeness]
            self._ended.ring()
