"""How a run is shown while it goes on: plain lines, JSON Lines, or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from batchsora.cli.printing import err
from batchsora.cli.words import line_of
from batchsora.ledger.totals import Totals
from batchsora.library.logs import event_of
from batchsora.reports.columns import usd_text
from batchsora.runner.progress import Told
from batchsora.runner.session import Session


class View(Protocol):
    """Shows what a run tells."""

    is_for_people: bool  # whether messages may stand among what it shows

    def tell(self, told: Told) -> None:
        """Show that something happened."""

    def watch(self, run: Session) -> AbstractAsyncContextManager[None]:
        """Show how the run stands, while it goes on."""


def open_view(progress: str, *, verbose: bool, quiet: bool) -> View:
    """Choose a view: ``auto`` is live at a terminal, and plain lines elsewhere."""
    if quiet or progress == "none":
        return Silent()
    if progress == "json":
        return JsonLines()
    if progress == "auto" and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from batchsora.cli.live import Live  # noqa: PLC0415 - rich, 45 ms: terminals only

        return Live(verbose=verbose)
    return Plain(verbose=verbose)


@asynccontextmanager
async def _unwatched() -> AsyncIterator[None]:
    yield


class Silent:
    """Shows nothing."""

    is_for_people = True

    def tell(self, _: Told) -> None:
        """Show nothing."""

    def watch(self, _: Session) -> AbstractAsyncContextManager[None]:
        """Show nothing."""
        return _unwatched()


class Plain:
    """A line for each thing that a person wants to know of: for logs, pipes and CI."""

    is_for_people = True

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose

    def tell(self, told: Told) -> None:
        """Print a line."""
        line = line_of(told, verbose=self._verbose)
        if line is not None:
            err(line)

    def watch(self, _: Session) -> AbstractAsyncContextManager[None]:
        """Show nothing but the lines."""
        return _unwatched()


class JsonLines:
    """An object a line for everything that happens, with the totals at that moment."""

    is_for_people = False

    def __init__(self) -> None:
        self._totals: Totals | None = None

    def tell(self, told: Told) -> None:
        """Print an object."""
        err(json.dumps(event_of(told) | _totals_of(self._totals), ensure_ascii=False))

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
