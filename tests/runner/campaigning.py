"""A whole campaign in one loop: manifest, ledger, runner, client, HTTP, and the simulated service.

Time is the loop's, so a run of minutes takes seconds; functions that would go into a thread are
called in place, since the clock would jump while a thread works.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event
from batchsora.manifest import open_manifest
from batchsora.runner.campaign import carry_out, open_session
from batchsora.runner.choosing import Choice
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.progress import Tell, Told
from batchsora.runner.session import Session, Work
from batchsora.runner.stopping import Stopping
from batchsora.runner.taking import take_in
from batchsora.service.client import Secret, VideoService, parse_base_url
from batchsora.settings import Settings
from batchsora.simulator import Scenario, serving

BEGAN_AT = 1_900_000_000.0  # epoch seconds at the loop's zero
CREATE = "/v1/videos"
POLL = "/v1/videos/{id}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the service saw it; `at` is the loop's time when it came."""

    at: float
    method: str
    route: str
    status: int


@dataclass(frozen=True, slots=True)
class Render:
    """A video at the service: when it was accepted, ended, and was found finished by the runner."""

    began_at: float
    ended_at: float
    found_at: float


@dataclass(frozen=True, slots=True)
class Ran:
    """What is left of a run: the service's own record, and what the runner found."""

    requests: Sequence[Request]
    renders: Sequence[Render]
    done: int

    @property
    def creates(self) -> list[Request]:
        """Every create request, in the order in which they came."""
        return [it for it in self.requests if (it.method, it.route) == ("POST", CREATE)]

    @property
    def accepted(self) -> list[float]:
        """When creates were accepted."""
        return [it.at for it in self.creates if it.status == 200]

    @property
    def refused(self) -> list[float]:
        """When creates were refused."""
        return [it.at for it in self.creates if it.status == 429]

    @property
    def polls(self) -> list[float]:
        """When a video was looked at."""
        return [it.at for it in self.requests if (it.method, it.route) == ("GET", POLL)]

    @property
    def lost(self) -> float:
        """Which part of the render time slots were held by what had finished."""
        held_s = sum(it.found_at - it.began_at for it in self.renders)
        return held_s / sum(it.ended_at - it.began_at for it in self.renders) - 1


async def in_place(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a slow function here and now."""
    return function(*arguments)


async def campaign(
    folder: Path, story: Scenario, *, jobs: int, seed: int = 1, **settings: Any
) -> Ran:
    """Carry a campaign of so many jobs out against the service of a story."""
    told: list[Told] = []
    async with opened(
        folder, story, _manifest(folder, jobs), told.append, seed=seed, **settings
    ) as run:
        outcome = await carry_out(run, Choice())
    return _read(folder / "simulator" / "simulator.db", outcome.totals.states[State.DONE], told)


@asynccontextmanager
async def opened(
    folder: Path,
    story: Scenario,
    path: Path,
    tell: Tell,
    *,
    seed: int = 1,
    url: str | None = None,
    work: Work = Work.ALL,
    resend_absent: bool = False,
    neighbours: Neighbours = Neighbours(),  # noqa: B008 - a value that nobody can change
    key: str = "sk-any",
    astray_s: Callable[[], float] = lambda: 0.0,
    offload: Callable[..., Awaitable[Any]] = in_place,
    **settings: Any,
) -> AsyncIterator[Session]:
    """Open a session of a manifest against the service of a story, or another one's address.

    `astray_s` tells how far the runner's own clock is ahead of the service's, in seconds.
    """
    loop = asyncio.get_running_loop()

    def clock() -> float:
        return BEGAN_AT + loop.time()

    def now() -> datetime:
        return datetime.fromtimestamp(clock() + astray_s(), UTC)

    manifest = open_manifest(path)
    async with AsyncExitStack() as stack:
        memory, chance = folder / "simulator", Random(seed)
        served = serving(memory, story, clock=clock, chance=chance, offload=in_place)
        at = await stack.enter_async_context(served) if url is None else url
        base = parse_base_url(at, insecure_http=False)
        client = await stack.enter_async_context(VideoService(base, Secret(key), now=now))
        ledger = stack.enter_context(Ledger(folder / "run", rescue_file=folder / "rescue", now=now))
        ledger.claim(manifest.name, "simulator", path.name, manifest.columns)
        take_in(manifest, ledger, Choice())
        yield open_session(
            manifest,
            ledger,
            client,
            Settings(**settings),
            stopping=Stopping(),
            tell=tell,
            work=work,
            resend_absent=resend_absent,
            neighbours=neighbours,
            now=now,
            chance=Random(seed).random,
            offload=offload,
        )


def _manifest(folder: Path, jobs: int) -> Path:
    path = folder / "many.jsonl"
    rows = (json.dumps({"id": f"{it}", "prompt": f"Wave number {it}"}) for it in range(jobs))
    path.write_text("\n".join(rows) + "\n")
    return path


def _read(file: Path, done: int, told: Sequence[Told]) -> Ran:
    found = {
        it.job.video_id: it.at.timestamp() - BEGAN_AT
        for it in told
        if it.job is not None and it.what == Event.RENDER_COMPLETED
    }
    record = sqlite3.connect(file)
    try:
        requests = record.execute(
            "select arrived_at - ?, method, route, status from requests order by number",
            (BEGAN_AT,),
        ).fetchall()
        videos = record.execute(
            "select id, created_at - :zero, ends_at - :zero from jobs order by number",
            {"zero": BEGAN_AT},
        ).fetchall()
    finally:
        record.close()
    renders = [Render(began_at, ended_at, found[it]) for it, began_at, ended_at in videos]
    return Ran([Request(*it) for it in requests], renders, done)
