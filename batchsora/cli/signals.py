"""Signals: the first one drains what goes on, the second one ends it at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from batchsora.cli.printing import err
from batchsora.clock import system_now
from batchsora.errors import Stop, StopReason
from batchsora.runner.progress import Tell, Told
from batchsora.runner.stopping import Stopping

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def listen(stopping: Stopping, tell: Tell, leave: Callable[[], None]) -> None:
    """Let the first signal drain the run, and the second one end it at once.

    `leave` gives the terminal back before that.
    """

    def asked(number: signal.Signals) -> None:
        if any(it.reason is StopReason.INTERRUPTED for it in stopping.stops):
            leave()
            err("left at once: what was on the wire is in doubt; the same command goes on")
            os._exit(130)  # as after a power cut, which the ledger is made for
        stopping.ask(Stop(StopReason.INTERRUPTED, f"interrupted ({number.name})"))
        message = "stopping: nothing more is bought; requests on the wire come back first"
        message += ", within two minutes (again: leaves at once, and they are in doubt)"
        tell(Told(system_now(), "stopping", message=message))

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has said that it is not meant
            loop.add_signal_handler(number, asked, number)
