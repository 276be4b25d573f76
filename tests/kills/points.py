"""Every system call of a small run by which something gets out of it, and a kill at each of them.

strace sets the kills, from outside; the call itself is not carried out.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

from .boundaries import JOBS, ONE_AT_A_TIME
from .campaign import Campaign
from .outside import SHIPPED, Record, read_record
from .promises import DONE, Broken, TooManyDoubts, check_in_place, check_purchases, settle
from .traced import killing_at, tracing

KINDS = {
    "sync": ("fsync", "fdatasync"),
    "write to the ledger": ("pwrite64",),
    "rename": ("rename", "renameat", "renameat2"),
    "unlink": ("unlink", "unlinkat"),
    "send": ("sendto", "sendmsg"),
    "receive": ("recvfrom", "recvmsg"),
}
ON_SOCKETS = KINDS["send"] + KINDS["receive"]
_KIND_OF = {call: kind for kind, calls in KINDS.items() for call in calls}

# 1234  fsync(5</a/ledger.db>) = 0, and 1234  rename("/a/b.part", "/a/b") = 0
_CALL = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)")
_FILE = re.compile(r'\d+<(?P<open>[^>]*)>|"(?P<named>[^"]*)"')


@dataclass(frozen=True, slots=True)
class Point:
    """A system call, as strace can be told of it: the nth of its name."""

    call: str
    nth: int
    path: str = ""  # only on this, within the run folder
    alone: bool = False  # only in the main thread

    @property
    def kind(self) -> str:
        """What it does."""
        return _KIND_OF[self.call]


def find_points(home: Path, url: str) -> list[Point]:
    """Watch a run that nothing happens to, and say at which calls one can be killed."""
    for folder in (home, home / "first"):
        folder.mkdir()
    _campaign(home / "first", url).run()  # the service has its clips ready from now on
    campaign = _campaign(home, url)
    trace = home / "trace"
    assert campaign.run_traced(tracing(_KIND_OF, trace)) == DONE, campaign.said()
    return list(dict.fromkeys(_points(trace, campaign.folder)))


def _points(trace: Path, folder: Path) -> Iterator[Point]:
    """Go through the calls. strace counts them by name and thread, so they must differ in this.

    The main thread makes nearly all of them. Where another thread was at the same number before,
    only the main thread is looked at; a call of another thread is told by its file.
    """
    main = ""
    made, made_on = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
    elsewhere = Counter[str]()  # the most that one of the other threads has made by then
    for thread, call, rest in _calls(trace):
        main = main or thread
        made[thread, call] += 1
        nth = made[thread, call]
        if thread == main:
            yield Point(call, nth, alone=nth <= elsewhere[call])
            continue
        elsewhere[call] = max(elsewhere[call], nth)
        if call not in ON_SOCKETS:  # there it wakes the main thread, and nothing gets out
            path = _file(rest)
            made_on[thread, call, path] += 1
            within = str(Path(path).relative_to(folder))
            yield Point(call, made_on[thread, call, path], path=within)


def _calls(trace: Path) -> Iterator[tuple[str, str, str]]:
    for line in trace.read_text("utf-8", errors="replace").splitlines():
        if found := _CALL.match(line):
            yield found["thread"], found["call"], found["rest"]


def _file(arguments: str) -> str:
    """Return the file that a call is on; of two the first, which is what strace looks at."""
    found = _FILE.match(arguments)
    assert found, arguments
    return str(found["open"] or found["named"])


def some_of(points: Sequence[Point], count: int, seed: int) -> list[Point]:
    """Choose by chance, of each kind in turn: nearly all calls are writes."""
    chance = random.Random(seed)
    of_a_kind = [[it for it in points if it.kind == kind] for kind in KINDS]
    for found in of_a_kind:
        chance.shuffle(found)
    in_turn = (it for each in zip_longest(*of_a_kind) for it in each if it is not None)
    return list(islice(in_turn, count))


def check_point(home: Path, url: str, point: Point) -> bool:
    """Kill a run at a point, look at what is left, and see it through.

    The service at `url` may be that of points before. Returns whether the point was met.
    """
    home.mkdir()
    earlier = read_record(url)

    def record() -> Record:
        return read_record(url).since(earlier)

    campaign = _campaign(home, url)
    paths = [campaign.folder / point.path] if point.path else []
    trap = killing_at(point.call, home / "trace", *paths, nth=point.nth, alone=point.alone)
    try:
        met = _is_met(campaign, trap)
        noted = campaign.noted()
        check_purchases(record(), noted)
        check_in_place(campaign)
        if sum(it.open for it in noted) > 1:
            raise TooManyDoubts(f"one request was on the wire, in doubt are {noted}")
        settle(campaign, record)
    except Broken as broken:
        broken.add_note(f"killed at {point}; what is left is in {home}")
        raise
    shutil.rmtree(home)
    return met


def _is_met(campaign: Campaign, trap: Sequence[str]) -> bool:
    code = campaign.run_traced(trap)
    if code not in {-signal.SIGKILL, DONE}:
        raise Broken(f"exit code {code}: {campaign.said()}")
    return code == -signal.SIGKILL


def _campaign(home: Path, url: str) -> Campaign:
    return Campaign(SHIPPED, home, "--base-url", url, *ONE_AT_A_TIME, jobs=JOBS, warm=True)
