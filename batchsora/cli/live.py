"""A live view at a terminal: the lines that matter scroll by, below them how the run stands."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from batchsora.cli.columns import cut, folded
from batchsora.cli.news import EVERYDAY, News, again_and_again
from batchsora.cli.observer import Observer
from batchsora.cli.picture import picture
from batchsora.cli.printing import Span
from batchsora.cli.region import Region
from batchsora.cli.words import NAME_WIDTH
from batchsora.runner.progress import Told
from batchsora.runner.session import Session

REDRAWN_EVERY_S = 0.25
LINES_EACH = 6  # of an event that is told in full; the log has the rest


class Live:
    """Redraws in place how a run stands; events are printed above."""

    is_for_people = True

    def __init__(self, *, verbose: bool) -> None:
        self._news = News(verbose=verbose)
        self._region = Region(sys.stderr)

    def tell(self, told: Told) -> None:
        """Print what happened above the picture: what went wrong in full, the rest in a line."""
        width = self._region.size.columns
        news = self._news.of(told, name_width=min(NAME_WIDTH, width // 5))
        if news is None:
            return
        lines = [cut(news.text, width)]
        if told.what not in EVERYDAY and lines != [news.text]:
            lines = [*folded(news.text, width)][:LINES_EACH]
        self._region.print_above([(Span(it, news.style),) for it in lines])

    def leave(self) -> None:
        """Give the terminal back."""
        self._region.clear()

    @asynccontextmanager
    async def watch(self, run: Session) -> AsyncIterator[None]:
        """Draw how the run stands until it ends."""
        observer = self._news.follow(run)
        self._mind_suspension(observer)
        try:
            async with again_and_again(
                lambda: self._draw(observer),
                REDRAWN_EVERY_S,
                lambda text: self._region.print_above([text]),
                at_once=True,
            ):
                yield
        finally:
            self._mind_no_more()
            self._region.end()

    def _draw(self, observer: Observer) -> None:
        columns, rows = self._region.size
        self._region.draw(picture(observer.look(), columns, rows))

    def _mind_suspension(self, observer: Observer) -> None:
        """Leave a clean terminal at Ctrl-Z, and draw anew when the run goes on."""
        loop = asyncio.get_running_loop()

        def suspended() -> None:
            self._region.clear()
            # the system's own way to stop: it knows whether there is a shell that could go on
            loop.remove_signal_handler(signal.SIGTSTP)
            signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
            loop.add_signal_handler(signal.SIGTSTP, suspended)

        def continued() -> None:
            self._region.forget()
            self._draw(observer)

        if signal.getsignal(signal.SIGTSTP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGTSTP, suspended)
        loop.add_signal_handler(signal.SIGCONT, continued)

    def _mind_no_more(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTSTP, signal.SIGCONT):
            loop.remove_signal_handler(number)
