"""A campaign and its service on virtual time; its runner can be killed at any await."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from kills.campaign import Noted, noted_in
from kills.outside import Record
from runner.campaigning import BEGAN_AT, in_place, opened

from batchsora.ledger.ledger import Ledger
from batchsora.library.exits import code_of
from batchsora.lifecycle import Event, Happening
from batchsora.runner.campaign import carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.progress import Told
from batchsora.simulator import serving
from batchsora.simulator.state import SimulatorState

from .mortal import Life, Loop
from .plot import SCENES, Plot, write_scenes


async def in_turn(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a slow function here; others have a turn before it and after, as with a thread."""
    await asyncio.sleep(0)
    found = function(*arguments)
    await asyncio.sleep(0)
    return found


class Simulated:
    """A campaign, in the shape in which the promises are looked at from outside.

    Each life has a folder of its own: what a crash left is copied at that instant, and the next
    life goes on from the copy. So nothing of the dead one, not even a lock, can be in its way.
    """

    def __init__(self, home: Path, plot: Plot) -> None:
        self.deaths = 0
        self._home = home
        self.plot = plot
        self._manifest = write_scenes(home)
        self._names = {it.id: self._name(it.prompt, self._picture(it.id)) for it in SCENES}
        self._told: list[Told] = []
        self._lives: list[Life] = []
        self._runner = asyncio.Runner(loop_factory=Loop)
        self._service = AsyncExitStack()

    def __enter__(self) -> Self:
        loop = self._runner.get_loop()
        served = serving(
            self._home / "service",
            self.plot.scenario,
            clock=lambda: BEGAN_AT + loop.time(),
            chance=Random(1),
            offload=in_place,
        )
        self._url = self._runner.run(self._service.enter_async_context(served))
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        for life in self._lives:
            self._runner.run(life.bury())
        self._runner.run(self._service.aclose())
        self._runner.close()

    @property
    def folder(self) -> Path:
        """The run folder of the present life."""
        return self._world / "run"

    @property
    def prompts(self) -> Sequence[str]:
        """What was ordered, told apart by what the service and the ledger both know of it."""
        return tuple(self._names.values())

    def noted(self) -> tuple[Noted, ...]:
        """Read the ledger's file."""
        return tuple(replace(it, prompt=self._names[it.id]) for it in noted_in(self.folder))

    def record(self) -> Record:
        """Read the service's own record."""
        state = SimulatorState(self._home / "service")
        try:
            told = state.record()
        finally:
            state.close()
        made = ((self._name(it["prompt"], it["image_sha256"]), it["id"]) for it in told["creates"])
        posts = sum(told["requests"].get("POST /v1/videos", {}).values())
        return Record(tuple(made), posts)

    def run(self) -> int:
        """Run until the runner leaves; returns its exit code."""
        return self._runner.run(self._session())

    def run_until(self, await_: int | None) -> Life:
        """Kill the runner at its nth await, if it gets that far."""
        life = Life(await_, self._leave_the_world)
        self._lives.append(life)
        self._runner.run(life.live(self._session()))
        self.deaths += life.over
        return life

    def resolve(self, jobs: Sequence[str], *how: str) -> None:
        """Say what became of jobs in doubt, as a person would."""
        with Ledger(self.folder, rescue_file=self._world / "rescue") as ledger:
            for known in ledger.records.named(jobs):
                ledger.record(known.job, _settled(ledger, *how))

    def said(self) -> str:
        """Return what the runners told last."""
        return "\n".join(f"{it.what} {it.message}" for it in self._told[-8:])

    async def _session(self) -> int:
        self._world.mkdir(exist_ok=True)
        async with opened(
            self._world,
            self.plot.scenario,
            self._manifest,
            self._told.append,
            url=self._url,
            offload=in_turn,
            **self.plot.settings,
        ) as run:
            outcome = await carry_out(run, Choice())
            return code_of(outcome, run.stopping.stops)

    @property
    def _world(self) -> Path:
        return self._home / f"world-{self.deaths}"

    def _leave_the_world(self) -> None:
        """Keep the files as they are now, for the next life."""
        if self._world.exists():
            shutil.copytree(self._world, self._home / f"world-{self.deaths + 1}")

    def _picture(self, name: str) -> str | None:
        file = self._home / f"{name}.png"
        return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None

    @staticmethod
    def _name(prompt: str, picture: str | None) -> str:
        return f"{prompt}, {picture and picture[:8]}"


def _settled(ledger: Ledger, how: str, video: str = "") -> Happening:
    if how == "--not-made":
        return Happening(Event.DOUBT_CLEARED, ledger.now())
    return Happening(Event.DOUBT_ADOPTED, ledger.now(), video_id=video)
