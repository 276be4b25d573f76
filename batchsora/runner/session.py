"""A session: what the steps of a run share, from its opening to its stop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

from batchsora.backoff import Backoff
from batchsora.clock import Now
from batchsora.job import Job, State
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.totals import Totals
from batchsora.lifecycle import Event, Happening
from batchsora.runner.alike import Alike
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.pacing import Gate, Pause
from batchsora.runner.progress import Tell, Told
from batchsora.runner.render_times import RenderTimes
from batchsora.runner.slots import Slots
from batchsora.runner.stopping import Stopping
from batchsora.runner.troubles import Troubles
from batchsora.service.client import Upload, VideoService
from batchsora.service.verdicts import Kind, Verdict
from batchsora.settings import Rate, Settings

ON_THE_WIRE = 4  # submissions at once: they are short, and after a crash so many are in doubt
# far above what learned looks and a few downloads at once need: these gates are there to be
# paused and slowed by a 429, and to keep a swarm of short jobs from becoming a flood
POLLS = Rate(50, 1.0)
DOWNLOADS = Rate(20, 1.0)
RETRIES = Backoff(first_s=1.0, ceiling_s=60.0)
PAUSES = Backoff(first_s=2.0, ceiling_s=120.0)  # after a 429 that says nothing of how long


class Work(Enum):
    """Which part of its work a session does."""

    ALL = auto()
    COLLECT = auto()  # fetch what was bought, buy nothing
    ORDER = auto()  # buy; what that needs no room for is fetched by a later session


@dataclass(slots=True)
class Tries:
    """What this session remembers of one job while it drives it."""

    began_s: float  # the loop's time when the wait for the service began
    upload: Upload | None = None  # the image as it is sent, until it is
    unsent: int = 0  # requests that never left; one outage counts once
    outage: int = 0  # the last one that it met
    looks: int = 0
    going_at_s: float | None = None  # the job's age when it was last seen unfinished
    failures: int = 0  # of polls or downloads, in a row
    gone: int = 0  # how often the service said that it has no such video
    next_look_s: float | None = None
    url: str | None = None  # where else the clip may lie
    gave_up: bool = False  # this session leaves the job as it is


class Gates:
    """A gate for each kind of request; one pause for all."""

    def __init__(self, settings: Settings) -> None:
        self.pause = Pause()
        self.submit = Gate(settings.rate, settings.burst, self.pause)
        self.poll = Gate(POLLS, 20, self.pause)
        self.download = Gate(DOWNLOADS, 20, self.pause)


@dataclass(slots=True)
class Session:
    """What the steps of a run share."""

    ledger: Ledger
    service: VideoService
    settings: Settings
    folder: Path
    manifest_folder: Path
    now: Now
    chance: Callable[[], float]
    offload: Callable[[Callable[[], Any]], Awaitable[Any]]
    tell: Tell
    times: RenderTimes
    stopping: Stopping
    gates: Gates
    slots: Slots
    troubles: Troubles
    neighbours: Neighbours
    preparing: asyncio.Lock  # one image at a time: in order, and a decoded one takes 50 MB
    wire: asyncio.Semaphore
    downloads: asyncio.Semaphore
    totals: Totals  # of all that the ledger reports
    scope: Totals  # of the jobs that this session drives: those chosen, and those under way
    work: Work = Work.ALL
    resend_absent: bool = False  # send again what a list that can be believed does not show
    save_inputs: bool = False  # keep images as they are sent
    has_list: bool = True
    looked_for: set[str] = field(default_factory=set)  # keys in doubt that may still be found
    is_ordering: bool = True  # there are jobs that were not ordered yet
    driven: set[str] = field(default_factory=set)  # keys of all that somebody drives
    waiting: dict[str, int] = field(default_factory=dict)  # to be ordered, numbered as rows stand
    put_off: set[str] = field(default_factory=set)  # those of them that are to be sent again
    sent: set[str] = field(default_factory=set)  # those of them that are on the wire
    fetching: int = 0  # finished clips that are not here yet
    unseen: set[str] = field(default_factory=set)  # bought, and not looked at since a sleep
    _watched: set[str] = field(default_factory=set)  # keys of what is at the service, or was made
    _pauses: Counter[Gate] = field(default_factory=Counter)  # in a row
    _alike: Alike = field(default_factory=Alike)

    def record(self, job: Job, event: Event, **known: Any) -> Job:
        """Record what happened to a job, on disk, and tell of it."""
        happening = Happening(event, self.now(), **known)
        after = self.ledger.record(job, happening)
        self.scope.moved(job, after)
        if after.state is State.FAILED:
            self.troubles.failed()
        self._keep_order(job, after)
        self.take_note(after)
        self.fetching += (after.state is State.RENDERED) - (job.state is State.RENDERED)
        self.stopping.bell.ring()
        self.tell(Told(happening.at, event.value, after, fault=happening.fault))
        return after

    @property
    def has_left(self) -> bool:
        """Tell whether all is ordered, and the rest is for another session."""
        return self.work is Work.ORDER and not self.is_ordering

    def number(self, job: Job) -> int:
        """Tell where a job that is to be ordered stands among all; what was in doubt goes first."""
        return self.waiting.get(job.key, 0)

    def _keep_order(self, job: Job, after: Job) -> None:
        _keep(self.sent, job.key, there=after.state is State.SUBMITTING)
        if job.state is State.SUBMITTING and after.state is State.PENDING:
            self.put_off.add(job.key)
        elif after.state is State.PENDING:
            self.waiting.setdefault(job.key, 0)  # a doubt that was cleared
        elif after.state is not State.SUBMITTING:
            self.waiting.pop(job.key, None)
            self.put_off.discard(job.key)

    def take_note(self, job: Job) -> None:
        """Remember which doubts the service's list may still settle, and what is watched."""
        looked_for = job.state is State.IN_DOUBT and self.has_list
        _keep(self.looked_for, job.key, there=looked_for)
        _keep(self._watched, job.key, there=job.state in {State.RUNNING, State.RENDERED})
        self.unseen &= self._watched

    def let_go(self, job: Job) -> None:
        """Leave a job as it is: whatever it held up goes on without it."""
        for keys in (self.looked_for, self._watched, self.unseen):
            keys.discard(job.key)
        self.waiting.pop(job.key, None)
        self.put_off.discard(job.key)
        self.driven.discard(job.key)
        self.fetching -= job.state is State.RENDERED
        self.stopping.bell.ring()

    def is_sent(self, job: Job) -> bool:
        """Tell whether a job that looks like this one in a list is being submitted."""
        return self._alike.is_under_way(job)

    def turn(self, job: Job) -> AbstractAsyncContextManager[None]:
        """Let jobs of different pictures that a list can't tell apart be submitted in turn."""
        return self._alike.turn(job) if self.has_list else nullcontext()

    async def heed(self, gate: Gate, verdict: Verdict, generation: int) -> None:
        """Let what the service answered slow everybody down, or let this gate speed up."""
        if verdict.unsent:
            self._unreached(verdict)
            return
        if (outage_s := self.gates.pause.outage_s) > 0:
            message = f"the service is reached again, after {outage_s:.0f} s"
            self.tell(Told(self.now(), "paused", message=message))
        self.gates.pause.reached()
        match verdict.kind:
            case Kind.PAUSE if self._is_too_full(gate, verdict):
                self._shrink(verdict)
            case Kind.PAUSE:
                # what four requests on the wire are told at once is one pause
                self._pauses[gate] += generation == gate.generation
                wait_s = verdict.wait_s
                if wait_s is None:
                    wait_s = PAUSES.wait_s(self._pauses[gate], self.chance())
                self._pause(wait_s, verdict)
                await gate.pushed_back(generation, named=verdict.wait_s is not None)
            case Kind.STOP if verdict.stop is not None:
                self.stopping.ask(verdict.stop)
            case Kind.OK:
                del self._pauses[gate]
                await gate.let_in()
            case _:
                pass

    def _is_too_full(self, gate: Gate, verdict: Verdict) -> bool:
        """Tell whether one of our own jobs has to end before another one is taken."""
        return verdict.concurrency and gate is self.gates.submit and self.totals.at_service > 0

    def _shrink(self, verdict: Verdict) -> None:
        """Keep fewer jobs at the service: one of those that run has to end, time alone is no help.

        What there is nothing left to wait for is paused for, as any other refusal.
        """
        before = self.slots.limit
        self.slots.refused(self.totals.at_service, verdict.wait_s or 0.0)
        if self.slots.limit < before:
            jobs = "1 job" if self.slots.limit == 1 else f"{self.slots.limit} jobs"
            message = f"{jobs} at once from now on: {_why(verdict)}"
            self.tell(Told(self.now(), "paused", message=message))

    def _pause(self, wait_s: float, verdict: Verdict) -> None:
        longer = wait_s > self.gates.pause.left_s
        self.gates.pause.push(wait_s)
        if longer:
            message = f"everybody waits {wait_s:.0f} s, as the service asks: {_why(verdict)}"
            self.tell(Told(self.now(), "paused", message=message))

    def _unreached(self, verdict: Verdict) -> None:
        pause = self.gates.pause
        if pause.missed(self.chance()) and verdict.fault is not None:
            wait = f"trying again in {pause.left_s:.0f} s"
            message = f"the service can't be reached, {wait}: {verdict.fault.message}"
            self.tell(Told(self.now(), "paused", message=message))
            self.troubles.unreachable(verdict.fault, pause.outage_s)

    def wake(self) -> None:
        """See first of all, after this machine has slept, what has become of what was bought."""
        self.unseen |= self._watched
        self.stopping.rouse()

    def seen(self, job: Job) -> None:
        """Note that a job was looked at since this machine slept."""
        if job.key in self.unseen:
            self.unseen.discard(job.key)
            self.stopping.bell.ring()

    def waited_too_long(self, tries: Tries) -> bool:
        """Tell whether this session has waited long enough for one job."""
        waited_s = asyncio.get_running_loop().time() - tries.began_s
        return waited_s > self.settings.job_timeout_s


def _why(verdict: Verdict) -> str:
    return verdict.fault.message if verdict.fault else "too many requests"


def _keep(keys: set[str], key: str, *, there: bool) -> None:
    if there:
        keys.add(key)
    else:
        keys.discard(key)
