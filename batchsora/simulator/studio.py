"""The studio: makes clips one at a time, off the loop, and keeps them on the disk."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from batchsora.simulator.clip import Film, make_clip, make_thumbnail

if TYPE_CHECKING:
    from pathlib import Path

    from batchsora.simulator.job import Job
    from batchsora.simulator.picture import Picture

Offload = Callable[..., Awaitable[Any]]


class Studio:
    """Pictures and clips in one folder; owns the tasks that make clips until it is closed."""

    def __init__(self, folder: Path, *, tiny: bool, offload: Offload) -> None:
        self._images = folder / "images"
        self._clips = folder / "clips"
        self._tiny = tiny
        self._offload = offload
        self._one_at_a_time = asyncio.Lock()
        self._closing = threading.Event()
        self._making: dict[str, asyncio.Task[None]] = {}

    async def keep(self, picture: Picture) -> None:
        """Put an uploaded picture on the disk, durably."""
        await self._offload(_keep, picture.content, self._images / picture.sha256)

    def begin(self, job: Job, ready: Callable[[], None]) -> None:
        """Start making the job's clip; `ready` is called when it is there."""
        task = asyncio.create_task(self._make(job, ready))
        self._making[job.id] = task
        task.add_done_callback(lambda _: self._making.pop(job.id, None))

    def is_making(self, job: Job) -> bool:
        """Say whether the job's clip was begun and is not there yet."""
        return job.id in self._making

    async def clip(self, job: Job) -> bytes:
        """Return the job's clip, made now where it is missing."""
        path = self.clip_path(job)
        if self._lacks(path):
            await self._film_one(job, path)
        return await self._read(path)

    async def thumbnail(self, job: Job) -> bytes:
        """Return a small WebP of the job's first frame."""
        path = self.clip_path(job).with_suffix(".webp")
        if self._lacks(path):
            await self._offload(make_thumbnail, self._film(job), path)
        return await self._read(path)

    async def close(self) -> None:
        """Give up what is being made, and return when no thread of ours works any more."""
        self._closing.set()
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    def clip_path(self, job: Job) -> Path:
        """Return where the job's clip is or will be: the same for the same content."""
        seed = hashlib.sha256(self._seed(job).encode()).hexdigest()[:32]
        return self._clips / f"{seed}-{job.size}-{job.seconds}s.mp4"

    def _seed(self, job: Job) -> str:
        return "tiny" if self._tiny else job.image_sha256 or f"prompt {job.prompt}"

    def _film(self, job: Job) -> Film:
        width, height = map(int, job.size.split("x"))
        pictured = job.image_sha256 is not None and not self._tiny
        return Film(
            picture=self._images / str(job.image_sha256) if pictured else None,
            seed=self._seed(job),
            width=width,
            height=height,
            seconds=int(job.seconds),
            zooms=not self._tiny,
        )

    async def _film_one(self, job: Job, path: Path) -> None:
        async with self._one_at_a_time:
            if self._lacks(path):  # another job of the same content may have come first
                await self._offload(make_clip, self._film(job), path, self._closing.is_set)

    async def _make(self, job: Job, ready: Callable[[], None]) -> None:
        await self.clip(job)
        ready()

    def _lacks(self, path: Path) -> bool:
        return not path.exists()

    async def _read(self, path: Path) -> bytes:
        content: bytes = await self._offload(path.read_bytes)
        return content


def _keep(content: bytes, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{threading.get_ident()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    for folder in (target.parent, target.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
