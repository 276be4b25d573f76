"""An errand: a run in a thread and an event loop of its own, for a program that goes on meanwhile.

Of its own, because a create request must neither be cancelled with the program's task nor time out
while the program's loop is busy with something else: that would leave a job in doubt.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from batchsora.clock import system_now
from batchsora.errors import Stop, StopReason
from batchsora.ledger import totals
from batchsora.library.events import Event
from batchsora.library.exits import DONE
from batchsora.library.keywords import Target, read_asked
from batchsora.library.results import Result
from batchsora.library.spending import Spending, UnagreedError
from batchsora.library.totals import Totals
from batchsora.library.undertaking import StoppedEarlyError, is_empty, undertake
from batchsora.runner.progress import Tell, Told
from batchsora.runner.session import Session
from batchsora.runner.stopping import Stopping

Post = Callable[[Callable[[], object]], object]
"""Has something called in the thread that waits for a run, in the order in which it is posted."""


class Errand:
    """A run of a program: begun once, stopped from any thread."""

    def __init__(self, target: Target, options: Mapping[str, Any]) -> None:
        self._target = target
        self._options = options
        self._on_event: Callable[[Event], object] | None = options.get("on_event")
        self._raised: BaseException | None = None
        self._stops = _Stops()

    def begin(self, post: Post) -> Future[Result]:
        """Start it; `on_event` is called by way of `post`."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="batchsora")
        try:
            future = thread.submit(self._carry_out, post)
        finally:
            thread.shutdown(wait=False)
        _GOING_ON[self] = future
        return future

    def stop(self, why: str) -> None:
        """Buy nothing more, let what is on the wire come back, and end."""
        self._stops.ask(Stop(StopReason.INTERRUPTED, why))

    def result(self, ended: Future[Result]) -> Result:
        """Give its result, or raise what went wrong; that of a callback goes first."""
        if self._raised is not None:
            raise self._raised
        return ended.result()

    def _carry_out(self, post: Post) -> Result:
        asked = read_asked(self._target, self._options)
        folder = asked.aim.folder.absolute()
        if is_empty(asked.aim):
            return Result(DONE, (), Totals.of(totals.Totals()), folder)
        host = Program(
            folder,
            self._stops,
            lambda it: post(lambda: self._hear(it)),
            asks=not self._options.get("yes"),
            has_limit="max_cost" in self._options,
        )
        ended = undertake(asked, host)
        return Result(ended.code, tuple(ended.stops), Totals.of(ended.outcome.totals), folder)

    def _hear(self, event: Event) -> None:
        if self._on_event is None or self._raised is not None:
            return
        try:
            self._on_event(event)
        except KeyboardInterrupt:  # Ctrl-C, which may come in anywhere: no word of the callback's
            raise
        except BaseException as error:  # noqa: BLE001 - the caller's own, raised once nothing is lost
            self._raised = error
            self.stop(f"on_event raised {type(error).__name__}")


_GOING_ON: WeakKeyDictionary[Errand, Future[Result]] = WeakKeyDictionary()


def _end_all() -> None:
    for errand, future in list(_GOING_ON.items()):
        errand.stop("the program has ended")
        wait([future])


# At its end the interpreter waits for threads, but lets them begin nothing any more, not even the
# lookup of a name. So a run is stopped, and waited for, before that. There is no public way to
# hear of it in time: `atexit` is called when all threads have ended.
threading._register_atexit(_end_all)  # type: ignore[attr-defined]  # noqa: SLF001


class _Stops:
    """A stop that is asked for in one thread, and heeded in the loop of another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._pass_on: Callable[[Stop], object] | None = None

    def ask(self, stop: Stop) -> None:
        with self._lock:
            self._stop = self._stop or stop
            if self._pass_on is not None:
                with suppress(RuntimeError):  # that loop is closed: there is nothing left to stop
                    self._pass_on(self._stop)

    def heed(self, stopping: Stopping, tell: Tell) -> None:
        """Pass it on to the loop that is running, also what was asked for before it was."""
        loop = asyncio.get_running_loop()

        def stop(why: Stop) -> None:
            if not any(it.reason is why.reason for it in stopping.stops):
                tell(Told(system_now(), "stopping", message=why.what))
            stopping.ask(why)

        with self._lock:
            self._pass_on = lambda why: loop.call_soon_threadsafe(stop, why)
            before = self._stop
        if before is not None:  # without the lock: who is told may ask for a stop
            stop(before)

    @property
    def is_asked(self) -> bool:
        return self._stop is not None


class Program:
    """The host of a run that a program asked for."""

    def __init__(
        self,
        folder: Path,
        stops: _Stops,
        hear: Callable[[Event], object],
        *,
        asks: bool,
        has_limit: bool,
    ) -> None:
        self.asks = asks
        self._has_limit = has_limit  # of the program's own, not of the manifest's
        self._folder = folder
        self._stops = stops
        self._hear = hear
        self._totals: totals.Totals | None = None

    def agree(self, spending: Spending) -> None:
        """Go on where the program has set a limit; else refuse: there is nobody to ask."""
        if self._has_limit and spending.is_honest:
            return
        mend = "give max_cost=… as a limit, or yes=True; confirm_above=… says what needs neither"
        raise UnagreedError(spending, mend)

    def took(self, _: Spending) -> None:
        """Go no further where it was stopped meanwhile."""
        if self._stops.is_asked:
            raise StoppedEarlyError

    def note(self, text: str) -> None:
        """Tell of it."""
        self.tell(Told(system_now(), "note", message=text))

    def listen(self, stopping: Stopping, tell: Tell) -> None:
        """Heed what the program says."""
        self._stops.heed(stopping, tell)

    def tell(self, told: Told) -> None:
        """Tell of it, with the totals at this moment."""
        now = None if self._totals is None else Totals.of(self._totals)
        self._hear(Event.of(told, self._folder, now))

    @asynccontextmanager
    async def watch(self, run: Session) -> AsyncIterator[None]:
        """Remember whose totals to tell."""
        self._totals = run.totals
        yield
