"""A live view at a terminal: the lines that matter scroll by, below them how the run stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batchsora.cli.words import STATE_WORDS, budget_text, line_of, money_text, span_text
from batchsora.job import State
from batchsora.lifecycle import Event
from batchsora.runner.progress import Told
from batchsora.runner.session import Session

REDRAWN_EVERY_S = 0.25
STYLES = {
    Event.SUBMIT_ACCEPTED: "dim",
    Event.DOWNLOAD_KEPT: "green",
    Event.SUBMIT_LOST: "bold yellow",
    "paused": "yellow",
    "stopping": "yellow",
}
BAD = frozenset(
    {
        Event.SUBMIT_REJECTED,
        Event.GAVE_UP,
        Event.IMAGE_UNREADABLE,
        Event.RENDER_FAILED,
        Event.DOWNLOAD_LOST,
        Event.FILE_LOST,
        "bug",
    }
)
STATE_STYLES = {State.DONE: "green", State.FAILED: "bold red", State.IN_DOUBT: "bold yellow"}
ENOUGH_TO_TELL = 2  # clips, before a time left is worth saying


class Live:
    """Redraws totals in place; events are printed above them."""

    is_for_people = True

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._console = Console(stderr=True, highlight=False)

    def tell(self, told: Told) -> None:
        """Print a line above the totals."""
        line = line_of(told, verbose=self._verbose)
        if line is None:
            return
        style = "red" if told.what in BAD else STYLES.get(told.what, "")
        with suppress(OSError):  # the terminal may be gone; the run is not
            self._console.print(Text(line, style=style), soft_wrap=True)

    @asynccontextmanager
    async def watch(self, run: Session) -> AsyncIterator[None]:
        """Redraw the totals until the run ends."""
        picture = _Picture(run, asyncio.get_running_loop().time())
        live = RichLive(
            get_renderable=picture.draw, console=self._console, auto_refresh=False, transient=True
        )
        with suppress(OSError):
            live.start()
        redrawing = asyncio.create_task(_redraw(live))
        try:
            yield
        finally:
            redrawing.cancel()
            with suppress(asyncio.CancelledError):
                await redrawing
            with suppress(OSError):
                live.stop()


async def _redraw(live: RichLive) -> None:
    while True:
        with suppress(OSError):
            live.refresh()
        await asyncio.sleep(REDRAWN_EVERY_S)


class _Picture:
    """How a run stands, in two or three short lines."""

    def __init__(self, run: Session, began_s: float) -> None:
        self._run = run
        self._began_s = began_s
        self._settled_before = run.scope.settled

    def draw(self) -> RenderableType:
        lines: list[RenderableType] = [self._bar(), self._states()]
        if (pause_s := self._run.gates.pause.left_s) > 0:
            lines.append(Text(f"paused for {span_text(pause_s)} more", style="yellow"))
        if self._run.stopping.asked:
            lines.append(Text("stopping: requests on the wire come back first", style="yellow"))
        return Group(*lines)

    def _bar(self) -> RenderableType:
        scope = self._run.scope
        line = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(1, scope.jobs), completed=scope.settled, width=24)
        told = [f"{scope.settled} of {scope.jobs}", span_text(self._elapsed_s())]
        if (left_s := self._left_s()) is not None:
            told.append(f"about {span_text(left_s)} left")
        line.add_row(bar, Text(" · ".join(told), no_wrap=True, overflow="ellipsis"))
        return line

    def _states(self) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        for state, word in STATE_WORDS:
            if jobs := self._run.scope.states[state]:
                text.append(f"{jobs} {word}", style=STATE_STYLES.get(state, "")).append(" · ")
        totals = self._run.totals
        text.append(money_text(totals))
        limit_usd = self._run.settings.max_cost_usd
        if totals.left_usd or limit_usd is not None:
            text.append(f" · {budget_text(totals, limit_usd)}", style="dim")
        return text

    def _elapsed_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_s

    def _left_s(self) -> float | None:
        scope = self._run.scope
        settled = scope.settled - self._settled_before
        left = scope.to_come(self._run.settings.max_cost_usd)
        if settled < ENOUGH_TO_TELL or not left:
            return None
        return self._elapsed_s() / settled * left
