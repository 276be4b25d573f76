"""How a run is shown while it goes on: plain lines, JSON Lines, or not at all."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from batchsora.cli.live import Live
from batchsora.cli.news import News, again_and_again
from batchsora.cli.picture import heartbeat
from batchsora.cli.printing import err, err_exactly, is_terminal
from batchsora.cli.words import clock_text
from batchsora.ledger.totals import Totals
from batchsora.library.logs import event_of
from batchsora.reports.columns import usd_text
from batchsora.runner.progress import Told
from batchsora.runner.session import Session

HEARTBEAT_S = 60.0  # CI systems end what says nothing for some minutes


class View(Protocol):
    """Shows what a run tells."""

    is_for_people: bool  # whether messages may stand among what it shows

    def tell(self, told: Told) -> None:
        """Show that something happened."""

    def watch(self, run: Session) -> AbstractAsyncContextManager[None]:
        """Show how the run stands, while it goes on."""

    def leave(self) -> None:
        """Give the terminal back: the program is about to end at once."""


def open_view(progress: str, *, verbose: bool, quiet: bool) -> View:
    """Choose a view: ``auto`` is live at a terminal, and plain lines elsewhere."""
    if quiet or progress == "none":
        return Silent()
    if progress == "json":
        return JsonLines()
    if progress == "auto" and is_terminal(sys.stderr):
        return Live(verbose=verbose)
    return Plain(verbose=verbose)


@asynccontextmanager
async def _unwatched() -> AsyncIterator[None]:
    yield


class _Bare:
    """Changes nothing at a terminal."""

    def leave(self) -> None:
        """Have nothing to give back."""


class Silent(_Bare):
    """Shows nothing."""

    is_for_people = True

    def tell(self, _: Told) -> None:
        """Show nothing."""

    def watch(self, _: Session) -> AbstractAsyncContextManager[None]:
        """Show nothing."""
        return _unwatched()


class Plain(_Bare):
    """A line for each thing that a person wants to know of: for logs, pipes and CI.

    A minute without one would look as if nothing lived: then a line says how the run stands.
    """

    is_for_people = True

    def __init__(self, *, verbose: bool) -> None:
        self._news = News(verbose=verbose)

    def tell(self, told: Told) -> None:
        """Print a line."""
        news = self._news.of(told)
        if news is not None:
            err((news,))

    @asynccontextmanager
    async def watch(self, run: Session) -> AsyncIterator[None]:
        """Say every minute how the run stands."""
        observer = self._news.follow(run)

        def beat() -> None:
            err(f"{clock_text(run.now())} {heartbeat(observer.look())}")

        async with again_and_again(beat, HEARTBEAT_S, err, at_once=False):
            yield


class JsonLines(_Bare):
    """An object a line for everything that happens, with the totals at that moment."""

    is_for_people = False

    def __init__(self) -> None:
        self._totals: Totals | None = None

    def tell(self, told: Told) -> None:
        """Print an object."""
        err_exactly(json.dumps(event_of(told) | _totals_of(self._totals), ensure_ascii=False))

    @asynccontextmanager
    async def watch(self, run: Session) -> AsyncIterator[None]:
        """Remember whose totals to tell."""
        self._totals = run.totals
        yield


def _totals_of(totals: Totals | None) -> dict[str, Any]:
    if totals is None:
        return {}
    states = {state.value: jobs for state, jobs in totals.states.items() if jobs}
    money = {
        "spent_usd": totals.spent_usd,
        "reserved_usd": totals.reserved_usd,
        "in_doubt_usd": totals.in_doubt_usd,
        "projected_usd": totals.projected_usd,
    }
    return {"totals": {**states, **{name: usd_text(usd) for name, usd in money.items()}}}
