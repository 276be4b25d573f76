"""Commands as forks of a process that has imported everything: most of a short run is imports.

The fork runs the shipped program unchanged, with its own environment, folder and output.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from batchsora.cli import main

from .outside import BETWEEN_LOOKS_S, PATIENCE_S, environment_of

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["batchsora.cli.run", "batchsora.cli.resolve", "batchsora.cli.exits", __name__]
)
_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)  # prctl(2): where only a parent may trace


def run_warm(words: Sequence[str], *, home: Path, said: Path, tracer: Sequence[str] = ()) -> int:
    """Run a command of the shipped package to its end; returns its exit code.

    A tracer, if there is one, has attached itself before the program begins.
    """
    fork = _FORKS.Process(target=_be_batchsora, args=(tuple(words), home, said, bool(tracer)))
    fork.start()
    try:
        with _traced(fork, tracer):
            fork.join(PATIENCE_S)
        if fork.exitcode is None:
            raise TimeoutError(f"stuck: batchsora {' '.join(words)}")
        return fork.exitcode
    finally:
        fork.kill()
        fork.join()


def _be_batchsora(words: tuple[str, ...], home: Path, said: Path, waits: bool) -> None:  # noqa: FBT001 - pickled
    environment = environment_of(home)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    for stream, path in ((1, Path(os.devnull)), (2, said)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), stream)
    sys.argv = ["batchsora", *words]
    if waits:
        ctypes.CDLL(None).prctl(_SET_PTRACER, _ANY, 0, 0, 0)
        signal.raise_signal(signal.SIGSTOP)
    main()


@contextmanager
def _traced(fork: BaseProcess, tracer: Sequence[str]) -> Iterator[None]:
    """Let a tracer attach itself to a fork that waits for it, and see the tracer end after it."""
    if not tracer:
        yield
        return
    assert fork.pid is not None
    _wait_until(fork.pid, "State", "T")
    with subprocess.Popen([*tracer, "-p", str(fork.pid)], stderr=subprocess.PIPE) as tracing:
        try:
            _wait_until(fork.pid, "TracerPid", str(tracing.pid))
            os.kill(fork.pid, signal.SIGCONT)
            yield
        finally:
            fork.kill()
            tracing.communicate(timeout=PATIENCE_S)


def _wait_until(pid: int, field: str, value: str) -> None:
    """Wait until the kernel says this of a process."""
    status = Path("/proc", str(pid), "status")
    until = time.monotonic() + PATIENCE_S
    while not any(
        line.split()[:2] == [f"{field}:", value] for line in status.read_text().splitlines()
    ):
        if time.monotonic() > until:
            raise TimeoutError(f"{field} of {pid} does not become {value}: {status.read_text()}")
        time.sleep(BETWEEN_LOOKS_S)
