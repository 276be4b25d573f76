"""Which events of a run are worth a line, and how that looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from batchsora.cli.observer import Observer
from batchsora.cli.picture import heartbeat
from batchsora.cli.printing import Span
from batchsora.cli.words import NAME_WIDTH, clock_text, line_of
from batchsora.lifecycle import Event
from batchsora.runner.progress import Told
from batchsora.runner.session import Session

MANY = 200  # jobs: from here on, lines of what went well would drown the others
TOLD_AFTER = 0.1  # of all jobs: then a line says how far it is
EVERYDAY = frozenset({Event.SUBMIT_ACCEPTED, Event.DOWNLOAD_KEPT})
STYLES = {
    Event.SUBMIT_ACCEPTED: "faint",
    Event.DOWNLOAD_KEPT: "good",
    Event.SUBMIT_LOST: "doubt",
    "paused": "wait",
    "stopping": "wait",
    **dict.fromkeys(
        (
            Event.SUBMIT_REJECTED,
            Event.GAVE_UP,
            Event.IMAGE_UNREADABLE,
            Event.RENDER_FAILED,
            Event.DOWNLOAD_LOST,
            Event.FILE_LOST,
            "bug",
        ),
        "bad",
    ),
}


@asynccontextmanager
async def again_and_again(
    show: Callable[[], None], every_s: float, complain: Callable[[str], None], *, at_once: bool
) -> AsyncIterator[None]:
    """Show something every so many seconds while the block runs.

    What can't be shown costs no clip: whatever goes wrong there, the run goes on without it.
    """

    async def go_on() -> None:
        if not at_once:
            await asyncio.sleep(every_s)
        while True:
            show()
            await asyncio.sleep(every_s)

    showing = asyncio.create_task(go_on())
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.wait({showing})
        if not showing.cancelled() and (error := showing.exception()) is not None:
            complain(f"how the run stands could not be shown: {type(error).__name__}: {error}")


class News:
    """Picks what a person is told; of very many jobs, only what did not go well."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._run: Session | None = None
        self._observer: Observer | None = None
        self._told_at = 0  # jobs done

    def follow(self, run: Session) -> Observer:
        """Follow a run from here on."""
        self._run, self._observer = run, Observer(run)
        self._told_at = run.scope.settled
        return self._observer

    def of(self, told: Told, name_width: int = NAME_WIDTH) -> Span | None:
        """Say what happened in a line; None where it is not worth one."""
        if self._observer is not None:
            self._observer.told(told)
        if self._is_everyday(told):
            return self._milestone(told)
        line = line_of(told, verbose=self._verbose, name_width=name_width)
        return None if line is None else Span(line, STYLES.get(told.what, ""))

    def _is_everyday(self, told: Told) -> bool:
        is_large = self._run is not None and self._run.scope.jobs > MANY
        return is_large and not self._verbose and told.what in EVERYDAY

    def _milestone(self, told: Told) -> Span | None:
        run, observer = self._run, self._observer
        if run is None or observer is None:
            return None
        if run.scope.settled - self._told_at < run.scope.jobs * TOLD_AFTER:
            return None
        self._told_at = run.scope.settled
        return Span(f"{clock_text(told.at)} {heartbeat(observer.look())}", "good")
