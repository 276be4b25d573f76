"""A session: what the steps of a run share, from its opening to its stop."""

from __future__ import annotations

import asyncio
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
from batchsora.runner.roster import Roster
from batchsora.runner.slots import Slots
from batchsora.runner.stopping import Stopping
from batchsora.runner.troubles import Troubles
from batchsora.service.client import Upload, VideoService
from batchsora.settings import Rate, Settings

ON_THE_WIRE = 4  # submissions at once: they are short, and after a crash so many are in doubt
# far above what learned looks and a few downloads at once need: these gates are there to be
# paused and slowed by a 429, and to keep a swarm of short jobs from becoming a flood
POLLS = Rate(50, 1.0)
DOWNLOADS = Rate(20, 1.0)
RETRIES = Backoff(first_s=1.0, ceiling_s=60.0)


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
    is_ordering: bool = True  # there are jobs that were not ordered yet
    roster: Roster = field(default_factory=Roster)
    _alike: Alike = field(default_factory=Alike)

    def record(self, job: Job, event: Event, **known: Any) -> Job:
        """Record what happened to a job, on disk, and tell of it."""
        happening = Happening(event, self.now(), **known)
        after = self.ledger.record(job, happening)
        self.scope.moved(job, after)
        if after.state is State.FAILED:
            self.troubles.failed()
        self.roster.moved(job, after, has_list=self.has_list)
        self.stopping.bell.ring()
        self.tell(Told(happening.at, event.value, after, fault=happening.fault))
        return after

    @property
    def has_left(self) -> bool:
        """Tell whether all is ordered, and the rest is for another session."""
        return self.work is Work.ORDER and not self.is_ordering

    def let_go(self, job: Job) -> None:
        """Leave a job as it is: whatever it held up goes on without it."""
        self.roster.let_go(job)
        self.stopping.bell.ring()

    def say(self, what: str, message: str) -> None:
        """Tell of something that happened to the run as a whole."""
        self.tell(Told(self.now(), what, message=message))

    def is_sent(self, job: Job) -> bool:
        """Tell whether a job that looks like this one in a list is being submitted."""
        return self._alike.is_under_way(job)

    def turn(self, job: Job) -> AbstractAsyncContextManager[None]:
        """Let jobs of different pictures that a list can't tell apart be submitted in turn."""
        return self._alike.turn(job) if self.has_list else nullcontext()

    def wake(self) -> None:
        """See first of all, after this machine has slept, what has become of what was bought."""
        self.roster.wake()
        self.stopping.rouse()

    def seen(self, job: Job) -> None:
        """Note that a job was looked at since this machine slept."""
        if job.key in self.roster.unseen:
            self.roster.unseen.discard(job.key)
            self.stopping.bell.ring()

    def waited_too_long(self, tries: Tries) -> bool:
        """Tell whether this session has waited long enough for one job."""
        waited_s = asyncio.get_running_loop().time() - tries.began_s
        return waited_s > self.settings.job_timeout_s
