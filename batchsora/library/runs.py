"""`run`, for programs, and its synchronous twin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from typing import Unpack

from batchsora.library.errands import Errand
from batchsora.library.keywords import RunOptions, Target, known
from batchsora.library.results import Result


async def run(manifest: Target, **options: Unpack[RunOptions]) -> Result:
    """Buy the clips of a manifest, wait, download, report. Run again, it resumes.

    The keywords are the options of `batchsora run`, and mean the same; two are more: `key`, and
    `on_event`, which is called in this loop with each event. Where new purchases come to more than
    10 US dollars (`confirm_above`), `max_cost` or `yes` has to be given: else UnagreedError.

    Cancelled, it buys nothing more, lets requests on the wire come back, writes the reports, and
    raises CancelledError then. What `on_event` raises ends it in the same way.

    Raises UsageError, ManifestRefusedError, LedgerError and OSError before anything is sent; once
    anything may be bought, why it ended is in the result.
    """
    errand = Errand(manifest, known(options, RunOptions))
    loop, context, ended = asyncio.get_running_loop(), copy_context(), asyncio.Event()

    def post(action: Callable[[], object]) -> None:
        try:
            loop.call_soon_threadsafe(action, context=context)
        except RuntimeError:  # this loop is closed: nobody waits for the run any more
            errand.stop("the loop that waited was closed")

    future = errand.begin(post)
    future.add_done_callback(lambda _: post(ended.set))
    try:
        await ended.wait()
    except asyncio.CancelledError:
        errand.stop("cancelled")
        await ended.wait()  # cancelled again, it is left alone; it comes to its end all the same
        raise
    return errand.result(future)


def run_sync(manifest: Target, **options: Unpack[RunOptions]) -> Result:
    """Do what `run` does, and wait for it; `on_event` is called in this thread.

    Also where an event loop is running in it, as in a notebook; that loop waits, too. Ctrl-C ends
    it as `run` is ended when it is cancelled, and raises KeyboardInterrupt then.
    """
    errand = Errand(manifest, known(options, RunOptions))
    actions: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
    future = errand.begin(actions.put)
    future.add_done_callback(lambda _: actions.put(None))
    interrupted: KeyboardInterrupt | None = None
    while not (future.done() and actions.empty()):
        try:
            if (action := actions.get()) is not None:
                action()
        except KeyboardInterrupt as again:
            if interrupted is not None:  # left alone, it comes to its end all the same
                raise
            interrupted = again
            errand.stop("interrupted")
    if interrupted is not None:
        raise interrupted
    return errand.result(future)
