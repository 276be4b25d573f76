"""What the kernel saw of a runner: strace, from outside, with nothing built into the product."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_STRACE = ("strace", "-qq")
RENAMES = "rename,renameat,renameat2"
SYNCS = {"fsync", "fdatasync"}
WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg"}

# 1234  fdatasync(5</a/ledger.db>) = 0, or with <unfinished ...> where another thread comes between
_CALL = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\(\d+<(?P<file>.*?)>[,)]? *(?P<rest>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. \w+ resumed>")


@cache
def why_not() -> str:
    """Say why strace can't be used here; nothing where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed: apt-get install strace"
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False)
    return "not shown: strace may not trace processes here" if tried.returncode else ""


def killing_at(
    calls: str, trace: Path, *paths: Path, nth: int = 1, alone: bool = False
) -> list[str]:
    """Return the command under which the nth of these calls, on these paths, is the last.

    The call itself is not carried out. Without paths it is the nth on any file; of several calls
    each is counted by itself, and in each thread by itself; `alone` looks at the first one only.
    """
    only = [word for path in paths for word in ("-P", str(path))]
    inject = f"inject={calls}:signal=KILL:when={nth}"
    threads = () if alone else ("-f",)
    return [*_STRACE, *threads, "-o", str(trace), *only, "-e", f"trace={calls}", "-e", inject]


def tracing(calls: Iterable[str], trace: Path) -> list[str]:
    """Return the command under which these calls are written down, with the files they are on."""
    known = ",".join(f"?{call}" for call in calls)  # not every kind of machine has all of them
    return [*_STRACE, "-f", "-y", "-o", str(trace), "-e", f"trace={known}"]


def watching(trace: Path) -> list[str]:
    """Return the command under which every write and sync is written down whole."""
    return [*tracing(sorted(SYNCS | WRITES), trace), "-s", "8192"]


@dataclass(frozen=True, slots=True)
class Did:
    """One system call on one file, in the order in which they took effect."""

    call: str
    file: str
    rest: str  # the other arguments, as strace writes them


def read_trace(trace: Path) -> Iterator[Did]:
    """Read what was written down: a write counts when it begins, a sync when it has ended."""
    unfinished: dict[str, Did] = {}
    for line in trace.read_text("utf-8", errors="replace").splitlines():
        if found := _CALL.match(line):
            did = Did(found["call"], found["file"], found["rest"])
            if did.call in SYNCS and line.endswith("<unfinished ...>"):
                unfinished[found["thread"]] = did
            else:
                yield did
        elif (ended := _RESUMED.match(line)) and ended["thread"] in unfinished:
            yield unfinished.pop(ended["thread"])
