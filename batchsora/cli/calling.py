"""Calling a command of the user's: it may fail or hang, and the program that called it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

from batchsora.cli.signals import SIGNALS

PATIENCE_S = 60.0  # for a message to somebody; what takes longer goes into the background
GRACE_S = 2.0  # between asking a command to end and ending it


class _SignalledError(Exception):
    """A signal came while a command was waited for: nobody wants to wait any more."""


def call(command: str, variables: Mapping[str, str], *, heard: bool) -> str:
    """Let the shell run a command; returns what went wrong, "" for nothing.

    What it prints goes to our stderr, if it is to be heard. It is ended, with all that it started
    in its process group, after `PATIENCE_S`, or when a signal comes.
    """
    try:
        process = subprocess.Popen(  # noqa: S602 - the user's own command, as in a crontab
            command,
            shell=True,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=_stderr(heard=heard),
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is ours: a message is not to be cut off by it
        )
    except (OSError, ValueError) as error:  # the latter for a name that no locale can write
        return f"could not be started: {error}"
    try:
        with _signals_raised():
            code = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"took more than {PATIENCE_S:.0f} s, and was ended"
    except _SignalledError:
        _end(process)
        return "was ended by a signal"
    if code < 0:
        return f"was killed by signal {-code}"
    return f"ended with {code}" if code else ""


def _stderr(*, heard: bool) -> int:
    if not heard or sys.stderr is None:
        return subprocess.DEVNULL
    with suppress(OSError):
        sys.stderr.flush()
    return sys.stderr.fileno()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)


@contextmanager
def _signals_raised() -> Iterator[None]:
    """Let the signals that end a run end the waiting only: the run has its exit code already."""

    def raise_it(_: int, __: FrameType | None) -> None:
        raise _SignalledError

    meant = [it for it in SIGNALS if signal.getsignal(it) is not signal.SIG_IGN]
    before = {number: signal.signal(number, raise_it) for number in meant}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
