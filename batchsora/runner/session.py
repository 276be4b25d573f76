"""A session: what the steps of a run share, from its opening to its stop."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from batchsora.clock import Now
from batchsora.errors import Stop, StopReason
from batchsora.job import Fault, Job
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event, Happening
from batchsora.runner.pacing import Gate, Pause
from batchsora.runner.progress import Tell, Told, Totals
from batchsora.runner.render_times import RenderTimes
from batchsora.runner.stopping import Stopping
from batchsora.service.client import VideoService
from batchsora.service.verdicts import Verdict
from batchsora.settings import Rate, Settings

T = TypeVar("T")
Offload = Callable[[Callable[[], T]], Awaitable[T]]

ON_THE_WIRE = 4  # submissions at once: they are short, and after a crash so many are in doubt
POLLS = Rate(600, 60.0)
DOWNLOADS = Rate(300, 60.0)
SAME_REJECTIONS = 10  # in a row, with no success between: it is not the rows
UNREACHABLE = 10  # requests in a row that never left: it is not the jobs
ROOM_FOR_A_CLIP = 256 * 1024 * 1024  # bytes: no purchase that can't be kept


@dataclass(slots=True)
class Tries:
    """What this session remembers of one job while it drives it."""

    began_s: float  # the loop's time
    unsent: int = 0
    looks: int = 0
    failures: int = 0  # of polls or downloads, in a row
    next_look_s: float | None = None
    url: str | None = None
    gave_up: bool = False  # this session leaves the job as it is


class Gates:
    """A gate for each kind of request; one pause for all."""

    def __init__(self, settings: Settings) -> None:
        self.pause = Pause()
        self.submit = Gate(settings.rate, settings.burst, self.pause)
        self.poll = Gate(POLLS, 5, self.pause)
        self.download = Gate(DOWNLOADS, 5, self.pause)


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
    wire: asyncio.Semaphore
    downloads: asyncio.Semaphore
    totals: Totals = field(default_factory=Totals)
    has_list: bool = True
    pauses: int = 0  # 429s in a row
    lookers: int = 0  # jobs in doubt that are still being looked up
    _unreachable: int = 0
    _last_rejection: str = ""
    _rejections: int = 0
    _alike: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def record(self, job: Job, event: Event, **known: Any) -> Job:
        """Record what happened to a job, on disk, and tell of it."""
        happening = Happening(event, self.now(), **known)
        after = self.ledger.record(job, happening)
        self.totals.moved(job, after)
        self.tell(Told(happening.at, event.value, after))
        return after

    @asynccontextmanager
    async def alike(self, job: Job) -> AsyncIterator[None]:
        """Let jobs that a service's list can't tell apart be submitted one at a time."""
        if not self.has_list:
            yield
            return
        likeness = job.order.likeness()
        lock = self._alike.setdefault(likeness, asyncio.Lock())
        async with lock:
            yield

    def may_submit(self, job: Job) -> bool:
        """Look, right before a request, at all that forbids a new purchase."""
        if self.stopping.no_more_submits:
            return False
        if self.ledger.count_in_doubt() >= self.settings.max_doubts:
            return False
        if self.has_list and self.ledger.is_alike_in_doubt(job):
            return False
        if shutil.disk_usage(self.folder).free < ROOM_FOR_A_CLIP:
            what = f"less than {ROOM_FOR_A_CLIP // 2**20} MiB are free under {self.folder}"
            self.stopping.ask(Stop(StopReason.DISK, what, "free some space, run again"))
            return False
        return True

    def accepted(self) -> None:
        """Forget the failures in a row: the service takes orders."""
        self._unreachable = self._rejections = 0

    def rejected(self, fault: Fault) -> None:
        """Count rejections for one and the same reason; so many in a row stop the run."""
        self._unreachable = 0
        same = fault.code == self._last_rejection
        self._rejections = self._rejections + 1 if same else 1
        self._last_rejection = fault.code
        if self._rejections >= SAME_REJECTIONS:
            what = f"{self._rejections} rows in a row were refused: {fault.message}"
            mend = "mend the manifest, then: batchsora run --retry-failed"
            self.stopping.ask(Stop(StopReason.SAME_REJECTION, what, mend))

    def unreachable(self, fault: Fault) -> None:
        """Count requests in a row that never left; so many stop the run."""
        self._unreachable += 1
        if self._unreachable >= UNREACHABLE:
            what = f"the service can't be reached: {fault.message}"
            self.stopping.ask(
                Stop(StopReason.OUTAGE, what, "see that --base-url is right, and run again later")
            )

    def pause(self, wait_s: float, verdict: Verdict) -> None:
        """Let everybody wait."""
        self.gates.pause.push(wait_s)
        why = verdict.fault.message if verdict.fault else "too many requests"
        self.tell(Told(self.now(), "paused", message=f"pausing {wait_s:.0f} s: {why}"))

    def waited_too_long(self, tries: Tries) -> bool:
        """Tell whether this session has waited long enough for one job."""
        waited_s = asyncio.get_running_loop().time() - tries.began_s
        return waited_s > self.settings.job_timeout_s
