"""A bell: wakes everybody who waits for something to move."""

from __future__ import annotations

import asyncio


class Bell:
    """Rung when something moved; who hears it looks again whether it moved for him."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._rung.set()

    async def wait(self) -> None:
        """Wait for the next ring."""
        self._rung.clear()  # those who wait already are woken by the ring, not by the flag
        await self._rung.wait()
